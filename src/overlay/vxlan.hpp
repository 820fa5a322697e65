#pragma once

#include "overlay/encap.hpp"

#include <cstdint>

namespace tocsin::overlay {

inline constexpr std::uint16_t kVxlanPort = 4789;  ///< RFC 7348 5

/// Inner destination MAC of BFD over VXLAN, RFC 8971 8.
inline constexpr MacAddress kVxlanBfdMac{0x00, 0x00, 0x5e, 0x00, 0x52, 0x02};

/// Inner destination MAC and address of what Open vSwitch sends unless it is told otherwise.
inline constexpr MacAddress kOpenVswitchMac{0x00, 0x23, 0x20, 0x00, 0x00, 0x01};
inline constexpr std::uint32_t kOpenVswitchAddress = 0xa9fe0100;  ///< 169.254.1.0

/// Bit of SessionKey::instance: what is inside is IPv6.
inline constexpr std::uint32_t kInnerV6 = 1U << 24U;

/// BFD between VTEPs, RFC 8971: a whole Ethernet frame inside.
///
/// SessionKey: outer addresses; `instance` is the VNI with kInnerV6; `link` is the fingerprint of
/// inner tags, 0 without.
struct Vxlan {
    static constexpr SessionType kType = SessionType::Vxlan;

    struct Headers {
        Link link{};
        OuterHeaders outer{};
        InnerHeaders inner{};    ///< destination in 127/8 or ::ffff:127/104, or the remote VTEP's
        std::uint32_t vni = 1;   ///< 0..2^24-1
        std::uint8_t dscp = 48;  ///< of both IP headers
    };
    [[nodiscard]] static HeaderTemplate headers(const Headers& h) noexcept;

    /// `c.octets` begins with the VXLAN header.
    [[nodiscard]] static Classified open(const Carrier& c) noexcept;

    /// SessionKey::instance.
    [[nodiscard]] static constexpr std::uint32_t instance(std::uint32_t vni,
                                                          AddressFamily inner) noexcept {
        return (vni & 0xffffffU) | (inner == AddressFamily::V6 ? kInnerV6 : 0U);
    }
    /// SessionKey::link.
    [[nodiscard]] static std::uint16_t link(const VlanTags& inner) noexcept;
};
static_assert(Encap<Vxlan>);

}  // namespace tocsin::overlay
