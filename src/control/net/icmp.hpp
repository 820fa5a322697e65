#pragma once

#include "control/net/frame.hpp"
#include "control/net/stack.hpp"

#include <optional>
#include <span>

namespace tocsin::control::net {

/// The answer to an ICMP echo request (RFC 792) for one of the port's addresses; nullopt for all
/// else, errors and redirects among them.
[[nodiscard]] std::optional<message::Frame> answer_icmp_echo(const StackPort& port,
                                                             const EthernetFrame& frame);

/// The answer to an ICMPv6 echo request (RFC 4443 4.2) for one of the port's addresses or all
/// nodes. `message` is the ICMPv6 part of `frame`, its checksum already verified.
[[nodiscard]] std::optional<message::Frame> answer_icmpv6_echo(
    const StackPort& port, const EthernetFrame& frame, const IpAddress& source,
    const IpAddress& destination, std::span<const std::uint8_t> message);

}  // namespace tocsin::control::net
