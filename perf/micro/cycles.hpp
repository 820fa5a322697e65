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

/// Remembers what the floor took with so many sessions.
void set_floor(std::uint32_t sessions, double cycles);

/// Counters `cycles` and `ns` for one packet, the median over the rounds, `mean_cycles`, and
/// `floor_ratio` when the floor of as many sessions ran before.
void report(benchmark::State& state, std::uint32_t sessions, const Costs& costs);

/// The same of one round of `n` packets.
void report(benchmark::State& state, std::uint32_t sessions, std::uint64_t cycles, std::uint64_t n);

}  // namespace tocsin::perf
