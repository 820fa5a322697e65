#pragma once

#include "control/ctl/session_commands.hpp"

#include <CLI/CLI.hpp>

namespace tocsin::control::ctl {

/// The options of `session set`, which `session add` has too: what may change while a session runs.
void add_parameters(CLI::App& command, SpecOptions& spec);
/// The options that only a new session has: what it is, and where.
void add_identity(CLI::App& command, SpecOptions& spec);

}  // namespace tocsin::control::ctl
