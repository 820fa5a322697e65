#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

namespace tocsin::perf {

/// Cycles of the time stamp counter in a nanosecond, measured once.
[[nodiscard]] double tsc_ghz();

/// What the rounds of one benchmark cost. Their median stands for all: on a machine that others use
/// too some rounds are interrupted, and the mean would be of the interruptions.
class Costs {
public:
    /// A round of `n` packets that took `cycles` together; nothing when n is 0.
    void add(std::uint64_t cycles, std::uint64_t n);
    [[nodiscard]] bool empty() const { return each_.empty(); }
    [[nodiscard]] double median() const;
    [[nodiscard]] double mean() const;

private:
    std::vector<double> each_;
    double cycles_ = 0;
    double packets_ = 0;
};

/// Counters `cycles` and `ns` for one packet, the median over the rounds, and `mean_cycles`. With
/// the costs of the floor in rounds between them also `floor` and `floor_ratio`: a machine that
/// changes its pace while it is measured does so for both.
void report(benchmark::State& state, const Costs& costs, const Costs* floor);

/// Remembers what the floor took with so many sessions.
void set_floor(std::uint32_t sessions, double cycles);

/// The same of one round of `n` operations, beside the floor that was remembered last.
void report(benchmark::State& state, std::uint32_t sessions, std::uint64_t cycles, std::uint64_t n);

}  // namespace tocsin::perf
