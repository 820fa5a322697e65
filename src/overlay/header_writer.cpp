#include "overlay/header_writer.hpp"

#include "overlay/checksum.hpp"

namespace tocsin::overlay {

namespace {

/// Where the IP header in front of a tunnel's UDP header begins: behind Ethernet and its tags.
std::size_t outer_ip_offset(std::span<const std::uint8_t> packet) noexcept {
    std::size_t at = kEtherTypeOffset;
    while (is_vlan_tag(load_be16(&packet[at]))) at += kVlanTagLength;
    return at + 2;
}

/// Lengths of an IP header at `ip` and of the UDP header `header` octets behind it.
void set_lengths_at(std::span<std::uint8_t> ip, std::size_t header,
                    std::size_t udp_length) noexcept {
    store_be16(&ip[header + kUdpLengthOffset], static_cast<std::uint16_t>(udp_length));
    if (ip[0] >> 4U == 4) {
        store_be16(&ip[kIpv4TotalLengthOffset], static_cast<std::uint16_t>(header + udp_length));
        store_be16(&ip[kIpv4ChecksumOffset], 0);
        store_checksum(&ip[kIpv4ChecksumOffset], sum_words(ip.first(kIpv4Length)));
    } else {
        store_be16(&ip[kIpv6PayloadLengthOffset],
                   static_cast<std::uint16_t>(header - kIpv6Length + udp_length));
    }
}

/// The checksum of the datagram `header` octets behind the IP header at `ip`; `written` octets of
/// it are there, zeros follow up to `udp_length`.
void finish_checksum_at(std::span<std::uint8_t> ip, std::size_t header, std::size_t written,
                        std::size_t udp_length) noexcept {
    const auto addresses =
        ip[0] >> 4U == 4 ? ip.subspan(kIpv4SourceOffset, 8) : ip.subspan(kIpv6SourceOffset, 32);
    const auto udp = ip.subspan(header, written);
    std::uint8_t* const field = &udp[kUdpChecksumOffset];
    store_be16(field, 0);
    const std::uint64_t pseudo =
        pseudo_header_sum(addresses, kProtocolUdp, static_cast<std::uint16_t>(udp_length));
    store_checksum(field, sum_words(udp, pseudo));
    if (load_checksum(field) == 0) store_be16(field, 0xffff);
}

}  // namespace

std::uint8_t HeaderWriter::ip_udp(const IpUdp& h) noexcept {
    const bool v4 = h.source.is_v4();
    fits_ =
        fits_ && h.source.family == h.destination.family && h.source.family != AddressFamily::None;
    const auto ip = take(v4 ? kIpv4Length : kIpv6Length);
    const std::uint8_t udp_offset = t_.length;
    const auto udp = take(kUdpLength);
    if (udp.empty()) return 0;
    if (v4) {
        ip[0] = 0x45;
        ip[1] = static_cast<std::uint8_t>(h.dscp << 2U);
        ip[kIpv4FragmentOffset] =
            0x40;  // don't fragment; an atomic datagram needs no identification
        ip[kIpv4TtlOffset] = h.ttl;
        ip[kIpv4ProtocolOffset] = kProtocolUdp;
        std::ranges::copy(h.source.wire(), &ip[kIpv4SourceOffset]);
        std::ranges::copy(h.destination.wire(), &ip[kIpv4DestinationOffset]);
    } else {
        store_be32(&ip[0], 6U << 28U | static_cast<std::uint32_t>(h.dscp) << 22U);
        ip[kIpv6NextHeaderOffset] = kProtocolUdp;
        ip[kIpv6HopLimitOffset] = h.ttl;
        std::ranges::copy(h.source.wire(), &ip[kIpv6SourceOffset]);
        std::ranges::copy(h.destination.wire(), &ip[kIpv6DestinationOffset]);
    }
    store_be16(&udp[0], h.source_port);
    store_be16(&udp[kUdpDestinationPortOffset], h.destination_port);
    return udp_offset;
}

HeaderTemplate HeaderWriter::finish() const noexcept {
    if (!fits_) return {};
    HeaderTemplate out = t_;
    set_lengths(out.octets, out);
    return out;
}

void set_lengths(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept {
    if (t.udp_offset == 0) return;
    const std::size_t end = std::size_t{t.length} + t.udp_payload();
    set_lengths_at(packet.subspan(t.ip_offset), std::size_t{t.udp_offset} - t.ip_offset,
                   end - t.udp_offset);
    if (t.outer_udp_offset == 0) return;
    const std::size_t outer = outer_ip_offset(packet);
    set_lengths_at(packet.subspan(outer), t.outer_udp_offset - outer, end - t.outer_udp_offset);
}

void finish_udp_checksum(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept {
    if (t.udp_offset == 0) return;
    const std::size_t written = std::size_t{t.length} + t.payload_length;
    const std::size_t end = std::size_t{t.length} + t.udp_payload();
    finish_checksum_at(packet.subspan(t.ip_offset), std::size_t{t.udp_offset} - t.ip_offset,
                       written - t.udp_offset, end - t.udp_offset);
    if (t.outer_udp_offset == 0 ||
        load_checksum(&packet[t.outer_udp_offset + kUdpChecksumOffset]) == 0) {
        return;
    }
    const std::size_t outer = outer_ip_offset(packet);
    finish_checksum_at(packet.subspan(outer), t.outer_udp_offset - outer,
                       written - t.outer_udp_offset, end - t.outer_udp_offset);
}

}  // namespace tocsin::overlay
