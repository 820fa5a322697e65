#pragma once

#include "overlay/encap.hpp"
#include "overlay/inner_ethernet.hpp"

#include <cstdint>

namespace tocsin::overlay {

inline constexpr std::uint16_t kGenevePort = 6081;  ///< RFC 8926 3.3

/// BFD between VAPs, RFC 9521: an Ethernet frame or an IP packet inside, as the VAPs' data.
///
/// SessionKey: inner addresses as they stand in received packets, so that a VAP without one has
/// 127.0.0.1 or ::1 here and its peer 0.0.0.0 or ::; `instance` has the VNI, and in its upper eight
/// bits, as in `link`, the fingerprint of the inner MAC addresses and tags; without them the
/// payload is IP.
struct Geneve {
    static constexpr SessionType kType = SessionType::Geneve;

    struct Headers {
        Link link{};
        OuterHeaders outer{};
        /// MAC addresses and tags for Ethernet payload only. VAPs without IP address have
        /// 0.0.0.0 or :: as source and 127.0.0.1 or ::1 as destination, RFC 9521 4.
        InnerHeaders inner{};
        bool ethernet = true;    ///< Protocol Type 0x6558; else the IP packet follows at once
        std::uint32_t vni = 0;   ///< 0..2^24-1
        std::uint8_t dscp = 48;  ///< of both IP headers
    };
    [[nodiscard]] static HeaderTemplate headers(const Headers& h) noexcept;

    /// `c.octets` begins with the Geneve header.
    [[nodiscard]] static Classified open(const Carrier& c) noexcept;

    /// SessionKey::instance and SessionKey::link of a VAP and its peer; for IP payload both MAC
    /// addresses are zero and there is no tag.
    struct Identity {
        std::uint32_t instance = 0;
        std::uint16_t link = 0;
    };
    [[nodiscard]] static Identity identity(std::uint32_t vni, const MacAddress& own,
                                           const MacAddress& peer, const VlanTags& tags) noexcept {
        const std::uint32_t fingerprint = link_fingerprint(own, peer, tags);
        return {.instance = (vni & 0xffffffU) | (fingerprint & 0xff0000U) << 8U,
                .link = static_cast<std::uint16_t>(fingerprint)};
    }
};
static_assert(Encap<Geneve>);

}  // namespace tocsin::overlay
