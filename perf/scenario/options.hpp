#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::perf {

/// What a run shall be.
struct Options {
    std::uint32_t sessions = 100'000;  ///< ends on the workers that are looked at, together
    std::chrono::microseconds interval{50'000};
    unsigned detect_mult = 3;
    unsigned seconds = 60;
    bool peer_on_other_core = false;  ///< else both ends of every path are on one worker
    unsigned workers = 1;             ///< that carry paths of their own, on CPUs from `cpu` down
    unsigned ports = 1;               ///< cables with a port at each end
    bool adaptive = false;            ///< idle = "adaptive" instead of "poll"
    double fail_percent = 1.0;        ///< of the sessions, at once, after the hold
    unsigned cpu = 1;
    std::string json;  ///< file, empty = none
};

/// nullopt: said on stderr what is wrong, or the help was asked for.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv);

}  // namespace tocsin::perf
