#pragma once

#include "overlay/header_template.hpp"

#include <cstdint>

namespace tocsin::overlay {

/// Least octets of UDP payload, RFC 9764; 0 = as many as the Control packet has. Lengths and IP
/// checksum follow; without headers nothing happens.
void set_padding(HeaderTemplate& t, std::uint16_t octets) noexcept;

}  // namespace tocsin::overlay
