#include "overlay/classify.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/headers.hpp"
#include "overlay/single_hop.hpp"

namespace tocsin::overlay {

namespace {

constexpr std::size_t kMinControlPacket = 24;  // RFC 5880 4.1

Classified drop(DropReason reason) noexcept {
    return {.verdict = Verdict::Drop, .reason = reason, .packet = {}};
}

Classified punt() noexcept {
    return {.verdict = Verdict::Punt, .reason = DropReason::None, .packet = {}};
}

/// An address that no single peer can have, or that is ours.
bool is_martian_source(const IpAddress& source, const PortContext& port) noexcept {
    if (is_multicast(source) || is_unspecified(source) || is_loopback(source)) return true;
    if (source.is_v4() && load_be32(source.octets.data()) == 0xffffffffU) return true;
    return port.addresses.contains(source);
}

/// What both families share once IP is known to be sound: `upper` is the IP payload.
struct IpPacket {
    std::span<const std::uint8_t> upper;
    std::span<const std::uint8_t> addresses;  ///< source and destination
    IpAddress source;
    IpAddress destination;
    std::uint8_t ttl = 0;
};

bool checksum_accepted(const IpPacket& ip, std::span<const std::uint8_t> udp,
                       UdpChecksumPolicy policy, ChecksumHint hint) noexcept {
    if (policy == UdpChecksumPolicy::Ignore || hint == ChecksumHint::Good) return true;
    const std::uint16_t stored = load_be16(&udp[kUdpChecksumOffset]);
    if (stored == 0) return ip.source.is_v4();  // none, which only IPv4 allows
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.addresses, kProtocolUdp, static_cast<std::uint32_t>(udp.size()));
    if (fold_sum(sum_words(udp, pseudo)) == 0xffffU) return true;
    return policy == UdpChecksumPolicy::AcceptPartial && stored == fold_sum(pseudo);
}

Classified classify_udp(const IpPacket& ip, const PortContext& port, ChecksumHint hint) noexcept {
    if (ip.upper.size() < kUdpLength) return drop(DropReason::UdpLength);
    const std::uint16_t destination_port = load_be16(&ip.upper[kUdpDestinationPortOffset]);
    const bool single_hop = destination_port == kSingleHopPort;
    if (!single_hop && destination_port != kMultiHopPort) return drop(DropReason::NotHandled);
    if (is_martian_source(ip.source, port)) return drop(DropReason::IpSource);
    const std::uint16_t length = load_be16(&ip.upper[kUdpLengthOffset]);
    if (length < kUdpLength || length > ip.upper.size()) return drop(DropReason::UdpLength);
    if (single_hop && ip.ttl != 255) return drop(DropReason::TtlNot255);  // GTSM, RFC 5881 5
    const auto udp = ip.upper.first(length);
    if (!checksum_accepted(ip, udp, port.udp_checksum, hint)) return drop(DropReason::UdpChecksum);
    if (length < kUdpLength + kMinControlPacket) return drop(DropReason::PayloadTooShort);

    Classified out{.verdict = Verdict::Bfd, .reason = DropReason::None, .packet = {}};
    out.packet.payload = udp.data() + kUdpLength;
    out.packet.payload_length = static_cast<std::uint16_t>(length - kUdpLength);
    out.packet.source = ip.addresses.data();
    out.packet.destination = ip.addresses.data() + ip.addresses.size() / 2;
    out.packet.domain = port.domain;
    out.packet.port = port.port;
    out.packet.type = single_hop ? SessionType::SingleHop : SessionType::MultiHop;
    out.packet.family = ip.source.family;
    out.packet.ttl = ip.ttl;
    out.packet.point_to_point = port.point_to_point;
    return out;
}

Classified classify_ipv4(std::span<const std::uint8_t> octets, const PortContext& port,
                         ChecksumHint ip_hint, ChecksumHint udp_hint) noexcept {
    if (octets.size() < kIpv4Length || octets[0] >> 4U != 4) return drop(DropReason::IpHeader);
    const std::size_t header = (octets[0] & 15U) * 4U;
    if (header < kIpv4Length || header > octets.size()) return drop(DropReason::IpHeader);
    const std::size_t total = load_be16(&octets[kIpv4TotalLengthOffset]);
    if (total < header || total > octets.size()) return drop(DropReason::IpLength);
    if (ip_hint == ChecksumHint::Bad ||
        (ip_hint == ChecksumHint::Unknown && fold_sum(sum_words(octets.first(header))) != 0xffffU)) {
        return drop(DropReason::IpChecksum);
    }
    IpPacket ip;
    ip.addresses = octets.subspan(kIpv4SourceOffset, 8);
    ip.destination = ip_address(ip.addresses.subspan(4));
    if (!port.addresses.contains(ip.destination)) return drop(DropReason::IpDestination);
    const std::uint8_t protocol = octets[kIpv4ProtocolOffset];
    const bool fragment = (load_be16(&octets[kIpv4FragmentOffset]) & 0x3fffU) != 0;
    if (fragment) return drop(DropReason::IpFragment);
    if (protocol == kProtocolIcmp) return punt();
    if (protocol != kProtocolUdp) return drop(DropReason::NotHandled);
    ip.source = ip_address(ip.addresses.first(4));
    ip.upper = octets.subspan(header, total - header);
    ip.ttl = octets[kIpv4TtlOffset];
    return classify_udp(ip, port, udp_hint);
}

Classified classify_ipv6(std::span<const std::uint8_t> octets, const PortContext& port,
                         ChecksumHint udp_hint) noexcept {
    if (octets.size() < kIpv6Length || octets[0] >> 4U != 6) return drop(DropReason::IpHeader);
    const std::size_t length = load_be16(&octets[kIpv6PayloadLengthOffset]);
    if (length > octets.size() - kIpv6Length) return drop(DropReason::IpLength);
    IpPacket ip;
    ip.addresses = octets.subspan(kIpv6SourceOffset, 32);
    ip.destination = ip_address(ip.addresses.subspan(16));
    const std::uint8_t next = octets[kIpv6NextHeaderOffset];
    if (next == kProtocolIcmpv6 &&
        (is_multicast(ip.destination) || port.addresses.contains(ip.destination))) {
        return punt();
    }
    if (!port.addresses.contains(ip.destination)) return drop(DropReason::IpDestination);
    if (is_ipv6_extension(next)) return drop(DropReason::IpExtensionHeader);
    if (next != kProtocolUdp) return drop(DropReason::NotHandled);
    ip.source = ip_address(ip.addresses.first(16));
    ip.upper = octets.subspan(kIpv6Length, length);
    ip.ttl = octets[kIpv6HopLimitOffset];
    return classify_udp(ip, port, udp_hint);
}

}  // namespace

