#include "overlay/classify.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"
#include "overlay/datagram.hpp"
#include "overlay/echo.hpp"
#include "overlay/geneve.hpp"
#include "overlay/headers.hpp"
#include "overlay/label_stack.hpp"
#include "overlay/micro_bfd.hpp"
#include "overlay/mpls.hpp"
#include "overlay/sbfd.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/vccv.hpp"
#include "overlay/vlan.hpp"
#include "overlay/vxlan.hpp"

#include <algorithm>
#include <cstring>

namespace tocsin::overlay {

namespace {

Classified drop(DropReason reason) noexcept { return dropped(reason); }

Classified punt() noexcept {
    return {.verdict = Verdict::Punt, .reason = DropReason::None, .packet = {}};
}

/// Requests for other stations tell who is there and are mostly noise: they must not crowd out what
/// is for us. Replies, gratuitous requests and claims of our own addresses count as for us.
Classified classify_arp(Octets arp, const PortContext& port) noexcept {
    constexpr std::size_t kLength = 28;  // RFC 826, Ethernet and IPv4
    if (arp.size() < kLength) return drop(DropReason::NotHandled);
    const std::uint8_t* const sender = &arp[14];
    const std::uint8_t* const target = &arp[24];
    Classified out = punt();
    const bool request = load_be16(&arp[6]) == 1;
    if (request && load_be32(sender) != load_be32(target) && !port.addresses.contains_v4(target) &&
        !port.addresses.contains_v4(sender)) {
        out.verdict = Verdict::PuntAside;
    }
    return out;
}

/// Whether a packet to an address that the port does not have is for the LAG that it is a member
/// of, or for another port of ours and may come in here: multihop BFD, S-BFD, or a tunnel.
bool is_routed_to_us(const IpPacket& ip, const PortContext& port) noexcept {
    if (ip.protocol != kProtocolUdp || ip.upper.size() < kUdpLength) return false;
    const std::uint16_t to = load_be16(&ip.upper[kUdpDestinationPortOffset]);
    if (to == kMicroBfdPort) {
        return port.member.contains(ip_address({ip.destination(), ip.addresses.size() / 2}));
    }
    if (to != kMultiHopPort && to != kVxlanPort && to != kGenevePort && !is_sbfd(ip)) return false;
    return is_own_destination(ip, port);
}

/// A tunnel over UDP. Its own checksum may be none over IPv4, and over IPv6 where that was agreed
/// upon, RFC 6935 and 6936: what is inside has one of its own.
template <Encap E>
Classified classify_tunnel(const IpPacket& ip, const PortContext& port, ChecksumHint hint,
                           const std::uint8_t* frame) noexcept {
    if (source_is_martian(ip, port.addresses)) return drop(DropReason::IpSource);
    Octets udp;
    if (!open_udp(ip, udp)) return drop(DropReason::UdpLength);
    const bool none = port.tunnels_without_checksum && load_be16(&udp[kUdpChecksumOffset]) == 0;
    if (!none && !udp_checksum_accepted(ip, udp, port.udp_checksum, hint)) {
        return drop(DropReason::UdpChecksum);
    }
    return E::open({.port = port, .ip = ip, .octets = udp.subspan(kUdpLength), .frame = frame});
}

/// A request to an address of ours, or a reply: it comes from that port and goes to any.
bool is_lsp_ping(const IpPacket& ip, const PortContext& port) noexcept {
    return port.mpls && (load_be16(ip.upper.data()) == kLspPingPort ||
                         load_be16(&ip.upper[kUdpDestinationPortOffset]) == kLspPingPort);
}

Classified classify_udp(const IpPacket& ip, const PortContext& port, ChecksumHint hint,
                        const std::uint8_t* frame) noexcept {
    if (ip.upper.size() < kUdpLength) return drop(DropReason::UdpLength);
    const std::uint16_t destination_port = load_be16(&ip.upper[kUdpDestinationPortOffset]);
    if (destination_port == kVxlanPort) return classify_tunnel<Vxlan>(ip, port, hint, frame);
    if (destination_port == kGenevePort) return classify_tunnel<Geneve>(ip, port, hint, frame);
    const bool micro = destination_port == kMicroBfdPort;
    const bool near = micro || destination_port == kSingleHopPort;
    const bool echo = destination_port == kEchoPort;
    if (!near && !echo && destination_port != kMultiHopPort) {
        if (is_sbfd(ip)) return open_sbfd(ip, port, hint);
        return is_lsp_ping(ip, port) ? punt() : drop(DropReason::NotHandled);
    }
    // Echo packets come from ourselves.
    if (!echo && source_is_martian(ip, port.addresses)) return drop(DropReason::IpSource);
    // What we sent ourselves comes back from a member link that is looped.
    if (micro && port.member.contains(ip_address({ip.source(), ip.addresses.size() / 2}))) {
        return drop(DropReason::IpSource);
    }
    Octets udp;
    if (!open_udp(ip, udp)) return drop(DropReason::UdpLength);
    if (near && ip.ttl != 255) return drop(DropReason::TtlNot255);  // GTSM, RFC 5881 5
    if (!udp_checksum_accepted(ip, udp, port.udp_checksum, hint)) {
        return drop(DropReason::UdpChecksum);
    }
    if (udp.size() < kUdpLength + kMinControlPacket) return drop(DropReason::PayloadTooShort);
    const SessionType type = micro  ? SessionType::Micro
                             : near ? SessionType::SingleHop
                             : echo ? SessionType::Echo
                                    : SessionType::MultiHop;
    return {.verdict = echo ? Verdict::Echo : Verdict::Bfd,
            .reason = DropReason::None,
            .packet = {.payload = udp.data() + kUdpLength,
                       .source = ip.source(),
                       .destination = ip.destination(),
                       .instance = echo ? load_be16(udp.data()) : 0U,
                       .payload_length = static_cast<std::uint16_t>(udp.size() - kUdpLength),
                       .domain = port.domain,
                       .port = port.port,
                       .type = type,
                       .family = ip.family,
                       .ttl = ip.ttl,
                       .point_to_point = port.point_to_point}};
}

/// What an LSP ends with us: a pseudowire's control channel, or an IP packet.
Classified classify_labelled(Octets octets, const PortContext& port,
                             const std::uint8_t* frame) noexcept {
    BottomLabels labels;
    if (const DropReason reason = open_labels(octets, labels); reason != DropReason::None) {
        return drop(reason);
    }
    Carrier carrier{.port = port, .ip = {}, .octets = octets, .frame = frame};
    if (Vccv::is_control_channel(labels)) return Vccv::open(carrier);
    if (labels.behind[0] >> 4U == 0) return drop(DropReason::NotHandled);  // data of a pseudowire
    carrier.octets = labels.behind;
    return Mpls::open(carrier);
}

/// The last label of an LSP was popped by the hop before us, RFC 5884 5.
bool is_unlabelled(const IpPacket& ip, const PortContext& port) noexcept {
    return port.mpls && ip.protocol == kProtocolUdp && is_loopback_destination(ip);
}

/// To somebody else.
Classified classify_foreign(Octets ip, std::size_t header, const PortContext& port) noexcept {
    const DropReason reason = judge_foreign(ip, header, port);
    if (reason != DropReason::None) return drop(reason);
    Classified out{.verdict = Verdict::Reflect, .reason = DropReason::None, .packet = {}};
    out.packet.payload = ip.data();
    return out;
}

Classified classify_ipv4(Octets octets, const PortContext& port, ChecksumHint ip_hint,
                         ChecksumHint udp_hint, const std::uint8_t* frame) noexcept {
    IpPacket ip;
    const DropReason reason = open_ipv4(octets, ip_hint, kOuterFaults, ip);
    if (reason != DropReason::None) return drop(reason);
    if (!port.addresses.contains_v4(ip.destination()) && !is_routed_to_us(ip, port) &&
        !ends_here(ip, frame)) {
        if (is_unlabelled(ip, port)) return Mpls::open({.port = port, .ip = {}, .octets = octets});
        const std::size_t header = std::size_t{octets[0] & 15U} * 4U;
        return classify_foreign(octets.first(header + ip.upper.size()), header, port);
    }
    if (ip.fragment) return drop(DropReason::IpFragment);
    if (ip.protocol == kProtocolUdp) return classify_udp(ip, port, udp_hint, frame);
    return ip.protocol == kProtocolIcmp ? punt() : drop(DropReason::NotHandled);
}

Classified classify_ipv6(Octets octets, const PortContext& port, ChecksumHint udp_hint,
                         const std::uint8_t* frame) noexcept {
    IpPacket ip;
    const DropReason reason = open_ipv6(octets, kOuterFaults, ip);
    if (reason != DropReason::None) return drop(reason);
    if (!port.addresses.contains_v6(ip.destination()) && !is_routed_to_us(ip, port) &&
        !ends_here(ip, frame)) {
        const bool for_us =
            ip.protocol == kProtocolIcmpv6 && port.addresses.listens_to(ip.destination());
        if (for_us) return punt();
        if (is_unlabelled(ip, port)) return Mpls::open({.port = port, .ip = {}, .octets = octets});
        return classify_foreign(octets.first(kIpv6Length + ip.upper.size()), kIpv6Length, port);
    }
    if (ip.protocol == kProtocolUdp) return classify_udp(ip, port, udp_hint, frame);
    if (ip.protocol == kProtocolIcmpv6) return punt();
    if (ip.fragment) return drop(DropReason::IpFragment);
    return drop(is_ipv6_extension(ip.protocol) ? DropReason::IpExtensionHeader
                                               : DropReason::NotHandled);
}

/// What follows an Ethernet header and its tags.
Classified classify_type(std::uint16_t type, Octets octets, const PortContext& port,
                         ChecksumHint ip, ChecksumHint udp, const std::uint8_t* frame) noexcept {
    if (type == kEtherTypeIpv4) return classify_ipv4(octets, port, ip, udp, frame);
    if (type == kEtherTypeIpv6) return classify_ipv6(octets, port, udp, frame);
    if (type == kEtherTypeMpls && port.mpls) return classify_labelled(octets, port, frame);
    return type == kEtherTypeArp ? classify_arp(octets, port) : drop(DropReason::NotHandled);
}

/// The EtherType behind a priority tag: VLAN 0 is a priority and no VLAN, IEEE 802.1Q.
Classified classify_tagged(Octets frame, const PortContext& port, ChecksumHint ip,
                           ChecksumHint udp) noexcept {
    constexpr std::size_t kHeaders = kEthernetLength + kVlanTagLength;
    if (frame.size() < kHeaders) return drop(DropReason::EthernetTruncated);
    const std::uint16_t type = load_be16(&frame[kEtherTypeOffset + kVlanTagLength]);
    if ((load_be16(&frame[kEthernetLength]) & kVlanMask) != 0 || is_vlan_tag(type)) {
        return drop(DropReason::VlanUnknown);
    }
    return classify_type(type, frame.subspan(kHeaders), port, ip, udp, frame.data());
}

}  // namespace

Classified classify(std::span<const std::uint8_t> frame, const PortContext& port, ChecksumHint ip,
                    ChecksumHint udp) noexcept {
    if (frame.size() < kEthernetLength) return drop(DropReason::EthernetTruncated);
    const bool to_group = (frame[0] & 1U) != 0;
    if (!to_group && std::memcmp(frame.data(), port.mac.data(), port.mac.size()) != 0) {
        return drop(DropReason::MacNotOurs);
    }
    const std::uint16_t type = load_be16(&frame[kEtherTypeOffset]);
    if (is_vlan_tag(type)) return classify_tagged(frame, port, ip, udp);
    return classify_type(type, frame.subspan(kEthernetLength), port, ip, udp, frame.data());
}

}  // namespace tocsin::overlay
