#pragma once

#include "control/ctl/command_line.hpp"

namespace tocsin::control::ctl {

/// `lag list`, `lag show` and `lag report`.
void add_lag_commands(CommandLine& line, CLI::App& app);

}  // namespace tocsin::control::ctl
