// What the pieces of the dataplane cost, in cycles, beside the bare-memory floor of the same run.
//
// A benchmark is named AREA/SESSIONS. `cycles` is for one packet (or one operation where there is
// none), `floor_ratio` what that is in units of floor/SESSIONS.

#include "micro/cycles.hpp"
#include "micro/rig.hpp"
#include "support/command_line.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::perf {

void register_floor(std::uint32_t sessions);
void register_worker(std::uint32_t sessions);
void register_engine_parts(std::uint32_t sessions);
void register_reflect();

namespace {

struct Options {
    unsigned cpu = 1;
    std::uint32_t max_sessions = 1'000'000;
};

/// nullopt: `out` is filled, and Google Benchmark has had what is its own. Otherwise the exit
/// status.
std::optional<int> parse_options(int argc, char** argv, Options& out) {
    CLI::App app{"What the pieces of the dataplane cost, in cycles, beside the bare-memory floor.",
                 "micro"};
    app.option_defaults()->take_last()->always_capture_default();
    app.add_option("--cpu", out.cpu, "of the measurement")->check(range(0U, kLastCpu));
    app.add_option("--max-sessions", out.max_sessions, "largest number that is measured")
        ->check(range(1'000U, 1'000'000U));
    app.footer("And the options of Google Benchmark, such as --benchmark_filter=REGEX.");
    app.allow_extras();
    if (const auto status = parse_command_line(app, argc, argv)) return status;
    std::vector<std::string> rest = app.remaining();
    std::vector<char*> words{argv[0]};
    for (std::string& word : rest) words.push_back(word.data());
    int count = static_cast<int>(words.size());
    benchmark::Initialize(&count, words.data());
    if (benchmark::ReportUnrecognizedArguments(count, words.data())) return kWrongUsage;
    return std::nullopt;
}

}  // namespace

}  // namespace tocsin::perf

int main(int argc, char** argv) {
    using namespace tocsin::perf;
    Options options;
    if (const auto status = parse_options(argc, argv, options)) return *status;
    const std::uint32_t most = options.max_sessions;
    const std::string memory = start_eal(options.cpu, 400 + most / 1000);
    if (memory.empty()) return 1;
    benchmark::AddCustomContext("memory", memory);
    benchmark::AddCustomContext("tsc_ghz", std::to_string(tsc_ghz()));
    for (const std::uint32_t sessions : {1'000U, 10'000U, 100'000U, 1'000'000U}) {
        if (sessions > most) break;
        register_floor(sessions);
        register_worker(sessions);
        register_engine_parts(sessions);
    }
    register_reflect();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
