#pragma once

#include "control/ctl/context.hpp"

#include <string>
#include <string_view>

namespace tocsin::control::ctl {

[[nodiscard]] ExitCode worker_list(const Context& context);
[[nodiscard]] ExitCode port_list(const Context& context);
struct NeighborOptions {
    std::string port;  ///< empty: every one
    bool all = false;  ///< every page; else the first
};
[[nodiscard]] ExitCode neighbor_list(const Context& context, const NeighborOptions& options);
/// Key chains with the lifetimes of their keys.
[[nodiscard]] ExitCode key_chain_list(const Context& context);
[[nodiscard]] ExitCode stats(const Context& context);
/// Our own version, and the daemon's when it answers; success either way.
[[nodiscard]] ExitCode version(const Context& context, std::string_view own_version);

}  // namespace tocsin::control::ctl
