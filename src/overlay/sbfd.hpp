#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/header_template.hpp"
#include "overlay/single_hop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

inline constexpr std::uint16_t kSbfdPort = 7784;  ///< of reflectors, RFC 7881 2

/// What single_hop_headers() takes: the source port is the initiator's own and not 7784.
using SbfdHeaders = SingleHopHeaders;

/// A request of an initiator: Ethernet, IPv4 or IPv6, UDP to 7784 with TTL 255, RFC 7881 5.1.
/// Length 0 when the families differ, or the source port is 7784.
[[nodiscard]] HeaderTemplate sbfd_headers(const SbfdHeaders& h) noexcept;

/// Where the headers of a request lie in its frame.
struct SbfdRequest {
    std::size_t ip = 0;       ///< of the IP header
    std::size_t udp = 0;      ///< of the UDP header
    std::size_t payload = 0;  ///< octets of UDP payload
};

/// Makes a frame with a request, whose Control packet already is the response, leave to where it
/// came from: MAC addresses, IP addresses and ports turned round, TTL or Hop Limit 255, both
/// checksums computed anew (RFC 7881 6.1). `own` takes the place of a destination that is a
/// loopback address; elsewhere it is not looked at. False, with the frame as it was: it came from
/// no single station or from the port of reflectors, or there is no such address of ours.
[[nodiscard]] bool turn_round(std::span<std::uint8_t> frame, const SbfdRequest& at,
                              const MacAddress& mac, const IpAddress& own) noexcept;

}  // namespace tocsin::overlay
