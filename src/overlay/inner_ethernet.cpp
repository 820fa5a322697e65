#include "overlay/inner_ethernet.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/headers.hpp"

#include <cstring>

namespace tocsin::overlay {

DropReason open_inner_ethernet(Octets frame, InnerFrame& out) noexcept {
    if (frame.size() < kEthernetLength) return DropReason::InnerEthernet;
    std::memcpy(out.destination.data(), frame.data(), 6);
    std::memcpy(out.source.data(), &frame[6], 6);
    out.tags = {};
    std::size_t at = kEtherTypeOffset;
    std::uint16_t type = load_be16(&frame[at]);
    for (; is_vlan_tag(type); type = load_be16(&frame[at])) {
        const bool room = frame.size() >= at + 2 + kVlanTagLength;
        if (!room || out.tags.size == VlanTags::kMost) return DropReason::InnerEthernet;
        out.tags.tags[out.tags.size++] = {.tpid = type, .tci = load_be16(&frame[at + 2])};
        at += kVlanTagLength;
    }
    if (type != kEtherTypeIpv4 && type != kEtherTypeIpv6) return DropReason::InnerProtocol;
    out.family = type == kEtherTypeIpv4 ? AddressFamily::V4 : AddressFamily::V6;
    out.ip = frame.subspan(at + 2);
    return DropReason::None;
}

std::uint32_t link_fingerprint(const MacAddress& own, const MacAddress& peer,
                               const VlanTags& tags) noexcept {
    // Priorities and VLAN 0, which is a priority alone, say nothing about whose frames they are.
    std::uint64_t vlans = 0;
    for (std::size_t i = 0; i < tags.size; ++i) {
        const std::uint16_t vlan = tags.tags[i].tci & kVlanMask;
        if (vlan != 0) vlans = vlans << 16U | 0x8000U | vlan;
    }
    std::array<std::uint8_t, 16> macs{};
    std::memcpy(&macs[2], own.data(), 6);
    std::memcpy(&macs[10], peer.data(), 6);
    const std::uint64_t mine = load_be64(macs.data());
    const std::uint64_t theirs = load_be64(&macs[8]);
    if ((mine | theirs | vlans) == 0) return 0;
    std::uint64_t hash = 0;
    for (const std::uint64_t word : {mine, theirs, vlans}) {
        hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
        hash ^= hash >> 32U;
    }
    const auto folded = static_cast<std::uint32_t>(hash & 0xffffffU);
    return folded == 0 ? 1 : folded;
}

}  // namespace tocsin::overlay
