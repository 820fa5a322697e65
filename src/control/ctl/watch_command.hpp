#pragma once

#include "control/ctl/context.hpp"
#include "control/ctl/session_commands.hpp"
#include "tocsin/v1/watch.pb.h"

#include <string>

namespace tocsin::control::ctl {

struct WatchOptions {
    ListOptions filter;
    bool state_only = false;   ///< leave out changes that are not of the state
    bool no_snapshot = false;  ///< start with what comes next
    bool no_reconnect = false;
    bool admin_down_is_failure = false;  ///< RFC 5882 3.2
};

/// Prints a snapshot and then one line per event, each flushed at once, until context.stop is
/// requested (success). When the daemon goes away it says so on stderr and waits for it, or with
/// no_reconnect gives Unreachable; a daemon that was never there always does.
[[nodiscard]] ExitCode watch(const Context& context, const WatchOptions& options);

/// One event as a line of text without its end; empty for SNAPSHOT_END.
[[nodiscard]] std::string watch_line(const v1::WatchEvent& event, bool colour);

}  // namespace tocsin::control::ctl
