#include "micro/cycles.hpp"

#include <rte_cycles.h>

#include <algorithm>
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

void Costs::add(std::uint64_t cycles, std::uint64_t n) {
    if (n == 0) return;
    each_.push_back(static_cast<double>(cycles) / static_cast<double>(n));
    cycles_ += static_cast<double>(cycles);
    packets_ += static_cast<double>(n);
}

double Costs::median() const {
    std::vector<double> sorted = each_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
}

double Costs::mean() const { return cycles_ / packets_; }

void report(benchmark::State& state, const Costs& costs, const Costs* floor) {
    if (costs.empty()) return;  // one of the short runs by which the library finds its number
    const double each = costs.median();
    state.counters["cycles"] = each;
    state.counters["mean_cycles"] = costs.mean();
    state.counters["ns"] = each / tsc_ghz();
    if (floor == nullptr) return;
    state.counters["floor"] = floor->median();
    state.counters["floor_ratio"] = each / floor->median();
}

void set_floor(std::uint32_t sessions, double cycles) { floors()[sessions] = cycles; }

void report(benchmark::State& state, std::uint32_t sessions, std::uint64_t cycles,
            std::uint64_t n) {
    Costs costs;
    costs.add(cycles, n);
    report(state, costs, nullptr);
    const auto floor = floors().find(sessions);
    if (!costs.empty() && floor != floors().end()) {
        state.counters["floor_ratio"] = costs.median() / floor->second;
    }
}

}  // namespace tocsin::perf
