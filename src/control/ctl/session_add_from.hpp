#pragma once

#include "control/ctl/context.hpp"

#include <string>

namespace tocsin::control::ctl {

/// Adds the sessions of a file ("-": standard input) by BulkAddSessions: a JSON object on each
/// line, either the fields of SessionSpec or a Session whose `spec` counts. Each session by itself;
/// refused ones are told by line on `err`, and the exit code is that of the first of them. What was
/// added stays, whatever follows.
[[nodiscard]] ExitCode session_add_from(const Context& context, const std::string& file);

}  // namespace tocsin::control::ctl
