#pragma once

#include "control/ctl/command_line.hpp"

namespace tocsin::control::ctl {

/// `tocsinctl session ...`. `line` outlives the commands.
void add_session_commands(CommandLine& line, CLI::App& app);

}  // namespace tocsin::control::ctl
