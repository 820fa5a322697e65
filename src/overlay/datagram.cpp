#include "overlay/datagram.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/headers.hpp"

#include <algorithm>
#include <array>

namespace tocsin::overlay {

DropReason open_ipv4(Octets octets, ChecksumHint hint, const IpFaults& faults,
                     IpPacket& out) noexcept {
    if (octets.size() < kIpv4Length || octets[0] >> 4U != 4) return faults.header;
    const std::size_t header = std::size_t{octets[0] & 15U} * 4U;
    if (header < kIpv4Length || header > octets.size()) return faults.header;
    const std::size_t total = load_be16(&octets[kIpv4TotalLengthOffset]);
    if (total < header || total > octets.size()) return faults.length;
    if (hint == ChecksumHint::Bad ||
        (hint == ChecksumHint::Unknown && fold_sum(sum_words(octets.first(header))) != 0xffffU)) {
        return faults.checksum;
    }
    out = {.addresses = octets.subspan(kIpv4SourceOffset, 8),
           .upper = octets.subspan(header, total - header),
           .family = AddressFamily::V4,
           .ttl = octets[kIpv4TtlOffset],
           .protocol = octets[kIpv4ProtocolOffset],
           .fragment = (load_be16(&octets[kIpv4FragmentOffset]) & kIpv4FragmentMask) != 0};
    return DropReason::None;
}

DropReason open_ipv6(Octets octets, const IpFaults& faults, IpPacket& out) noexcept {
    if (octets.size() < kIpv6Length || octets[0] >> 4U != 6) return faults.header;
    const std::size_t length = load_be16(&octets[kIpv6PayloadLengthOffset]);
    if (length > octets.size() - kIpv6Length) return faults.length;
    const std::uint8_t next = octets[kIpv6NextHeaderOffset];
    out = {.addresses = octets.subspan(kIpv6SourceOffset, 32),
           .upper = octets.subspan(kIpv6Length, length),
           .family = AddressFamily::V6,
           .ttl = octets[kIpv6HopLimitOffset],
           .protocol = next,
           .fragment = next == kIpv6Fragment};
    return DropReason::None;
}

bool open_udp(const IpPacket& ip, Octets& udp) noexcept {
    if (ip.upper.size() < kUdpLength) return false;
    const std::uint16_t length = load_be16(&ip.upper[kUdpLengthOffset]);
    if (length < kUdpLength || length > ip.upper.size()) return false;
    udp = ip.upper.first(length);
    return true;
}

bool udp_checksum_accepted(const IpPacket& ip, Octets udp, UdpChecksumPolicy policy,
                           ChecksumHint hint) noexcept {
    const std::uint16_t stored = load_checksum(&udp[kUdpChecksumOffset]);
    if (stored == 0) return ip.family == AddressFamily::V4;
    if (policy == UdpChecksumPolicy::Ignore || hint == ChecksumHint::Good) return true;
    const std::uint64_t pseudo =
        pseudo_header_sum(ip.addresses, kProtocolUdp, static_cast<std::uint16_t>(udp.size()));
    if (fold_sum(sum_words(udp, pseudo)) == 0xffffU) return true;
    return policy == UdpChecksumPolicy::AcceptPartial && stored == fold_sum(pseudo);
}

bool source_is_martian(const IpPacket& ip, const LocalAddresses& own) noexcept {
    const std::uint8_t* const a = ip.source();
    if (ip.family == AddressFamily::V4) {
        const std::uint32_t v = load_be32(a);
        return v == 0 || v == 0xffffffffU || v >> 24U == 127 || v >> 28U == 0xeU ||
               own.contains_v4(a);
    }
    const bool short_address = load_be32(a) == 0 && load_be32(a + 4) == 0 && load_be32(a + 8) == 0;
    return a[0] == 0xff || (short_address && load_be32(a + 12) <= 1) || own.contains_v6(a);
}

bool is_loopback_destination(const IpPacket& ip) noexcept {
    const std::uint8_t* const a = ip.destination();
    if (ip.family == AddressFamily::V4) return a[0] == 127;
    constexpr std::array<std::uint8_t, 13> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
    return std::ranges::equal(std::span{a, kMapped.size()}, kMapped);
}

bool is_own_destination(const IpPacket& ip, const PortContext& port) noexcept {
    const IpAddress a = ip_address({ip.destination(), ip.addresses.size() / 2});
    if (port.addresses.contains(a)) return true;
    if (a.is_v6() && is_link_local(a)) return false;
    return std::ranges::any_of(port.domain_addresses,
                               [&](const LocalAddresses& own) { return own.contains(a); });
}

DropReason open_inner(Octets octets, AddressFamily family, UdpChecksumPolicy policy, IpPacket& out,
                      Octets& udp) noexcept {
    constexpr const IpFaults& kFaults = kInnerFaults;
    const DropReason reason = family == AddressFamily::V4
                                  ? open_ipv4(octets, ChecksumHint::Unknown, kFaults, out)
                                  : open_ipv6(octets, kFaults, out);
    if (reason != DropReason::None) return reason;
    if (out.fragment) return kFaults.fragment;
    if (out.protocol != kProtocolUdp) {
        const bool extension = family == AddressFamily::V6 && is_ipv6_extension(out.protocol);
        return extension ? kFaults.extension : kFaults.not_udp;
    }
    if (!open_udp(out, udp)) return kFaults.udp_length;
    if (!udp_checksum_accepted(out, udp, policy, ChecksumHint::Unknown)) {
        return kFaults.udp_checksum;
    }
    return udp.size() < kUdpLength + kMinControlPacket ? kFaults.payload : DropReason::None;
}

}  // namespace tocsin::overlay
