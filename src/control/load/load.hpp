#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/message/worker_stats.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace tocsin::control::load {

using Buckets = std::array<std::uint64_t, DurationHistogram::kBuckets>;

/// What a worker had counted at an instant.
struct Sample {
    Instant at{};
    std::uint64_t turns = 0;
    std::uint64_t rx_packets = 0;  ///< Control packets accepted
    std::uint64_t tx_packets = 0;  ///< Control packets sent
    std::uint64_t busy_ns = 0;
    std::uint64_t idle_ns = 0;
    std::uint64_t rx_cycles = 0;
    std::uint64_t tx_cycles = 0;
    std::uint64_t backlog_turns = 0;
    Buckets loop_gap{};
    Buckets late_tx{};
};

/// Any thread: the counters are read one after the other, each a moment old.
[[nodiscard]] Sample take_sample(const message::WorkerStats& stats, Instant at);

/// What a worker did between two samples.
struct Load {
    Nanoseconds span{};
    std::uint64_t turns = 0;
    std::uint64_t rx_packets = 0;
    std::uint64_t tx_packets = 0;
    double busy = 0;                  ///< share of the time in turns that did work, 0..1
    double rx_cycles_per_packet = 0;  ///< all of reception by accepted packets; 0 = none came
    double tx_cycles_per_packet = 0;  ///< timers and transmission by sent packets; 0 = none left
    std::uint64_t backlog_turns = 0;  ///< of WorkerStats
    Buckets loop_gap{};
    Buckets late_tx{};

    /// Packets a second.
    [[nodiscard]] double rate(std::uint64_t packets) const noexcept;
};

[[nodiscard]] Load between(const Sample& from, const Sample& to);

/// A duration in microseconds that `share` (0..1) of `total` durations stay below: the upper bound
/// of its bucket, so at most twice the true one. Of `total` those that are not in the buckets are
/// shorter than all that are. 0: it is one of these, or there is none.
[[nodiscard]] std::uint64_t quantile_us(const Buckets& buckets, std::uint64_t total, double share);
[[nodiscard]] std::uint64_t sum(const Buckets& buckets) noexcept;

/// The last ten seconds of a worker, from samples a second apart.
class Window {
public:
    static constexpr std::size_t kSamples = 10;

    void add(const Sample& sample);
    /// Since the oldest sample; all zero before the second one.
    [[nodiscard]] Load recent() const;
    /// Between the last two samples; all zero before the second one.
    [[nodiscard]] Load last() const;

private:
    std::deque<Sample> samples_;
};

}  // namespace tocsin::control::load
