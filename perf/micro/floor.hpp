#pragma once

#include "micro/cycles.hpp"
#include "micro/rig.hpp"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstdint>
#include <vector>

namespace tocsin::perf {

/// The least that sending and receiving one packet costs on this machine: mbufs allocated in bulk,
/// a 128-byte template copied, one random hot line written, a ring in and out, one random hot line
/// read and written on receipt, mbufs freed in bulk. No protocol at all.
class Floor {
public:
    explicit Floor(std::uint32_t sessions);

    /// A few thousand packets.
    void round(Costs& costs);

private:
    static constexpr unsigned kBurst = 32;
    static constexpr std::size_t kPeerOffset = 46;  ///< where a template names the line of receipt

    struct alignas(64) Line {
        std::uint64_t words[8];
    };
    struct alignas(64) Template {
        std::uint8_t octets[128];
    };

    void burst();

    Memory line_memory_;
    Memory template_memory_;
    Line* lines_;
    Template* templates_;
    std::vector<std::uint32_t> order_;
    rte_mempool* pool_;
    rte_ring* ring_;
    std::size_t at_ = 0;
    std::uint64_t packets_ = 0;
    std::array<rte_mbuf*, kBurst> mbufs_{};
    std::array<rte_mbuf*, kBurst> received_{};
    std::array<std::uint32_t, kBurst> index_{};
};

}  // namespace tocsin::perf
