#pragma once

#include "overlay/headers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tocsin::overlay {

/// A tag of IEEE 802.1Q.
struct VlanTag {
    std::uint16_t tpid = kEtherTypeVlan;  ///< kEtherTypeVlan or kEtherTypeQinq
    std::uint16_t tci = 0;                ///< PCP (3 bits), DEI (1), VLAN identifier (12)

    friend constexpr bool operator==(const VlanTag&, const VlanTag&) = default;
};

/// Priority 0..7 and VLAN identifier 0..4095 as they stand in a tag.
[[nodiscard]] constexpr std::uint16_t tci(std::uint8_t priority, std::uint16_t vlan) noexcept {
    return static_cast<std::uint16_t>(priority << 13U | (vlan & kVlanMask));
}

/// The tags of a frame, outermost first: none, one, or two (QinQ, IEEE 802.1ad).
struct VlanTags {
    static constexpr std::size_t kMost = 2;

    std::size_t size = 0;
    std::array<VlanTag, kMost> tags{};

    friend constexpr bool operator==(const VlanTags&, const VlanTags&) = default;
};

[[nodiscard]] constexpr bool is_vlan_tag(std::uint16_t ether_type) noexcept {
    return ether_type == kEtherTypeVlan || ether_type == kEtherTypeQinq;
}

}  // namespace tocsin::overlay
