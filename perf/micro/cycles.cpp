#include "micro/cycles.hpp"

#include <rte_cycles.h>

#include <chrono>
#include <map>
#include <thread>

namespace tocsin::perf {

namespace {

std::map<std::uint32_t, double>& floors() {
    static std::map<std::uint32_t, double> by_sessions;
    return by_sessions;
}

}  // namespace

double tsc_ghz() {
    static const double ghz = [] {
        const auto start = std::chrono::steady_clock::now();
        const std::uint64_t tsc = rte_rdtsc_precise();
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
        const std::chrono::duration<double, std::nano> ns =
            std::chrono::steady_clock::now() - start;
        return static_cast<double>(rte_rdtsc_precise() - tsc) / ns.count();
    }();
    return ghz;
}

void set_floor(std::uint32_t sessions, double cycles) { floors()[sessions] = cycles; }

void report(benchmark::State& state, std::uint32_t sessions, std::uint64_t cycles,
            std::uint64_t n) {
    if (n == 0) return;  // one of the short runs by which the library finds its number
    const double each = static_cast<double>(cycles) / static_cast<double>(n);
    state.counters["cycles"] = each;
    state.counters["ns"] = each / tsc_ghz();
    const auto floor = floors().find(sessions);
    if (floor != floors().end()) state.counters["floor_ratio"] = each / floor->second;
}

}  // namespace tocsin::perf
