#pragma once

#include "control/ctl/context.hpp"

#include <string>

namespace tocsin::control::ctl {

/// Checks a file on this machine, without a daemon: one line `FILE:LINE: path: message` per fault.
/// Success when it is valid, else InvalidArgument.
[[nodiscard]] ExitCode config_check(const Context& context, const std::string& file);

/// Has the daemon read its configuration file again. InvalidArgument when the file has faults,
/// which are printed; then nothing was changed.
[[nodiscard]] ExitCode reload(const Context& context);

}  // namespace tocsin::control::ctl
