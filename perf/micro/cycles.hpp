#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace tocsin::perf {

/// Cycles of the time stamp counter in a nanosecond, measured once.
[[nodiscard]] double tsc_ghz();

/// Remembers what the floor took with so many sessions.
void set_floor(std::uint32_t sessions, double cycles);

/// Counters `cycles` and `ns` for one of `n` packets that took `cycles` together, and `floor_ratio`
/// when the floor of as many sessions ran before.
void report(benchmark::State& state, std::uint32_t sessions, std::uint64_t cycles, std::uint64_t n);

}  // namespace tocsin::perf
