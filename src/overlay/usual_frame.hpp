#pragma once

#include "overlay/classify.hpp"
#include "overlay/headers.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/usual_checks.hpp"

#include <cstdint>
#include <span>

namespace tocsin::overlay {

/// A single-hop Control packet of 24 octets as practically all are: untagged, without IP options or
/// extension headers.
enum class UsualFrame : std::uint8_t {
    No,  ///< something else or not in order: classify() says what
    V4,
    V6,
};

inline constexpr std::size_t kUsualPayloadV4 = kEthernetLength + kIpv4Length + kUdpLength;
inline constexpr std::size_t kUsualPayloadV6 = kEthernetLength + kIpv6Length + kUdpLength;

namespace detail {

inline constexpr std::uint16_t kUsualUdpLength = kUdpLength + 24;

/// Ports and length of the UDP header; the source port may be any.
inline bool udp_is_usual(const std::uint8_t* udp) noexcept {
    return raw<std::uint16_t>(udp + kUdpDestinationPortOffset) == wire16(kSingleHopPort) &&
           raw<std::uint16_t>(udp + kUdpLengthOffset) == wire16(kUsualUdpLength) &&
           raw<std::uint16_t>(udp + kUdpChecksumOffset) != 0;
}

inline bool usual_v4(std::span<const std::uint8_t> frame, const PortContext& port, ChecksumHint ip,
                     ChecksumHint udp_hint) noexcept {
    const std::uint8_t* const h = frame.data() + kEthernetLength;
    const std::uint8_t* const udp = h + kIpv4Length;
    constexpr std::uint16_t kTotal = kIpv4Length + kUsualUdpLength;
    if (frame.size() < kUsualPayloadV4 + 24 || h[0] != 0x45 ||
        raw<std::uint16_t>(h + kIpv4TotalLengthOffset) != wire16(kTotal) ||
        (raw<std::uint16_t>(h + kIpv4FragmentOffset) & wire16(kIpv4FragmentMask)) != 0 ||
        raw<std::uint16_t>(h + kIpv4TtlOffset) != wire16(255U << 8U | kProtocolUdp) ||
        !udp_is_usual(udp) || !mac_is_ours(frame.data(), port.mac)) {
        return false;
    }
    const std::uint8_t* const source = h + kIpv4SourceOffset;
    if (!is_one_station_v4(source) || port.addresses.contains_v4(source) ||
        !port.addresses.contains_v4(h + kIpv4DestinationOffset)) {
        return false;
    }
    if (ip != ChecksumHint::Good) {
        if (ip == ChecksumHint::Bad || !ipv4_sum(h).complete()) return false;
    }
    if (udp_hint == ChecksumHint::Good) return true;
    WideSum datagram = addresses_sum<true>(h);
    add_udp_numbers(datagram, kUsualUdpLength);
    datagram.add_octets<kUsualUdpLength>(udp);
    return datagram.complete();
}

inline bool usual_v6(std::span<const std::uint8_t> frame, const PortContext& port,
                     ChecksumHint udp_hint) noexcept {
    const std::uint8_t* const h = frame.data() + kEthernetLength;
    const std::uint8_t* const udp = h + kIpv6Length;
    if (frame.size() < kUsualPayloadV6 + 24 || h[0] >> 4U != 6 ||
        raw<std::uint16_t>(h + kIpv6PayloadLengthOffset) != wire16(kUsualUdpLength) ||
        raw<std::uint16_t>(h + kIpv6NextHeaderOffset) != wire16(kProtocolUdp << 8U | 255U) ||
        !udp_is_usual(udp) || !mac_is_ours(frame.data(), port.mac)) {
        return false;
    }
    const std::uint8_t* const source = h + kIpv6SourceOffset;
    const bool short_address = raw<std::uint64_t>(source) == 0;  // also those that classify() takes
    if (short_address || source[0] == 0xff || port.addresses.contains_v6(source) ||
        !port.addresses.contains_v6(h + kIpv6DestinationOffset)) {
        return false;
    }
    if (udp_hint == ChecksumHint::Good) return true;
    WideSum datagram = addresses_sum<false>(h);
    add_udp_numbers(datagram, kUsualUdpLength);
    datagram.add_octets<kUsualUdpLength>(udp);
    return datagram.complete();
}

}  // namespace detail

/// Whether classify() would find a Control packet in `frame` without any of its rarer ways: then
/// its payload is at kUsualPayloadV4 or kUsualPayloadV6 and the rest is known. Reads nothing beyond
/// `frame`.
[[nodiscard]] inline UsualFrame usual_frame(std::span<const std::uint8_t> frame,
                                            const PortContext& port, ChecksumHint ip,
                                            ChecksumHint udp) noexcept {
    if (frame.size() < kEthernetLength) return UsualFrame::No;
    const auto type = detail::raw<std::uint16_t>(frame.data() + kEtherTypeOffset);
    if (type == detail::wire16(kEtherTypeIpv4)) {
        return detail::usual_v4(frame, port, ip, udp) ? UsualFrame::V4 : UsualFrame::No;
    }
    if (type == detail::wire16(kEtherTypeIpv6)) {
        return detail::usual_v6(frame, port, udp) ? UsualFrame::V6 : UsualFrame::No;
    }
    return UsualFrame::No;
}

/// The packet in a frame of which usual_frame() said `kind`, as classify() describes it.
[[nodiscard]] inline ReceivedPacket usual_packet(const std::uint8_t* frame, UsualFrame kind,
                                                 const PortContext& port) noexcept {
    const bool v4 = kind == UsualFrame::V4;
    const std::uint8_t* const ip = frame + kEthernetLength;
    return {.payload = frame + (v4 ? kUsualPayloadV4 : kUsualPayloadV6),
            .source = ip + (v4 ? kIpv4SourceOffset : kIpv6SourceOffset),
            .destination = ip + (v4 ? kIpv4DestinationOffset : kIpv6DestinationOffset),
            .instance = 0,
            .payload_length = 24,
            .domain = port.domain,
            .port = port.port,
            .type = SessionType::SingleHop,
            .family = v4 ? AddressFamily::V4 : AddressFamily::V6,
            .ttl = 255,
            .point_to_point = port.point_to_point};
}

}  // namespace tocsin::overlay
