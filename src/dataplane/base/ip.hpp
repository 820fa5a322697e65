#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace tocsin {

enum class AddressFamily : std::uint8_t { None = 0, V4 = 4, V6 = 6 };

/// An IPv4 or IPv6 address in network order. IPv4 uses the first four octets, the rest is zero, so
/// that equality is a comparison of all octets.
struct IpAddress {
    AddressFamily family = AddressFamily::None;
    std::array<std::uint8_t, 16> octets{};

    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

    [[nodiscard]] constexpr bool is_v4() const noexcept { return family == AddressFamily::V4; }
    [[nodiscard]] constexpr bool is_v6() const noexcept { return family == AddressFamily::V6; }
    /// Octets on the wire: 4 or 16.
    [[nodiscard]] constexpr std::span<const std::uint8_t> wire() const noexcept {
        return std::span{octets}.first(is_v4() ? 4 : 16);
    }
};

/// `octets` is 4 or 16 long; anything else gives an address of family None.
[[nodiscard]] constexpr IpAddress ip_address(std::span<const std::uint8_t> octets) noexcept {
    IpAddress out;
    // Two copies of a known size each, which are moves, where one of either size is a call.
    if (octets.size() == 4) {
        out.family = AddressFamily::V4;
        std::copy_n(octets.begin(), 4, out.octets.begin());
    } else if (octets.size() == 16) {
        out.family = AddressFamily::V6;
        std::copy_n(octets.begin(), 16, out.octets.begin());
    }
    return out;
}

[[nodiscard]] constexpr bool is_unspecified(const IpAddress& a) noexcept {
    return std::ranges::all_of(a.octets, [](std::uint8_t o) { return o == 0; });
}

/// 224.0.0.0/4 or ff00::/8.
[[nodiscard]] constexpr bool is_multicast(const IpAddress& a) noexcept {
    return a.is_v4() ? (a.octets[0] & 0xf0U) == 0xe0U : a.is_v6() && a.octets[0] == 0xff;
}

/// 127.0.0.0/8 or ::1.
[[nodiscard]] constexpr bool is_loopback(const IpAddress& a) noexcept {
    if (a.is_v4()) return a.octets[0] == 127;
    return a.is_v6() && a.octets[15] == 1 &&
           std::ranges::all_of(std::span{a.octets}.first(15), [](auto o) { return o == 0; });
}

/// 169.254.0.0/16 or fe80::/10.
[[nodiscard]] constexpr bool is_link_local(const IpAddress& a) noexcept {
    if (a.is_v4()) return a.octets[0] == 169 && a.octets[1] == 254;
    return a.is_v6() && a.octets[0] == 0xfe && (a.octets[1] & 0xc0U) == 0x80U;
}

/// An address of an interface with the length of its subnet, such as 192.0.2.1/24.
struct IpPrefix {
    IpAddress address;
    std::uint8_t length = 0;  ///< 0..32 or 0..128

    friend constexpr auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

    /// Whether `other` lies in this subnet.
    [[nodiscard]] constexpr bool contains(const IpAddress& other) const noexcept {
        if (other.family != address.family) return false;
        const unsigned whole = length / 8U;
        for (unsigned i = 0; i < whole; ++i) {
            if (other.octets[i] != address.octets[i]) return false;
        }
        const unsigned rest = length % 8U;
        if (rest == 0) return true;
        const unsigned mask = 0xffU << (8U - rest) & 0xffU;
        return ((other.octets[whole] ^ address.octets[whole]) & mask) == 0;
    }
};

}  // namespace tocsin
