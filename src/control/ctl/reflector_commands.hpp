#pragma once

#include "control/ctl/context.hpp"

#include <string>
#include <vector>

namespace tocsin::control::ctl {

/// Reflectors of S-BFD with their counters.
[[nodiscard]] ExitCode reflector_list(const Context& context);
/// The same of those that `which` names, by discriminator or name.
[[nodiscard]] ExitCode reflector_show(const Context& context,
                                      const std::vector<std::string>& which);
/// Takes them out of service, or back.
[[nodiscard]] ExitCode reflector_admin(const Context& context,
                                       const std::vector<std::string>& which, bool down);

}  // namespace tocsin::control::ctl
