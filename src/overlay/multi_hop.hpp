#pragma once

#include "overlay/header_template.hpp"
#include "overlay/single_hop.hpp"

namespace tocsin::overlay {

/// What single_hop_headers() takes: the destination MAC is that of the router on the way.
using MultiHopHeaders = SingleHopHeaders;

/// Ethernet, IPv4 or IPv6, UDP to 4784 with TTL 255, RFC 5883 5: but for the port, as single hop.
[[nodiscard]] HeaderTemplate multi_hop_headers(const MultiHopHeaders& h) noexcept;

}  // namespace tocsin::overlay
