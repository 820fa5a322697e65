#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/header_template.hpp"

#include <cstdint>
#include <span>

namespace tocsin::overlay {

inline constexpr std::uint16_t kSingleHopPort = 3784;  ///< RFC 5881 4
inline constexpr std::uint16_t kEchoPort = 3785;       ///< RFC 5881 4 (8 transposes it to 3875)
inline constexpr std::uint16_t kMultiHopPort = 4784;   ///< RFC 5883 5

struct SingleHopHeaders {
    MacAddress source_mac{};
    MacAddress destination_mac{};
    IpAddress source;  ///< same family as `destination`
    IpAddress destination;
    std::uint16_t source_port = 49152;  ///< 49152..65535, constant per session, RFC 5881 4
    std::uint8_t dscp = 48;             ///< 0..63; CS6 by custom
};

/// Ethernet, IPv4 or IPv6, UDP to 3784 with TTL 255, RFC 5881. Length 0 when the families differ.
[[nodiscard]] HeaderTemplate single_hop_headers(const SingleHopHeaders& h) noexcept;

/// Writes the lengths of a whole packet's IP and UDP headers, and the checksum of IPv4, for
/// t.udp_payload() octets of payload.
void set_lengths(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept;

/// Writes the UDP checksum of a whole packet (headers of `t` followed by t.payload_length octets;
/// zeros that pad it need not be there) in place. Never zero on the wire: a sum of zero is sent as
/// 0xffff (RFC 768, RFC 8200 8.1).
void finish_udp_checksum(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept;

}  // namespace tocsin::overlay
