#pragma once

#include "dataplane/message/worker_stats.hpp"
#include "scenario/options.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::perf {

/// Values kept one by one, for exact percentiles. Microseconds.
class Values {
public:
    void add(double v) { values_.push_back(v); }
    [[nodiscard]] std::size_t size() const { return values_.size(); }
    /// 0..1; 0 when there are none.
    [[nodiscard]] double at(double quantile) const;

private:
    mutable std::vector<double> values_;
    mutable bool sorted_ = false;
};

/// Buckets of a DurationHistogram at one moment, or of the time between two.
struct Buckets {
    std::array<std::uint64_t, DurationHistogram::kBuckets> counts{};
    std::uint64_t max_ns = 0;  ///< since the start, also in a difference

    [[nodiscard]] static Buckets take(const DurationHistogram& h);
    friend Buckets operator-(const Buckets& later, const Buckets& earlier);
    friend Buckets operator+(const Buckets& a, const Buckets& b);
    [[nodiscard]] std::uint64_t total() const;
    /// Upper bound in microseconds of the bucket that the quantile falls into.
    [[nodiscard]] std::uint64_t below_us(double quantile) const;
};

/// What a worker had counted at one moment, or in the time between two.
struct Sample {
    std::uint64_t rx = 0;
    std::uint64_t tx = 0;
    std::uint64_t steady = 0;
    std::uint64_t rx_cycles = 0;
    std::uint64_t tx_cycles = 0;
    std::uint64_t busy_ns = 0;
    std::uint64_t idle_ns = 0;
    std::uint64_t loop_gaps = 0;
    Buckets loop_gap;
    Buckets late_tx;

    [[nodiscard]] static Sample take(const message::WorkerStats& stats);
    friend Sample operator-(const Sample& later, const Sample& earlier);
    friend Sample operator+(const Sample& a, const Sample& b);
};

/// Everything that a run found.
struct Report {
    std::string memory;
    double added_s = 0;
    std::array<std::pair<double, double>, 4> up_after_s{{{50, 0}, {90, 0}, {99, 0}, {100, 0}}};
    bool all_up = false;
    std::uint64_t refused = 0;
    Sample held;
    double held_s = 0;
    std::uint64_t false_downs = 0;
    std::uint64_t drops = 0;
    std::uint64_t failed = 0;
    std::uint64_t missing_downs = 0;
    double fail_s = 0;
    Values detection;    ///< Down after the deadline
    Values packet_gaps;  ///< between two packets of a session, of a sample of them
    Values delivery;     ///< the event at control after the Down

    /// A table on stdout, and JSON when a file was asked for.
    void print(const Options& options) const;
};

}  // namespace tocsin::perf
