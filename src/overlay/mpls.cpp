#include "overlay/mpls.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/header_writer.hpp"
#include "overlay/sbfd.hpp"
#include "overlay/single_hop.hpp"

namespace tocsin::overlay {

namespace {

constexpr std::uint8_t kLspTtl = 1;  // RFC 5884 7

AddressFamily family_of(Octets ip) noexcept {
    const unsigned version = ip.empty() ? 0U : ip[0] >> 4U;
    if (version == 4) return AddressFamily::V4;
    return version == 6 ? AddressFamily::V6 : AddressFamily::None;
}

}  // namespace

HeaderTemplate Mpls::headers(const Headers& h) noexcept {
    HeaderWriter w;
    w.ethernet(h.link.destination_mac, h.link.source_mac, h.link.tags,
               h.labels.size == 0 ? ether_type(h.source) : kEtherTypeMpls);
    write_labels(w, h.labels);
    w.datagram({.source = h.source,
                .destination = h.destination,
                .source_port = h.source_port,
                .destination_port = h.destination_port,
                .ttl = kLspTtl,
                .dscp = h.dscp});
    return w.finish();
}

Classified Mpls::open(const Carrier& c) noexcept {
    const AddressFamily family = family_of(c.octets);
    if (family == AddressFamily::None) return dropped(DropReason::InnerProtocol);
    IpPacket ip;
    Octets udp;
    const DropReason reason = open_inner(c.octets, family, c.port.udp_checksum, ip, udp);
    if (reason != DropReason::None) return dropped(reason);
    if (!is_loopback_destination(ip)) return dropped(DropReason::InnerDestination);
    if (source_is_martian(ip, c.port.addresses)) return dropped(DropReason::InnerSource);
    const std::uint16_t to = load_be16(&udp[kUdpDestinationPortOffset]);
    if (to == kLspPingPort) {
        return {.verdict = Verdict::Punt, .reason = DropReason::None, .packet = {}};
    }
    if (to == kSbfdPort) return open_request(ip, udp, c.port);
    if (to != kSingleHopPort) return dropped(DropReason::InnerNotBfd);
    return {.verdict = Verdict::Bfd,
            .reason = DropReason::None,
            .packet = {.payload = udp.data() + kUdpLength,
                       .source = ip.source(),
                       .destination = ip.destination(),
                       .payload_length = static_cast<std::uint16_t>(udp.size() - kUdpLength),
                       .domain = c.port.domain,
                       .port = port_in_key(kType, c.port.port),
                       .type = kType,
                       .family = family,
                       .ttl = ip.ttl}};
}

}  // namespace tocsin::overlay
