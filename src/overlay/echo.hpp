#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/header_template.hpp"
#include "overlay/single_hop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

struct PortContext;

/// Ethernet, IPv4 or IPv6, UDP to 3785 with TTL 255, RFC 5881 4 and RFC 9747 2: `destination` is an
/// address of ours, `destination_mac` the peer's. Length 0 when the families differ.
[[nodiscard]] HeaderTemplate echo_headers(const SingleHopHeaders& h) noexcept;

/// What to do with an IP packet to somebody else that arrived on `port`. None: it is an Echo packet
/// that its sender wants to see again, reflect_echo() sends it back. EchoRefused: it is one, but
/// nobody on this port may ask for that, or what it asks for is not its own. IpDestination: another
/// packet. `ip` begins with the header, which classify() has checked, and ends with the packet;
/// `header` is its length, 40 for IPv6.
[[nodiscard]] DropReason judge_foreign(std::span<const std::uint8_t> ip, std::size_t header,
                                       const PortContext& port) noexcept;

/// Makes the frame leave to where it came from, as a router would: MAC addresses turned round, TTL
/// or Hop Limit one less, all else as it is (RFC 5880 5: the payload is not ours to read). `ip` is
/// the offset of the IP header. False, with the frame as it was: it came from no single station, or
/// went to more than one.
[[nodiscard]] bool reflect_echo(std::span<std::uint8_t> frame, std::size_t ip,
                                const MacAddress& own) noexcept;

}  // namespace tocsin::overlay
