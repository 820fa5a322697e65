#pragma once

#include "control/config/schema.hpp"
#include "control/grpc/backend.hpp"
#include "control/net/stack.hpp"
#include "control/session/registry.hpp"
#include "dataplane/message/dataplane.hpp"

#include <vector>

namespace tocsin::control::app {

/// fe80::/64 with the modified EUI-64 of the MAC, RFC 4291 2.5.1.
[[nodiscard]] IpPrefix link_local_address(const MacAddress& mac);

/// Whether the file lists an IPv6 link-local address for the port; if not, it answers for the one
/// that its MAC gives.
[[nodiscard]] bool lists_link_local(const config::Port& port);

/// The configured ports joined with what the drivers say of them, in the forms that sessions, the
/// neighbour tables and the API want.
struct PortSetup {
    std::vector<session::SessionPort> sessions;
    std::vector<net::StackPort> stack;
    api::SpecContext specs;
};
[[nodiscard]] PortSetup set_up_ports(const config::Config& config,
                                     const std::vector<message::PortStatus>& status);

}  // namespace tocsin::control::app
