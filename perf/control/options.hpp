#pragma once

#include "support/run_options.hpp"

#include <optional>

namespace tocsin::perf {

/// What a run of perf/control shall be. `sessions` are those of the daemon, as many peers are on
/// the same worker; `seconds` is for each time that is only looked at; `cpu` is the worker's, all
/// else is on another one.
struct ControlOptions : RunOptions {
    ControlOptions() { seconds = 10; }

    bool from_file = false;  ///< the sessions come from the configuration file
};

/// nullopt: `out` is filled. Otherwise the exit status, see parse_command_line().
[[nodiscard]] std::optional<int> parse_options(int argc, char** argv, ControlOptions& out);

}  // namespace tocsin::perf
