#pragma once

#include <optional>

#include "control/net/stack.hpp"

namespace tocsin::control::net {

/// Whom to ask for a MAC to reach `remote` through `port`, by the longest match over its subnets and
/// static routes; nullopt when there is none, or when `remote` is the port's own address.
[[nodiscard]] std::optional<IpAddress> next_hop(const StackPort& port, const IpAddress& remote);

/// The port's address that speaks to `remote`: of the subnet that `remote` (or its gateway) lies in.
[[nodiscard]] std::optional<IpAddress> local_for(const StackPort& port, const IpAddress& remote);

}  // namespace tocsin::control::net
