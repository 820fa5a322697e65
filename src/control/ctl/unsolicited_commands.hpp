#pragma once

#include "control/ctl/context.hpp"

namespace tocsin::control::ctl {

/// Policies for unsolicited sessions with their counters, and sessions that ended of late.
[[nodiscard]] ExitCode unsolicited_list(const Context& context);

}  // namespace tocsin::control::ctl
