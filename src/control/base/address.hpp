#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control {

/// An IPv4 address in dotted decimal or an IPv6 address (RFC 4291 2.2), without zone or spaces.
[[nodiscard]] std::optional<IpAddress> parse_address(std::string_view text);

/// ADDRESS/LENGTH. Host bits are kept: 192.0.2.1/24 is an interface's address and its subnet.
[[nodiscard]] std::optional<IpPrefix> parse_prefix(std::string_view text);

/// Six octets in hexadecimal, separated by colons.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);

/// IPv6 as RFC 5952 writes it; empty for an address without family.
[[nodiscard]] std::string to_string(const IpAddress& address);
[[nodiscard]] std::string to_string(const IpPrefix& prefix);
[[nodiscard]] std::string to_string(const MacAddress& mac);

/// The first address of the subnet: all host bits zero.
[[nodiscard]] IpAddress network_address(const IpPrefix& prefix);
/// The last address of the subnet: all host bits one.
[[nodiscard]] IpAddress last_address(const IpPrefix& prefix);

/// Whether `address` is the network or the broadcast address of an IPv4 subnet. False for IPv6, and
/// for /31 (RFC 3021) and /32, which have neither.
[[nodiscard]] bool is_network_or_broadcast(const IpPrefix& subnet, const IpAddress& address);

}  // namespace tocsin::control
