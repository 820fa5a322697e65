// What the pieces of the dataplane cost, in cycles, beside the bare-memory floor of the same run.
//
//   micro [--cpu N] [--max-sessions N] [Google Benchmark's options]
//
// A benchmark is named AREA/SESSIONS. `cycles` is for one packet (or one operation where there is
// none), `floor_ratio` what that is in units of floor/SESSIONS.

#include "micro/cycles.hpp"
#include "micro/rig.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tocsin::perf {

void register_floor(std::uint32_t sessions);
void register_worker(std::uint32_t sessions);
void register_engine_parts(std::uint32_t sessions);

}  // namespace tocsin::perf

int main(int argc, char** argv) {
    using namespace tocsin::perf;
    unsigned cpu = 1;
    std::uint32_t most = 1'000'000;
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--cpu") == 0 && i + 1 < argc) {
            cpu = static_cast<unsigned>(std::atoi(argv[++i]));
        } else if (std::strcmp(argv[i], "--max-sessions") == 0 && i + 1 < argc) {
            most = static_cast<std::uint32_t>(std::atoi(argv[++i]));
        } else {
            argv[kept++] = argv[i];
        }
    }
    argc = kept;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    const std::string memory = start_eal(cpu, 400 + most / 1000);
    if (memory.empty()) return 1;
    benchmark::AddCustomContext("memory", memory);
    benchmark::AddCustomContext("tsc_ghz", std::to_string(tsc_ghz()));
    for (const std::uint32_t sessions : {1'000U, 10'000U, 100'000U, 1'000'000U}) {
        if (sessions > most) break;
        register_floor(sessions);
        register_worker(sessions);
        register_engine_parts(sessions);
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
