#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace tocsin::perf {

/// What a run of perf/control shall be.
struct ControlOptions {
    std::uint32_t sessions = 100'000;  ///< of the daemon; as many peers are on the same worker
    std::chrono::microseconds interval{1'000'000};
    unsigned detect_mult = 3;
    unsigned seconds = 10;   ///< of each time that is only looked at
    unsigned cpu = 1;        ///< of the worker; all else is on another one
    bool adaptive = false;   ///< the worker sleeps when it can, for a CPU that is shared
    bool from_file = false;  ///< the sessions come from the configuration file
};

/// nullopt: said on stderr what is wrong, or the help was asked for.
[[nodiscard]] std::optional<ControlOptions> parse_control_options(int argc, char** argv);

}  // namespace tocsin::perf
