#pragma once

#include "dataplane/base/bytes.hpp"
#include "overlay/classify.hpp"
#include "overlay/geneve.hpp"
#include "overlay/headers.hpp"
#include "overlay/inner_ethernet.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/usual_checks.hpp"
#include "overlay/usual_frame.hpp"
#include "overlay/vxlan.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

// Control packets of 24 octets in VXLAN or Geneve as practically all are: no tags, no options, an
// Ethernet frame inside. What stands here agrees with classify(), only in fewer instructions.

namespace detail {

/// Where everything lies, by the families outside and inside.
template <bool outer_v4, bool inner_v4>
struct TunnelShape {
    static constexpr std::size_t kOuterIp = kEthernetLength;
    static constexpr std::size_t kOuterIpLength = outer_v4 ? kIpv4Length : kIpv6Length;
    static constexpr std::size_t kOuterUdp = kOuterIp + kOuterIpLength;
    static constexpr std::size_t kTunnel = kOuterUdp + kUdpLength;
    static constexpr std::size_t kInner = kTunnel + kVxlanLength;  // Geneve's is as long
    static constexpr std::size_t kInnerIp = kInner + kEthernetLength;
    static constexpr std::size_t kInnerUdp = kInnerIp + (inner_v4 ? kIpv4Length : kIpv6Length);
    static constexpr std::size_t kPayload = kInnerUdp + kUdpLength;
    static constexpr std::size_t kEnd = kPayload + 24;
    static constexpr std::uint16_t kOuterUdpOctets = kEnd - kOuterUdp;
};
static_assert(kVxlanLength == kGeneveLength);

template <bool outer_v4, bool inner_v4>
bool usual_tunnel_of(std::span<const std::uint8_t> frame, const PortContext& port, ChecksumHint ip,
                     ChecksumHint udp_hint, ReceivedPacket& out) noexcept {
    using At = TunnelShape<outer_v4, inner_v4>;
    if (frame.size() < At::kEnd) return false;
    const std::uint8_t* const f = frame.data();
    const std::uint8_t* const outer = f + At::kOuterIp;
    const std::uint8_t* const source = outer + (outer_v4 ? kIpv4SourceOffset : kIpv6SourceOffset);
    const std::uint8_t* const destination = source + (outer_v4 ? 4 : 16);
    const std::uint8_t* const udp = f + At::kOuterUdp;
    const std::uint8_t* const tunnel = f + At::kTunnel;
    const std::uint8_t* const inner = f + At::kInnerIp;
    const std::uint8_t* const inner_udp = f + At::kInnerUdp;

    // Outside: for us, from one station, with the lengths of just this.
    if constexpr (outer_v4) {
        if (!ipv4_is_usual(outer, At::kOuterUdpOctets) || !is_one_station_v4(source) ||
            port.addresses.contains_v4(source) || !port.addresses.contains_v4(destination)) {
            return false;
        }
        if (ip != ChecksumHint::Good && (ip == ChecksumHint::Bad || !ipv4_sum(outer).complete())) {
            return false;
        }
    } else {
        if (!ipv6_is_usual(outer, At::kOuterUdpOctets) || !is_one_station_v6(source) ||
            port.addresses.contains_v6(source) || !port.addresses.contains_v6(destination)) {
            return false;
        }
    }
    if (raw<std::uint16_t>(udp + kUdpLengthOffset) != wire16(At::kOuterUdpOctets)) return false;
    const bool summed = raw<std::uint16_t>(udp + kUdpChecksumOffset) != 0;
    if (!summed && !outer_v4 && !port.tunnels_without_checksum) return false;

    // Inside: a Control packet of RFC 5881 with a right sum.
    const std::uint8_t* const inner_source =
        inner + (inner_v4 ? kIpv4SourceOffset : kIpv6SourceOffset);
    const std::uint8_t* const inner_destination = inner_source + (inner_v4 ? 4 : 16);
    if constexpr (inner_v4) {
        if (!ipv4_is_usual(inner, kUsualUdpLength) || inner[kIpv4TtlOffset] != 255 ||
            !is_one_station_v4(inner_source)) {
            return false;
        }
    } else {
        if (!ipv6_is_usual(inner, kUsualUdpLength) || inner[kIpv6HopLimitOffset] != 255 ||
            !is_one_station_v6(inner_source)) {
            return false;
        }
    }
    if (!udp_is_usual(inner_udp)) return false;

    // The outer sum covers what the inner ones do: it is added up once.
    WideSum header;  // the inner one, without its addresses
    if constexpr (inner_v4) {
        header.add_octets<kIpv4SourceOffset>(inner);
    } else {
        header.add_octets<kIpv6SourceOffset>(inner);
    }
    const WideSum addresses = addresses_sum<inner_v4>(inner);
    header.add(addresses);
    if (inner_v4 && !header.complete()) return false;
    WideSum datagram;
    datagram.add_octets<kUsualUdpLength>(inner_udp);
    if (summed && udp_hint != ChecksumHint::Good) {
        WideSum all = addresses_sum<outer_v4>(outer);
        add_udp_numbers(all, At::kOuterUdpOctets);
        all.add_octets<At::kInnerIp - At::kOuterUdp>(udp);
        all.add(header);
        all.add(datagram);
        if (!all.complete()) return false;
    }
    datagram.add(addresses);
    add_udp_numbers(datagram, kUsualUdpLength);
    if (!datagram.complete()) return false;

    out.payload = f + At::kPayload;
    out.payload_length = 24;
    out.domain = port.domain;
    out.ttl = 255;
    out.point_to_point = false;
    const std::uint32_t vni = load_be32(tunnel + 4) >> 8U;
    const std::uint16_t to = raw<std::uint16_t>(udp + kUdpDestinationPortOffset);
    if (to == wire16(kVxlanPort)) {
        const bool to_bfd = mac_is_ours(f + At::kInner, kVxlanBfdMac);
        if ((tunnel[0] & kVxlanFlagI) == 0 || (!to_bfd && !mac_is_ours(f + At::kInner, port.mac))) {
            return false;
        }
        if constexpr (inner_v4) {
            // Mostly that of the VTEP, of which it is known already.
            const bool known =
                outer_v4 && raw<std::uint32_t>(inner_source) == raw<std::uint32_t>(source);
            if ((!known && port.addresses.contains_v4(inner_source)) ||
                (inner_destination[0] != 127 && !port.addresses.contains_v4(inner_destination))) {
                return false;
            }
        } else {
            const bool mapped = raw<std::uint64_t>(inner_destination) == 0 &&
                                load_be32(inner_destination + 8) == 0xffffU &&
                                inner_destination[12] == 127;
            if (port.addresses.contains_v6(inner_source) ||
                (!mapped && !port.addresses.contains_v6(inner_destination))) {
                return false;
            }
        }
        out.source = source;
        out.destination = destination;
        out.family = outer_v4 ? AddressFamily::V4 : AddressFamily::V6;
        out.instance = inner_v4 ? vni : vni | kInnerV6;
        out.link = 0;
        out.type = SessionType::Vxlan;
    } else {  // Geneve
        if (tunnel[0] != 0 || (tunnel[1] & kGeneveFlagC) != 0 || (f[At::kInner] & 1U) != 0 ||
            raw<std::uint16_t>(tunnel + kGeneveProtocolOffset) != wire16(kEtherTypeBridging)) {
            return false;
        }
        MacAddress to_mac;
        MacAddress from_mac;
        std::memcpy(to_mac.data(), f + At::kInner, 6);
        std::memcpy(from_mac.data(), f + At::kInner + 6, 6);
        const Geneve::Identity id = Geneve::identity(vni, to_mac, from_mac, {});
        out.source = inner_source;
        out.destination = inner_destination;
        out.family = inner_v4 ? AddressFamily::V4 : AddressFamily::V6;
        out.instance = id.instance;
        out.link = id.link;
        out.type = SessionType::Geneve;
    }
    out.port = port_in_key(out.type, port.port);
    return true;
}

template <bool outer_v4>
bool usual_tunnel_in(std::span<const std::uint8_t> frame, const PortContext& port, ChecksumHint ip,
                     ChecksumHint udp_hint, ReceivedPacket& out) noexcept {
    constexpr std::size_t kUdp = TunnelShape<outer_v4, true>::kOuterUdp;
    constexpr std::size_t kInnerType = TunnelShape<outer_v4, true>::kInner + kEtherTypeOffset;
    if (frame.size() < kInnerType + 2) return false;
    const auto to = raw<std::uint16_t>(frame.data() + kUdp + kUdpDestinationPortOffset);
    if (to != wire16(kVxlanPort) && to != wire16(kGenevePort)) return false;
    const auto inner = raw<std::uint16_t>(frame.data() + kInnerType);
    if (inner == wire16(kEtherTypeIpv4)) {
        return usual_tunnel_of<outer_v4, true>(frame, port, ip, udp_hint, out);
    }
    return inner == wire16(kEtherTypeIpv6) &&
           usual_tunnel_of<outer_v4, false>(frame, port, ip, udp_hint, out);
}

}  // namespace detail

/// Whether classify() would find a Control packet in a tunnel in `frame` without any of its rarer
/// ways: then `out` is what it would say. Reads nothing beyond `frame`.
[[nodiscard]] inline bool usual_tunnel(std::span<const std::uint8_t> frame, const PortContext& port,
                                       ChecksumHint ip, ChecksumHint udp,
                                       ReceivedPacket& out) noexcept {
    if (frame.size() < kEthernetLength || !detail::mac_is_ours(frame.data(), port.mac)) {
        return false;
    }
    const auto type = detail::raw<std::uint16_t>(frame.data() + kEtherTypeOffset);
    if (type == detail::wire16(kEtherTypeIpv4)) {
        return detail::usual_tunnel_in<true>(frame, port, ip, udp, out);
    }
    return type == detail::wire16(kEtherTypeIpv6) &&
           detail::usual_tunnel_in<false>(frame, port, ip, udp, out);
}

}  // namespace tocsin::overlay
