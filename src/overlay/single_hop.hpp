#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/header_template.hpp"
#include "overlay/vlan.hpp"

#include <cstdint>

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
    VlanTags tags{};                    ///< of the link
};

/// Ethernet, IPv4 or IPv6, UDP to `destination_port` with TTL 255. Length 0 when the families
/// differ.
[[nodiscard]] HeaderTemplate headers_to_port(const SingleHopHeaders& h,
                                             std::uint16_t destination_port) noexcept;

/// Ethernet, IPv4 or IPv6, UDP to 3784 with TTL 255, RFC 5881. Length 0 when the families differ.
[[nodiscard]] HeaderTemplate single_hop_headers(const SingleHopHeaders& h) noexcept;

}  // namespace tocsin::overlay
