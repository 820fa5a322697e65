#include "control/config/dataplane_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace tocsin::control::config {

namespace {

constexpr std::int64_t kMostLcores = 128;  // RTE_MAX_LCORE of distributions' builds
constexpr std::int64_t kMostSessions = 16'000'000;
constexpr std::int64_t kLeastMemoryMb = 64;
constexpr std::int64_t kMostMemoryMb = 1'048'576;

void read_workers(TableReader& in, Dataplane& out) {
    const auto lcores = in.get_integers("workers");
    if (!lcores) return;
    for (std::size_t i = 0; i < lcores->size(); ++i) {
        if (!(*lcores)[i]) continue;
        const std::int64_t lcore = *(*lcores)[i];
        const std::string key = "workers[" + std::to_string(i) + ']';
        if (lcore < 0 || lcore >= kMostLcores) {
            in.fault_at(key, std::to_string(lcore) + " is not an lcore: CPU numbers 0.." +
                                 std::to_string(kMostLcores - 1) + " are accepted");
            continue;
        }
        const auto worker = static_cast<unsigned>(lcore);
        if (std::ranges::find(out.workers, worker) != out.workers.end()) {
            in.fault_at(key, "lcore " + std::to_string(lcore) +
                                 " is listed twice: a worker has an lcore of its own");
            continue;
        }
        out.workers.push_back(worker);
    }
}

}  // namespace

void read_dataplane(TableReader& in, Draft& draft) {
    Dataplane& out = draft.config.dataplane;
    read_workers(in, out);
    out.max_sessions = static_cast<std::uint32_t>(
        in.get_integer("max_sessions", 1, kMostSessions).value_or(out.max_sessions));
    out.idle = in.get_choice<Idle>("idle", {{"poll", Idle::Poll}, {"adaptive", Idle::Adaptive}})
                   .value_or(out.idle);
    out.real_time = in.get_bool("real_time").value_or(out.real_time);
    out.huge_pages = in.get_choice<HugePages>("huge_pages", {{"auto", HugePages::Auto},
                                                             {"require", HugePages::Require},
                                                             {"off", HugePages::Off}})
                         .value_or(out.huge_pages);
    out.admission = in.get_choice<Admission>("admission", {{"refuse", Admission::Refuse},
                                                           {"warn", Admission::Warn},
                                                           {"off", Admission::Off}})
                        .value_or(out.admission);
    draft.authentication = in.get_bool("authentication");
    draft.echo = in.get_bool("echo");
    draft.congestion_control = in.get_bool("congestion_control");
    draft.overlays = in.get_bool("overlays");
    if (const auto memory = in.get_integer("memory_mb")) {
        if (*memory != 0 && (*memory < kLeastMemoryMb || *memory > kMostMemoryMb)) {
            in.fault("memory_mb", std::to_string(*memory) +
                                      " is out of range: 0 (by max_sessions) or " +
                                      std::to_string(kLeastMemoryMb) + ".." +
                                      std::to_string(kMostMemoryMb) + " are accepted");
        } else {
            out.memory_mb = static_cast<std::uint32_t>(*memory);
        }
    }
    out.history = default_history(out.max_sessions);
    if (const auto history = in.get_integer("history")) {
        if (*history != 0 && (*history < kLeastHistory || *history > kMostHistory)) {
            in.fault("history", std::to_string(*history) + " is out of range: 0 (none) or " +
                                    std::to_string(kLeastHistory) + ".." +
                                    std::to_string(kMostHistory) + " are accepted");
        } else {
            out.history = static_cast<std::uint8_t>(*history);
        }
    }
    for (const auto& argument : in.get_strings("eal_args").value_or(Elements<std::string>{})) {
        if (argument) out.eal_args.push_back(*argument);
    }
    in.finish();
}

}  // namespace tocsin::control::config
