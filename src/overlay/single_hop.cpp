#include "overlay/single_hop.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/headers.hpp"

#include <algorithm>

namespace tocsin::overlay {

namespace {

constexpr std::uint8_t kTtl = 255;  // RFC 5881 5

void put_ipv4(std::span<std::uint8_t> ip, const SingleHopHeaders& h, std::uint16_t udp_length) {
    ip[0] = 0x45;
    ip[1] = static_cast<std::uint8_t>(h.dscp << 2U);
    store_be16(&ip[kIpv4TotalLengthOffset], static_cast<std::uint16_t>(kIpv4Length + udp_length));
    ip[kIpv4FragmentOffset] = 0x40;  // don't fragment; an atomic datagram needs no identification
    ip[kIpv4TtlOffset] = kTtl;
    ip[kIpv4ProtocolOffset] = kProtocolUdp;
    std::ranges::copy(h.source.wire(), &ip[kIpv4SourceOffset]);
    std::ranges::copy(h.destination.wire(), &ip[kIpv4DestinationOffset]);
    store_checksum(&ip[kIpv4ChecksumOffset], sum_words(ip.first(kIpv4Length)));
}

void put_ipv6(std::span<std::uint8_t> ip, const SingleHopHeaders& h, std::uint16_t udp_length) {
    store_be32(&ip[0], 6U << 28U | static_cast<std::uint32_t>(h.dscp) << 22U);
    store_be16(&ip[kIpv6PayloadLengthOffset], udp_length);
    ip[kIpv6NextHeaderOffset] = kProtocolUdp;
    ip[kIpv6HopLimitOffset] = kTtl;
    std::ranges::copy(h.source.wire(), &ip[kIpv6SourceOffset]);
    std::ranges::copy(h.destination.wire(), &ip[kIpv6DestinationOffset]);
}

}  // namespace

HeaderTemplate single_hop_headers(const SingleHopHeaders& h) noexcept {
    HeaderTemplate t;
    if (h.source.family != h.destination.family || h.source.family == AddressFamily::None) return t;
    const bool v4 = h.source.is_v4();
    const auto udp_length = static_cast<std::uint16_t>(kUdpLength + t.payload_length);
    t.ip_offset = kEthernetLength;
    t.udp_offset = static_cast<std::uint8_t>(kEthernetLength + (v4 ? kIpv4Length : kIpv6Length));
    t.length = static_cast<std::uint8_t>(t.udp_offset + kUdpLength);

    const std::span<std::uint8_t> octets{t.octets};
    std::ranges::copy(h.destination_mac, octets.begin());
    std::ranges::copy(h.source_mac, octets.begin() + 6);
    store_be16(&octets[kEtherTypeOffset], v4 ? kEtherTypeIpv4 : kEtherTypeIpv6);
    if (v4) {
        put_ipv4(octets.subspan(t.ip_offset), h, udp_length);
    } else {
        put_ipv6(octets.subspan(t.ip_offset), h, udp_length);
    }
    const auto udp = octets.subspan(t.udp_offset);
    store_be16(&udp[0], h.source_port);
    store_be16(&udp[kUdpDestinationPortOffset], kSingleHopPort);
    store_be16(&udp[kUdpLengthOffset], udp_length);
    return t;
}

void set_lengths(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept {
    const auto ip = packet.subspan(t.ip_offset);
    const auto udp_length = static_cast<std::uint16_t>(kUdpLength + t.udp_payload());
    store_be16(&packet[t.udp_offset + kUdpLengthOffset], udp_length);
    if (ip[0] >> 4U == 4) {
        const auto header = static_cast<std::uint16_t>(t.udp_offset - t.ip_offset);
        store_be16(&ip[kIpv4TotalLengthOffset], static_cast<std::uint16_t>(header + udp_length));
        store_be16(&ip[kIpv4ChecksumOffset], 0);
        store_checksum(&ip[kIpv4ChecksumOffset], sum_words(ip.first(kIpv4Length)));
    } else {
        const auto extensions =
            static_cast<std::uint16_t>(t.udp_offset - t.ip_offset - kIpv6Length);
        store_be16(&ip[kIpv6PayloadLengthOffset],
                   static_cast<std::uint16_t>(extensions + udp_length));
    }
}

void finish_udp_checksum(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept {
    const bool v4 = packet[t.ip_offset] >> 4U == 4;
    const auto addresses = v4 ? packet.subspan(t.ip_offset + kIpv4SourceOffset, 8)
                              : packet.subspan(t.ip_offset + kIpv6SourceOffset, 32);
    const auto udp = packet.subspan(t.udp_offset, kUdpLength + t.payload_length);
    store_be16(&udp[kUdpChecksumOffset], 0);
    const auto length = static_cast<std::uint16_t>(kUdpLength + t.udp_payload());
    const std::uint64_t pseudo = pseudo_header_sum(addresses, kProtocolUdp, length);
    store_checksum(&udp[kUdpChecksumOffset], sum_words(udp, pseudo));
    if (load_checksum(&udp[kUdpChecksumOffset]) == 0) store_be16(&udp[kUdpChecksumOffset], 0xffff);
}

}  // namespace tocsin::overlay
