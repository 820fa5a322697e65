#pragma once

#include "scenario/report.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

struct rte_mbuf;

namespace tocsin::perf {

/// The time between two packets of a session as they come out of a receive queue, for a sample of
/// the sessions: what a peer sees of our jitter. Sits in the driver's receive callback, so that
/// nothing of the worker changes, and costs a few cycles a packet while it does.
class GapProbe {
public:
    /// About 4,096 of `sessions` are looked at, on one queue of one port. `headers`: octets in
    /// front of the Control packet, the same in all packets.
    GapProbe(std::uint16_t port, std::uint16_t queue, std::uint64_t sessions, std::size_t headers);
    GapProbe(const GapProbe&) = delete;
    GapProbe& operator=(const GapProbe&) = delete;

    /// From now on. There is no end: the queue keeps its callback until it is closed.
    [[nodiscard]] bool start();
    void pause() { on_.store(false, std::memory_order_relaxed); }
    /// Adds all gaps in microseconds. After pause(), a moment later.
    void collect(Values& out) const;

private:
    struct Seen {
        std::uint32_t discriminator = 0;
        std::uint64_t tsc = 0;
    };

    static std::uint16_t on_burst(std::uint16_t port, std::uint16_t queue, rte_mbuf* mbufs[],
                                  std::uint16_t n, std::uint16_t most, void* probe);
    void look(const rte_mbuf& mbuf, std::uint64_t now);

    std::uint16_t port_;
    std::uint16_t queue_;
    std::size_t my_discriminator_;  ///< where it is in a packet
    std::uint32_t every_;           ///< one of so many sessions
    std::atomic<bool> on_{false};
    std::vector<Seen> table_;
    std::vector<std::uint32_t> gaps_;  ///< in units of 256 TSC cycles
};

}  // namespace tocsin::perf