Classified classify(std::span<const std::uint8_t> frame, const PortContext& port, ChecksumHint ip,
                    ChecksumHint udp) noexcept {
    if (frame.size() < kEthernetLength) return drop(DropReason::EthernetTruncated);
    const bool to_group = (frame[0] & 1U) != 0;
    if (!to_group && std::memcmp(frame.data(), port.mac.data(), port.mac.size()) != 0) {
        return drop(DropReason::MacNotOurs);
    }
    std::size_t offset = kEthernetLength;
    std::uint16_t type = load_be16(&frame[kEtherTypeOffset]);
    if (type == kEtherTypeVlan || type == kEtherTypeQinq) {
        if (frame.size() < kEthernetLength + kVlanTagLength) {
            return drop(DropReason::EthernetTruncated);
        }
        // VLAN 0 is a priority and no VLAN, IEEE 802.1Q.
        if ((load_be16(&frame[kEthernetLength]) & 0xfffU) != 0) return drop(DropReason::VlanUnknown);
        type = load_be16(&frame[kEthernetLength + 2]);
        offset += kVlanTagLength;
    }
    switch (type) {
        case kEtherTypeIpv4:
            return classify_ipv4(frame.subspan(offset), port, ip, udp);
        case kEtherTypeIpv6:
            return classify_ipv6(frame.subspan(offset), port, udp);
        case kEtherTypeArp:
            return punt();
        default:
            return drop(DropReason::NotHandled);
    }
}

}  // namespace tocsin::overlay
