#include "overlay/geneve.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/header_writer.hpp"
#include "overlay/inner_ethernet.hpp"
#include "overlay/single_hop.hpp"

namespace tocsin::overlay {

namespace {

constexpr std::size_t kOptionHeader = 4;
constexpr std::uint8_t kCriticalOption = 0x80;  // of an option's Type, RFC 8926 3.5
constexpr unsigned kLengthMask = 0x1f;          // of its Length, in words of four octets

/// Base header and options. `length` becomes that of both together.
DropReason check_header(Octets octets, std::size_t& length) noexcept {
    if (octets.size() < kGeneveLength || octets[0] >> 6U != 0) return DropReason::GeneveHeader;
    length = kGeneveLength + std::size_t{octets[0] & 0x3fU} * 4U;
    if (length > octets.size()) return DropReason::GeneveHeader;
    bool critical = false;
    for (std::size_t at = kGeneveLength; at < length;) {
        if (length - at < kOptionHeader) return DropReason::GeneveHeader;
        critical |= (octets[at + 2] & kCriticalOption) != 0;
        at += kOptionHeader + (octets[at + 3] & kLengthMask) * std::size_t{4};
        if (at > length) return DropReason::GeneveHeader;
    }
    // None is known here: one that must be understood, or is said to be there, ends it.
    critical |= (octets[1] & kGeneveFlagC) != 0;
    return critical ? DropReason::GeneveCriticalOption : DropReason::None;
}

/// 0.0.0.0 or ::, which a VAP without address sends from, RFC 9521 4; nobody else may.
bool is_unspecified_source(const IpPacket& ip) noexcept {
    const std::uint8_t* const a = ip.source();
    if (ip.family == AddressFamily::V4) return load_be32(a) == 0;
    return load_be64(a) == 0 && load_be64(a + 8) == 0;
}

}  // namespace

HeaderTemplate Geneve::headers(const Headers& h) noexcept {
    HeaderWriter w;
    w.ethernet(h.link.destination_mac, h.link.source_mac, h.link.tags, ether_type(h.outer.source));
    w.tunnel({.source = h.outer.source,
              .destination = h.outer.destination,
              .source_port = h.outer.source_port,
              .destination_port = kGenevePort,
              .ttl = h.outer.ttl,
              .dscp = h.dscp},
             h.outer.checksum);
    if (const auto geneve = w.take(kGeneveLength); !geneve.empty()) {
        geneve[1] = kGeneveFlagO;
        store_be16(&geneve[kGeneveProtocolOffset],
                   h.ethernet ? kEtherTypeBridging : ether_type(h.inner.source));
        store_be32(&geneve[kGeneveVniOffset], h.vni << 8U);
    }
    if (h.ethernet) {
        w.ethernet(h.inner.destination_mac, h.inner.source_mac, h.inner.tags,
                   ether_type(h.inner.source));
    }
    w.datagram({.source = h.inner.source,
                .destination = h.inner.destination,
                .source_port = h.inner.source_port,
                .destination_port = kSingleHopPort,
                .ttl = kBfdTtl,
                .dscp = h.dscp});
    return w.finish();
}

Classified Geneve::open(const Carrier& c) noexcept {
    std::size_t header = 0;
    DropReason reason = check_header(c.octets, header);
    if (reason != DropReason::None) return dropped(reason);
    const std::uint16_t protocol = load_be16(&c.octets[kGeneveProtocolOffset]);
    InnerFrame frame;
    frame.ip = c.octets.subspan(header);
    if (protocol == kEtherTypeBridging) {
        reason = open_inner_ethernet(frame.ip, frame);
        if (reason != DropReason::None) return dropped(reason);
        if ((frame.destination[0] & 1U) != 0) return dropped(DropReason::InnerMac);
    } else if (protocol == kEtherTypeIpv4 || protocol == kEtherTypeIpv6) {
        frame.family = protocol == kEtherTypeIpv4 ? AddressFamily::V4 : AddressFamily::V6;
    } else {
        return dropped(DropReason::InnerProtocol);
    }
    IpPacket ip;
    Octets udp;
    reason = open_inner(frame.ip, frame.family, c.port.udp_checksum, ip, udp);
    if (reason != DropReason::None) return dropped(reason);
    if (load_be16(&udp[kUdpDestinationPortOffset]) != kSingleHopPort) {
        return dropped(DropReason::InnerNotBfd);
    }
    const bool no_address = protocol == kEtherTypeBridging && is_unspecified_source(ip);
    if (!no_address && source_is_martian(ip, {})) return dropped(DropReason::InnerSource);
    if (ip.ttl != kBfdTtl) return dropped(DropReason::InnerTtl);
    const Identity id = identity(load_be32(&c.octets[kGeneveVniOffset]) >> 8U, frame.destination,
                                 frame.source, frame.tags);
    return {.verdict = Verdict::Bfd,
            .reason = DropReason::None,
            .packet = {.payload = udp.data() + kUdpLength,
                       .source = ip.source(),
                       .destination = ip.destination(),
                       .instance = id.instance,
                       .payload_length = static_cast<std::uint16_t>(udp.size() - kUdpLength),
                       .domain = c.port.domain,
                       .port = port_in_key(kType, c.port.port),
                       .link = id.link,
                       .type = kType,
                       .family = ip.family,
                       .ttl = ip.ttl}};
}

}  // namespace tocsin::overlay
