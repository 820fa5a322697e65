#pragma once

#include "control/ctl/command_line.hpp"

namespace tocsin::control::ctl {

/// Every command that is not about a session: watch, lists of what the daemon has, its
/// configuration. `line` outlives the commands.
void add_daemon_commands(CommandLine& line, CLI::App& app);

}  // namespace tocsin::control::ctl
