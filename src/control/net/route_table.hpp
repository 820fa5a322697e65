#pragma once

#include "control/net/stack.hpp"

#include <optional>

namespace tocsin::control::net {

/// Whether `address` is one of the port's own.
[[nodiscard]] bool is_own(const StackPort& port, const IpAddress& address);

/// Whom to ask for a MAC to reach `remote` through `port`, by the longest match over its subnets
/// and static routes; a subnet wins over a route of its length. Link-local addresses never lie
/// behind a gateway, and a gateway must itself be connected. nullopt when nothing matches, or when
/// `remote` is not the address of one other station.
[[nodiscard]] std::optional<IpAddress> next_hop(const StackPort& port, const IpAddress& remote);

/// The port's address that speaks to `remote`: of the subnet that `remote` (or its gateway) lies
/// in, link-local for link-local. Behind a link-local gateway, the port's first address of wider
/// scope.
[[nodiscard]] std::optional<IpAddress> local_for(const StackPort& port, const IpAddress& remote);

}  // namespace tocsin::control::net
