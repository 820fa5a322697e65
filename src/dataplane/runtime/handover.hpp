#pragma once

#include "dataplane/base/types.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

struct rte_ring;

namespace tocsin::runtime {

inline constexpr std::uint32_t kHandoverCapacity =
    2048;  ///< mbufs between two workers, a power of two

/// What a worker does with an mbuf that another one gave it; carried in rte_mbuf::hash.usr, whose
/// RSS meaning nobody needs by then. Below kForTransmission: to be looked at as if received on
/// rte_mbuf::port, and the number of workers that found no session for it. Else: to be sent on
/// rte_mbuf::port.
inline constexpr std::uint32_t kForTransmission = 1U << 31U;

/// What lay in the queues of a worker until then it has handed over. On a line of its own, since it
/// is written in every turn.
struct alignas(64) Delivered {
    std::atomic<Instant> until{Instant{}};  // its worker: wo, the others: ro
};

/// One ring of mbuf pointers for each ordered pair of workers, single producer and single consumer.
class Handover {
public:
    /// nullptr when there is no memory.
    [[nodiscard]] static std::unique_ptr<Handover> create(std::uint16_t workers);
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;
    /// Frees what is still in the rings; the workers have stopped.
    ~Handover();

    /// nullptr when both are the same.
    [[nodiscard]] rte_ring* ring(std::uint16_t from, std::uint16_t to) const noexcept {
        return rings_[std::size_t{from} * workers_ + to];
    }
    /// Of the first `readers` workers, which read queues; none when there is one worker only.
    [[nodiscard]] std::vector<Delivered*> delivered(std::uint16_t readers) noexcept {
        std::vector<Delivered*> out;
        for (std::size_t i = 0; i < readers && i < delivered_.size(); ++i) {
            out.push_back(&delivered_[i]);
        }
        return out;
    }

private:
    explicit Handover(std::uint16_t workers)
        : workers_{workers},
          rings_(std::size_t{workers} * workers),
          delivered_(workers > 1 ? workers : 0U) {}

    std::uint16_t workers_;
    std::vector<rte_ring*> rings_;
    std::vector<Delivered> delivered_;
};

}  // namespace tocsin::runtime
