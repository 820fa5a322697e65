#include "support/run_options.hpp"

#include <string>

namespace tocsin::perf {

namespace {

constexpr std::uint32_t kMostSessions = 4'000'000;
constexpr std::uint32_t kShortestIntervalUs = 1000;
constexpr unsigned kMostSeconds = 1'000'000;

}  // namespace

void add_run_options(CLI::App& app, RunOptions& options, const RunLimits& limits) {
    app.option_defaults()->take_last()->always_capture_default();
    app.add_option("--sessions", options.sessions, "how many")->check(range(2U, kMostSessions));
    app.add_option_function<std::uint32_t>(
           "--interval",
           [&options](std::uint32_t us) { options.interval = std::chrono::microseconds{us}; },
           "between two packets, in microseconds, without a unit")
        ->check(range(kShortestIntervalUs, limits.longest_interval_us))
        ->default_str(std::to_string(options.interval.count()));
    app.add_option("--mult", options.detect_mult, "Detect Mult")
        ->check(range(1U, limits.largest_mult));
    app.add_option("--seconds", options.seconds, "that are only looked at")
        ->check(range(0U, kMostSeconds));
    app.add_option("--cpu", options.cpu, "of the worker")->check(range(0U, kLastCpu));
    add_choice(app, "--idle", "poll", "adaptive", options.adaptive, "how the worker waits");
}

}  // namespace tocsin::perf
