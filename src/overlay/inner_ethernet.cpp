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

}  // namespace tocsin::overlay
