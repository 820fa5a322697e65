#pragma once

#include "support/run_options.hpp"

#include <optional>
#include <string>

namespace tocsin::perf {

/// What a run of perf/scenario shall be. `sessions` are the ends on the workers that are looked at,
/// together; `seconds` is for how long they are held.
struct Options : RunOptions {
    Options() { interval = std::chrono::milliseconds{50}; }

    bool peer_on_other_core = false;  ///< else both ends of every path are on one worker
    unsigned workers = 1;             ///< that carry paths of their own, on CPUs from `cpu` down
    unsigned ports = 1;               ///< cables with a port at each end
    double fail_percent = 1.0;        ///< of the sessions, at once, after the hold
    std::string auth = "none";        ///< of all sessions, a word of auth_words()
    std::string encap = "none";       ///< of all sessions, a word of encap_words()
    std::string json;                 ///< file, empty = none
};

/// nullopt: `out` is filled. Otherwise the exit status, see parse_command_line().
[[nodiscard]] std::optional<int> parse_options(int argc, char** argv, Options& out);

}  // namespace tocsin::perf
