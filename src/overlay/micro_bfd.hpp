#pragma once

#include "dataplane/base/types.hpp"
#include "overlay/header_template.hpp"
#include "overlay/single_hop.hpp"

#include <cstdint>

namespace tocsin::overlay {

inline constexpr std::uint16_t kMicroBfdPort = 6784;  ///< RFC 7130 2.2

/// Destination MAC over both families, until the peer's is learned: RFC 7130 2.3.
inline constexpr MacAddress kMicroBfdMac{0x01, 0x00, 0x5e, 0x90, 0x00, 0x01};

/// What single_hop_headers() takes: the source MAC is the member link's, the destination MAC
/// kMicroBfdMac or, while Up, what the peer's packets came from; no tag, or one of VLAN 0.
using MicroBfdHeaders = SingleHopHeaders;

/// Ethernet, IPv4 or IPv6, UDP to 6784 with TTL 255, RFC 7130 2.2. Length 0 when the families
/// differ.
///
/// SessionKey: the member port and the family; addresses are the same on all members.
[[nodiscard]] HeaderTemplate micro_bfd_headers(const MicroBfdHeaders& h) noexcept;

}  // namespace tocsin::overlay
