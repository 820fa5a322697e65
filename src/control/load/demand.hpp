#pragma once

#include "control/load/load.hpp"
#include "dataplane/bfd/parameters.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::control::load {

/// Control and Echo packets that configured sessions ask for at most, in millionths of a packet a
/// second. Peers may ask us to be slower, or be slower themselves, and sessions that are not Up
/// send one packet a second; nobody can make a session faster.
struct Demand {
    std::uint64_t rx = 0;
    std::uint64_t tx = 0;

    Demand& operator+=(const Demand& other) noexcept {
        rx += other.rx;
        tx += other.tx;
        return *this;
    }
    /// Not below zero.
    Demand& operator-=(const Demand& other) noexcept {
        rx -= std::min(rx, other.rx);
        tx -= std::min(tx, other.tx);
        return *this;
    }
    friend bool operator==(const Demand&, const Demand&) = default;
};

/// With the mean of the jitter of RFC 5880 6.8.7: intervals are shortened by 12.5 %, by 17.5 % when
/// our own Detect Mult is 1. 75 % of the interval, the shortest, is what single gaps may have, not
/// the sum over many sessions.
[[nodiscard]] Demand demand_of(const bfd::SessionParameters& parameters) noexcept;

/// Packets a second.
[[nodiscard]] double packets(std::uint64_t millionths) noexcept;

/// Time stamp counter cycles that a packet takes.
struct Cost {
    double rx_cycles = 0;
    double tx_cycles = 0;
    bool measured = false;  ///< both, under load; false: assumed
};

/// What is assumed until it was measured. Devices whose packets pass the kernel cost a copy to
/// receive, and a system call and the kernel's way to the next interface to send.
inline constexpr Cost kAssumedCost{.rx_cycles = 100, .tx_cycles = 120};
inline constexpr Cost kAssumedKernelCost{.rx_cycles = 1500, .tx_cycles = 10'000};
/// `driver` is DPDK's name of it, such as net_af_packet.
[[nodiscard]] bool passes_the_kernel(const std::string& driver);

/// Cost as far as it can be known. A packet costs the more the fewer come at once: a figure taken
/// under little load would refuse what the worker can well carry. So it is taken when the worker is
/// busy, and kept until there is another one. What was measured while something else took the time,
/// such as packets that had to be dropped, would stay for good where the sessions alone do not make
/// the worker busy: a lower figure under little load replaces it, down to what was assumed.
class CostEstimate {
public:
    static constexpr double kBusyEnough = 0.25;
    static constexpr std::uint64_t kPacketsEnough = 10'000;
    static constexpr std::uint64_t kPacketsEnoughForLess = 100;

    explicit CostEstimate(const Cost& assumed) noexcept : assumed_{assumed}, cost_{assumed} {}

    void learn(const Load& load) noexcept;
    [[nodiscard]] const Cost& cost() const noexcept { return cost_; }

private:
    Cost assumed_;
    Cost cost_;
    bool rx_measured_ = false;
    bool tx_measured_ = false;
};

/// Cycles a second that `demand` takes.
[[nodiscard]] double cycles(const Demand& demand, const Cost& cost) noexcept;

/// What all workers together can carry.
struct Capacity {
    double cycles_per_second = 0;  ///< of one worker
    std::vector<Cost> costs;       ///< by worker

    /// The part of the workers' time that `demand` takes when it is spread evenly; above 1 it
    /// cannot be carried.
    [[nodiscard]] double share(const Demand& demand) const noexcept;
    /// The mean of the workers; measured when all are.
    [[nodiscard]] Cost cost() const noexcept;
    /// "91 % of 2 workers (2,285,714 + 2,285,714 packets/s received + sent, 148 + 222 cycles each,
    /// measured)".
    [[nodiscard]] std::string describe(const Demand& demand) const;
};

}  // namespace tocsin::control::load
