#pragma once

#include "control/ctl/context.hpp"

#include <string>
#include <vector>

namespace tocsin::control::ctl {

struct LagOptions {
    std::vector<std::string> names{};  ///< of LAGs
    std::string lag{};
    std::string port{};
    std::string state{};
};

/// The LAGs with what their members come to.
[[nodiscard]] ExitCode lag_list(const Context& context);
/// Everything about `names`, or about all.
[[nodiscard]] ExitCode lag_show(const Context& context, const LagOptions& options);
/// What LACP says of a member.
[[nodiscard]] ExitCode lag_report(const Context& context, const LagOptions& options);

}  // namespace tocsin::control::ctl
