#pragma once

#include "dataplane/base/types.hpp"

#include <rte_cycles.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace tocsin::runtime {

__extension__ using Wide = unsigned __int128;  // 64 x 64 bits

/// TSC and CLOCK_MONOTONIC read as close together as a few tries allow.
struct ClockReading {
    std::uint64_t tsc = 0;
    std::int64_t monotonic_ns = 0;

    [[nodiscard]] static ClockReading take() noexcept {
        ClockReading best;
        std::uint64_t narrowest = std::numeric_limits<std::uint64_t>::max();
        for (int i = 0; i < 32; ++i) {
            timespec ts{};
            const std::uint64_t before = rte_rdtsc_precise();
            clock_gettime(CLOCK_MONOTONIC, &ts);
            const std::uint64_t after = rte_rdtsc_precise();
            if (after - before >= narrowest) continue;
            narrowest = after - before;
            best = {before + narrowest / 2, std::int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec};
        }
        return best;
    }
};

/// TSC cycles as Instant. The rate is measured here and not taken from rte_get_tsc_hz(), which DPDK
/// rounds to 10 MHz: up to 0.2 %, two milliseconds in an interval of a second.
class Clock {
public:
    /// How far apart the two readings should be: each is good to about 50 ns, so that 100 ms give
    /// a rate good to 1 ppm.
    static constexpr std::chrono::milliseconds kShortestCalibration{100};

    /// `second` was taken after `first`. Instants continue CLOCK_MONOTONIC at `second`.
    Clock(const ClockReading& first, const ClockReading& second) noexcept
        : base_tsc_{second.tsc}, base_ns_{second.monotonic_ns} {
        const auto ns = static_cast<Wide>(second.monotonic_ns - first.monotonic_ns);
        ns_per_cycle_ = static_cast<std::uint64_t>((ns << kShift) / (second.tsc - first.tsc));
    }

    [[nodiscard]] Instant now() const noexcept {
        const auto cycles = static_cast<Wide>(rte_rdtsc() - base_tsc_);
        const auto ns = static_cast<std::int64_t>(cycles * ns_per_cycle_ >> kShift);
        return Instant{Nanoseconds{base_ns_ + ns}};
    }

    [[nodiscard]] double cycles_per_second() const noexcept {
        return 1e9 * static_cast<double>(std::uint64_t{1} << kShift) /
               static_cast<double>(ns_per_cycle_);
    }

private:
    static constexpr unsigned kShift = 40;

    std::uint64_t base_tsc_;
    std::int64_t base_ns_;
    std::uint64_t ns_per_cycle_;  ///< fixed point, kShift fractional bits
};

/// Instants as wall-clock time, for people. TSC and wall clock drift apart, and the wall clock
/// steps, so that they are compared again and again; an instant keeps its time of day as long as
/// they agree. Any thread.
class WallClock {
public:
    explicit WallClock(const Clock& clock) noexcept : clock_{clock} { anchor_ = compare(); }

    [[nodiscard]] std::chrono::system_clock::time_point at(Instant t) noexcept {
        const Instant now = clock_.now();
        Instant compared = compared_.load(std::memory_order_relaxed);
        // One of those who find out does it.
        if (now - compared > kInterval &&
            compared_.compare_exchange_strong(compared, now, std::memory_order_relaxed)) {
            const Nanoseconds anchor = compare();
            const Nanoseconds apart = anchor - anchor_.load(std::memory_order_relaxed);
            if (apart > kTolerance || apart < -kTolerance) {
                anchor_.store(anchor, std::memory_order_relaxed);
            }
        }
        return std::chrono::system_clock::time_point{
            std::chrono::duration_cast<std::chrono::system_clock::duration>(
                t.time_since_epoch() + anchor_.load(std::memory_order_relaxed))};
    }

private:
    static constexpr Nanoseconds kInterval = std::chrono::seconds{1};
    static constexpr Nanoseconds kTolerance = std::chrono::microseconds{100};

    /// What to add to an instant. The thread may lose its CPU between the two readings: the closest
    /// of a few counts.
    [[nodiscard]] Nanoseconds compare() const noexcept {
        Nanoseconds best{};
        Nanoseconds narrowest = Nanoseconds::max();
        for (int i = 0; i < 8; ++i) {
            const Instant before = clock_.now();
            const auto wall = std::chrono::system_clock::now().time_since_epoch();
            const Nanoseconds took = clock_.now() - before;
            if (took >= narrowest) continue;
            narrowest = took;
            best = wall - (before + took / 2).time_since_epoch();
        }
        return best;
    }

    const Clock& clock_;
    std::atomic<Instant> compared_{Instant{}};
    std::atomic<Nanoseconds> anchor_{Nanoseconds{}};
};

}  // namespace tocsin::runtime
