#pragma once

#include "dataplane/base/types.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct rte_ring;

namespace tocsin::runtime {

inline constexpr std::uint32_t kHandoverCapacity =
    2048;  ///< mbufs between two workers, a power of two

/// What a worker does with an mbuf that another one gave it; carried in rte_mbuf::hash.usr, whose
/// RSS meaning nobody needs by then. Below kForTransmission: to be looked at as if received on
/// rte_mbuf::port, and the number of workers that found no session for it. Else: to be sent on
/// rte_mbuf::port; with kOthers only as far as there is room to spare; with kReflected, too, it is
/// the answer of a reflector.
inline constexpr std::uint32_t kForTransmission = 1U << 31U;
inline constexpr std::uint32_t kOthers = 1U << 30U;
inline constexpr std::uint32_t kReflected = 1U << 29U;

/// What a worker tells the others. On a line of its own, since it is written in every turn. Its
/// worker: wo, the others: ro.
struct alignas(64) Notice {
    std::atomic<Instant> delivered{
        Instant{}};                    ///< what lay in its queues until then it handed over
    std::atomic<unsigned> leisure{0};  ///< of its engine: what others have for it may wait
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
    /// By worker.
    [[nodiscard]] std::span<Notice> notices() noexcept { return notices_; }

private:
    explicit Handover(std::uint16_t workers)
        : workers_{workers}, rings_(std::size_t{workers} * workers), notices_(workers) {}

    std::uint16_t workers_;
    std::vector<rte_ring*> rings_;
    std::vector<Notice> notices_;
};

}  // namespace tocsin::runtime
