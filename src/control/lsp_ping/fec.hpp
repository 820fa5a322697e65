#pragma once

#include "control/base/result.hpp"
#include "dataplane/base/ip.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::lsp_ping {

// Sub-TLVs of a Target FEC Stack, RFC 8029 3.2.
inline constexpr std::uint16_t kLdpIpv4 = 1;
inline constexpr std::uint16_t kLdpIpv6 = 2;
inline constexpr std::uint16_t kRsvpIpv4 = 3;
inline constexpr std::uint16_t kRsvpIpv6 = 4;
inline constexpr std::uint16_t kPwid128Ipv4 = 10;
inline constexpr std::uint16_t kGenericIpv4 = 14;
inline constexpr std::uint16_t kGenericIpv6 = 15;
inline constexpr std::uint16_t kNil = 16;

/// A forwarding equivalence class: one sub-TLV as it stands in a message, without padding.
struct Fec {
    std::uint16_t type = kLdpIpv4;
    std::vector<std::uint8_t> value;

    friend auto operator<=>(const Fec&, const Fec&) = default;
    friend bool operator==(const Fec&, const Fec&) = default;
};

/// Octets of the value of a type that is known; 0: the type is not.
[[nodiscard]] constexpr std::size_t fec_length(std::uint16_t type) noexcept {
    switch (type) {
        case kLdpIpv4:
        case kGenericIpv4:
            return 5;
        case kLdpIpv6:
        case kGenericIpv6:
            return 17;
        case kRsvpIpv4:
            return 20;
        case kRsvpIpv6:
            return 56;
        case kPwid128Ipv4:
            return 14;
        case kNil:
            return 4;
        default:
            return 0;
    }
}

/// LDP prefix FEC; `prefix` without bits behind its length.
[[nodiscard]] Fec ldp_fec(const IpPrefix& prefix);

/// What a person writes:
/// - ldp PREFIX, generic PREFIX
/// - rsvp ENDPOINT TUNNEL_ID EXTENDED_TUNNEL_ID SENDER LSP_ID, addresses of one family
/// - pwid SENDER REMOTE PW_ID PW_TYPE
/// - nil LABEL
[[nodiscard]] Result<Fec> parse_fec(std::string_view text);

/// The same form; of a type that is not known: "type N" and the octets in hex.
[[nodiscard]] std::string to_string(const Fec& fec);

}  // namespace tocsin::control::lsp_ping
