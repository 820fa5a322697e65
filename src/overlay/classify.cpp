#include "overlay/classify.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"
#include "overlay/checksum.hpp"
#include "overlay/echo.hpp"
#include "overlay/headers.hpp"
#include "overlay/single_hop.hpp"

#include <algorithm>
#include <cstring>

namespace tocsin::overlay {

namespace {

using Octets = std::span<const std::uint8_t>;

constexpr std::size_t kMinControlPacket = 24;  // RFC 5880 4.1

Classified drop(DropReason reason) noexcept {
    return {.verdict = Verdict::Drop, .reason = reason, .packet = {}};
}

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

/// What UDP needs to know of the IP header in front of it.
struct IpHeader {
    Octets addresses;  ///< source and destination as they stand in the header
    AddressFamily family = AddressFamily::None;
    std::uint8_t ttl = 0;
};

/// A source that no single other station can have.
bool source_is_martian(const IpHeader& ip, const LocalAddresses& own) noexcept {
    const std::uint8_t* const a = ip.addresses.data();
    if (ip.family == AddressFamily::V4) {
        const std::uint32_t v = load_be32(a);
        return v == 0 || v == 0xffffffffU || v >> 24U == 127 || v >> 28U == 0xeU ||
               own.contains_v4(a);
    }
    const bool short_address = load_be32(a) == 0 && load_be32(a + 4) == 0 && load_be32(a + 8) == 0;
    return a[0] == 0xff || (short_address && load_be32(a + 12) <= 1) || own.contains_v6(a);
}

/// `udp` is the datagram from its header to its Length. A Bad hint is not taken on trust, since
/// drivers give it for checksums that were left to hardware that is not there.
bool checksum_accepted(const IpHeader& ip, Octets udp, UdpChecksumPolicy policy,
                       ChecksumHint hint) noexcept {
    const std::uint16_t stored = load_checksum(&udp[kUdpChecksumOffset]);
    if (stored == 0) return ip.family == AddressFamily::V4;  // none: RFC 768, but RFC 8200 8.1
    if (policy == UdpChecksumPolicy::Ignore || hint == ChecksumHint::Good) return true;
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.addresses, kProtocolUdp, static_cast<std::uint16_t>(udp.size()));
    if (fold_sum(sum_words(udp, pseudo)) == 0xffffU) return true;
    return policy == UdpChecksumPolicy::AcceptPartial && stored == fold_sum(pseudo);
}

/// Whether a packet to an address that the port does not have is multihop BFD to another port of
/// ours; link-local addresses mean something else on each link. `upper` is what follows the IP
/// header.
bool is_multi_hop_to_us(const IpAddress& destination, Octets upper,
                        const PortContext& port) noexcept {
    if (upper.size() < kUdpLength) return false;
    if (load_be16(&upper[kUdpDestinationPortOffset]) != kMultiHopPort) return false;
    if (destination.is_v6() && is_link_local(destination)) return false;
    return std::ranges::any_of(port.domain_addresses, [&](const LocalAddresses& own) {
        return own.contains(destination);
    });
}

Classified classify_udp(const IpHeader& ip, Octets upper, const PortContext& port,
                        ChecksumHint hint) noexcept {
    if (upper.size() < kUdpLength) return drop(DropReason::UdpLength);
    const std::uint16_t destination_port = load_be16(&upper[kUdpDestinationPortOffset]);
    const bool single_hop = destination_port == kSingleHopPort;
    const bool echo = destination_port == kEchoPort;
    if (!single_hop && !echo && destination_port != kMultiHopPort) {
        return drop(DropReason::NotHandled);
    }
    // Echo packets come from ourselves.
    if (!echo && source_is_martian(ip, port.addresses)) return drop(DropReason::IpSource);
    const std::uint16_t length = load_be16(&upper[kUdpLengthOffset]);
    if (length < kUdpLength || length > upper.size()) return drop(DropReason::UdpLength);
    if (single_hop && ip.ttl != 255) return drop(DropReason::TtlNot255);  // GTSM, RFC 5881 5
    const Octets udp = upper.first(length);
    if (!checksum_accepted(ip, udp, port.udp_checksum, hint)) return drop(DropReason::UdpChecksum);
    if (length < kUdpLength + kMinControlPacket) return drop(DropReason::PayloadTooShort);
    const SessionType type = single_hop ? SessionType::SingleHop
                             : echo     ? SessionType::Echo
                                        : SessionType::MultiHop;
    return {.verdict = echo ? Verdict::Echo : Verdict::Bfd,
            .reason = DropReason::None,
            .packet = {.payload = udp.data() + kUdpLength,
                       .source = ip.addresses.data(),
                       .destination = ip.addresses.data() + ip.addresses.size() / 2,
                       .instance = echo ? load_be16(&upper[0]) : 0U,
                       .payload_length = static_cast<std::uint16_t>(length - kUdpLength),
                       .domain = port.domain,
                       .port = port.port,
                       .type = type,
                       .family = ip.family,
                       .ttl = ip.ttl,
                       .point_to_point = port.point_to_point}};
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
                         ChecksumHint udp_hint) noexcept {
    if (octets.size() < kIpv4Length || octets[0] >> 4U != 4) return drop(DropReason::IpHeader);
    const std::size_t header = std::size_t{octets[0] & 15U} * 4U;
    if (header < kIpv4Length || header > octets.size()) return drop(DropReason::IpHeader);
    const std::size_t total = load_be16(&octets[kIpv4TotalLengthOffset]);
    if (total < header || total > octets.size()) return drop(DropReason::IpLength);
    if (ip_hint == ChecksumHint::Bad || (ip_hint == ChecksumHint::Unknown &&
                                         fold_sum(sum_words(octets.first(header))) != 0xffffU)) {
        return drop(DropReason::IpChecksum);
    }
    const std::uint8_t protocol = octets[kIpv4ProtocolOffset];
    if (!port.addresses.contains_v4(&octets[kIpv4DestinationOffset]) &&
        (protocol != kProtocolUdp ||
         !is_multi_hop_to_us(ip_address(octets.subspan(kIpv4DestinationOffset, 4)),
                             octets.subspan(header, total - header), port))) {
        return classify_foreign(octets.first(total), header, port);
    }
    if ((load_be16(&octets[kIpv4FragmentOffset]) & kIpv4FragmentMask) != 0) {
        return drop(DropReason::IpFragment);
    }
    if (protocol == kProtocolUdp) {
        return classify_udp({.addresses = octets.subspan(kIpv4SourceOffset, 8),
                             .family = AddressFamily::V4,
                             .ttl = octets[kIpv4TtlOffset]},
                            octets.subspan(header, total - header), port, udp_hint);
    }
    return protocol == kProtocolIcmp ? punt() : drop(DropReason::NotHandled);
}

Classified classify_ipv6(Octets octets, const PortContext& port, ChecksumHint udp_hint) noexcept {
    if (octets.size() < kIpv6Length || octets[0] >> 4U != 6) return drop(DropReason::IpHeader);
    const std::size_t length = load_be16(&octets[kIpv6PayloadLengthOffset]);
    if (length > octets.size() - kIpv6Length) return drop(DropReason::IpLength);
    const std::uint8_t* const destination = &octets[kIpv6DestinationOffset];
    const std::uint8_t next = octets[kIpv6NextHeaderOffset];
    if (!port.addresses.contains_v6(destination) &&
        (next != kProtocolUdp ||
         !is_multi_hop_to_us(ip_address(octets.subspan(kIpv6DestinationOffset, 16)),
                             octets.subspan(kIpv6Length, length), port))) {
        const bool for_us = next == kProtocolIcmpv6 && port.addresses.listens_to(destination);
        if (for_us) return punt();
        return classify_foreign(octets.first(kIpv6Length + length), kIpv6Length, port);
    }
    if (next == kProtocolUdp) {
        return classify_udp({.addresses = octets.subspan(kIpv6SourceOffset, 32),
                             .family = AddressFamily::V6,
                             .ttl = octets[kIpv6HopLimitOffset]},
                            octets.subspan(kIpv6Length, length), port, udp_hint);
    }
    if (next == kProtocolIcmpv6) return punt();
    if (next == kIpv6Fragment) return drop(DropReason::IpFragment);
    return drop(is_ipv6_extension(next) ? DropReason::IpExtensionHeader : DropReason::NotHandled);
}

constexpr bool is_tag(std::uint16_t type) noexcept {
    return type == kEtherTypeVlan || type == kEtherTypeQinq;
}

/// The EtherType behind a priority tag: VLAN 0 is a priority and no VLAN, IEEE 802.1Q.
Classified classify_tagged(Octets frame, const PortContext& port, ChecksumHint ip,
                           ChecksumHint udp) noexcept {
    constexpr std::size_t kHeaders = kEthernetLength + kVlanTagLength;
    if (frame.size() < kHeaders) return drop(DropReason::EthernetTruncated);
    const std::uint16_t type = load_be16(&frame[kEtherTypeOffset + kVlanTagLength]);
    if ((load_be16(&frame[kEthernetLength]) & kVlanMask) != 0 || is_tag(type)) {
        return drop(DropReason::VlanUnknown);
    }
    const Octets payload = frame.subspan(kHeaders);
    if (type == kEtherTypeIpv4) return classify_ipv4(payload, port, ip, udp);
    if (type == kEtherTypeIpv6) return classify_ipv6(payload, port, udp);
    return type == kEtherTypeArp ? classify_arp(payload, port) : drop(DropReason::NotHandled);
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
    if (type == kEtherTypeIpv4) {
        return classify_ipv4(frame.subspan(kEthernetLength), port, ip, udp);
    }
    if (type == kEtherTypeIpv6) return classify_ipv6(frame.subspan(kEthernetLength), port, udp);
    if (type == kEtherTypeArp) return classify_arp(frame.subspan(kEthernetLength), port);
    return is_tag(type) ? classify_tagged(frame, port, ip, udp) : drop(DropReason::NotHandled);
}

}  // namespace tocsin::overlay
