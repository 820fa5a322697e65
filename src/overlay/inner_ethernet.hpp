#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/datagram.hpp"
#include "overlay/vlan.hpp"

#include <cstddef>
#include <cstdint>

namespace tocsin::overlay {

/// The Ethernet frame inside a tunnel.
struct InnerFrame {
    MacAddress destination{};
    MacAddress source{};
    VlanTags tags;
    AddressFamily family = AddressFamily::None;  ///< of the IP packet that follows
    Octets ip;
};

/// Takes an inner Ethernet header off. InnerEthernet: cut off, or more than two tags;
/// InnerProtocol: no IP follows.
[[nodiscard]] DropReason open_inner_ethernet(Octets frame, InnerFrame& out) noexcept;

/// 24 bits of inner addresses and tags for SessionKey: which frames belong together. 0 exactly when
/// both MAC addresses are zero and there is no tag. Not secret: both ends and any third can compute
/// it.
[[nodiscard]] inline std::uint32_t link_fingerprint(const MacAddress& own, const MacAddress& peer,
                                                    const VlanTags& tags) noexcept {
    // Priorities and VLAN 0, which is a priority alone, say nothing about whose frames they are.
    std::uint64_t vlans = 0;
    for (std::size_t i = 0; i < tags.size; ++i) {
        const std::uint16_t vlan = tags.tags[i].tci & kVlanMask;
        if (vlan != 0) vlans = vlans << 16U | 0x8000U | vlan;
    }
    const std::uint64_t mine = std::uint64_t{load_be32(own.data())} << 16U | load_be16(&own[4]);
    const std::uint64_t theirs = std::uint64_t{load_be32(peer.data())} << 16U | load_be16(&peer[4]);
    if ((mine | theirs | vlans) == 0) return 0;
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t left = (mine ^ vlans << 32U) + 0x9e3779b97f4a7c15U;
    const std::uint64_t right = (theirs ^ vlans * 0x2545f4914f6cdd1dU) + 0xd1b54a32d192ed03U;
    const Wide product = Wide{left} * right;
    const auto mixed = static_cast<std::uint64_t>(product ^ product >> 64U);
    const auto folded =
        static_cast<std::uint32_t>((mixed ^ mixed >> 24U ^ mixed >> 48U) & 0xffffffU);
    return folded == 0 ? 1 : folded;
}

}  // namespace tocsin::overlay
