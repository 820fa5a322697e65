#pragma once

#include "control/config/rule_context.hpp"
#include "control/config/tunnel_draft.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::config {

// What sessions inside of a tunnel have in common, whatever the tunnel.

/// What was written about the tunnel; nothing when nothing was.
[[nodiscard]] const TunnelDraft& tunnel_of(const RuleContext& in);

/// The keys of tunnels, at a session without one.
void refuse_tunnel(RuleContext& in);

/// Asynchronous mode is all that RFC 8971 and RFC 9521 use, between one peer and us.
void check_tunnel_mode(RuleContext& in);

/// VNI, outer TTL and UDP checksum, inner tags; `vni` stands where none is given.
[[nodiscard]] Tunnel read_outer(RuleContext& in, std::uint32_t vni);

/// nullopt: not given, or at fault. `unspecified`: the address that names no host is accepted, and
/// loopback addresses are.
[[nodiscard]] std::optional<IpAddress> read_inner_address(RuleContext& in, std::string_view member,
                                                          const std::string& given,
                                                          bool unspecified);

/// The MAC address of one station; nullopt: not given, or at fault.
[[nodiscard]] std::optional<MacAddress> read_inner_mac(RuleContext& in, std::string_view member,
                                                       const std::string& given);

}  // namespace tocsin::control::config
