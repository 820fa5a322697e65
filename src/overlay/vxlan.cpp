#include "overlay/vxlan.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/header_writer.hpp"
#include "overlay/inner_ethernet.hpp"
#include "overlay/single_hop.hpp"

namespace tocsin::overlay {

namespace {

/// For this VTEP and no tenant, RFC 8971 5: a loopback address, which no router forwards to, or one
/// of ours. The VTEP may be reached by way of another port than the one that has its address.
bool is_for_us(const IpPacket& ip, const PortContext& port) noexcept {
    return is_loopback_destination(ip) || is_own_destination(ip, port) ||
           (port.open_vswitch_vxlan && ip.family == AddressFamily::V4 &&
            load_be32(ip.destination()) == kOpenVswitchAddress);
}

bool is_for_us(const MacAddress& destination, const PortContext& port) noexcept {
    return destination == kVxlanBfdMac || destination == port.mac ||
           (port.open_vswitch_vxlan && destination == kOpenVswitchMac);
}

}  // namespace

std::uint16_t Vxlan::link(const VlanTags& inner) noexcept {
    const std::uint32_t fingerprint = link_fingerprint({}, {}, inner);
    const auto low = static_cast<std::uint16_t>(fingerprint);
    return fingerprint != 0 && low == 0 ? std::uint16_t{1} : low;
}

HeaderTemplate Vxlan::headers(const Headers& h) noexcept {
    HeaderWriter w;
    w.ethernet(h.link.destination_mac, h.link.source_mac, h.link.tags, ether_type(h.outer.source));
    w.tunnel({.source = h.outer.source,
              .destination = h.outer.destination,
              .source_port = h.outer.source_port,
              .destination_port = kVxlanPort,
              .ttl = h.outer.ttl,
              .dscp = h.dscp},
             h.outer.checksum);
    if (const auto vxlan = w.take(kVxlanLength); !vxlan.empty()) {
        vxlan[0] = kVxlanFlagI;
        store_be32(&vxlan[kVxlanVniOffset], h.vni << 8U);
    }
    w.ethernet(h.inner.destination_mac, h.inner.source_mac, h.inner.tags,
               ether_type(h.inner.source));
    w.datagram({.source = h.inner.source,
                .destination = h.inner.destination,
                .source_port = h.inner.source_port,
                .destination_port = kSingleHopPort,
                .ttl = kBfdTtl,
                .dscp = h.dscp});
    return w.finish();
}

Classified Vxlan::open(const Carrier& c) noexcept {
    if (c.octets.size() < kVxlanLength || (c.octets[0] & kVxlanFlagI) == 0) {
        return dropped(DropReason::VxlanHeader);
    }
    InnerFrame frame;
    DropReason reason = open_inner_ethernet(c.octets.subspan(kVxlanLength), frame);
    if (reason != DropReason::None) return dropped(reason);
    if (!is_for_us(frame.destination, c.port)) return dropped(DropReason::InnerMac);
    IpPacket ip;
    Octets udp;
    reason = open_inner(frame.ip, frame.family, c.port.udp_checksum, ip, udp);
    if (reason != DropReason::None) return dropped(reason);
    if (!is_for_us(ip, c.port)) return dropped(DropReason::InnerDestination);
    if (load_be16(&udp[kUdpDestinationPortOffset]) != kSingleHopPort) {
        return dropped(DropReason::InnerNotBfd);
    }
    if (source_is_martian(ip, c.port.addresses)) return dropped(DropReason::InnerSource);
    if (ip.ttl != kBfdTtl) return dropped(DropReason::InnerTtl);
    return {.verdict = Verdict::Bfd,
            .reason = DropReason::None,
            .packet = {.payload = udp.data() + kUdpLength,
                       .source = c.ip.source(),
                       .destination = c.ip.destination(),
                       .instance = instance(load_be32(&c.octets[kVxlanVniOffset]) >> 8U, ip.family),
                       .payload_length = static_cast<std::uint16_t>(udp.size() - kUdpLength),
                       .domain = c.port.domain,
                       .port = port_in_key(kType, c.port.port),
                       .link = link(frame.tags),
                       .type = kType,
                       .family = c.ip.family,
                       .ttl = ip.ttl}};
}

}  // namespace tocsin::overlay
