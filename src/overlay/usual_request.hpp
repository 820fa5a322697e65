#pragma once

#include "dataplane/base/ip.hpp"
#include "overlay/classify.hpp"
#include "overlay/headers.hpp"
#include "overlay/sbfd.hpp"
#include "overlay/usual_checks.hpp"
#include "overlay/usual_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

// Requests to S-BFD reflectors of 24 octets as practically all are: no tags, no options, to an
// address of the port. What stands here agrees with classify(), only in fewer instructions.

namespace detail {

template <bool v4>
bool usual_request_of(std::span<const std::uint8_t> frame, const PortContext& port, ChecksumHint ip,
                      ChecksumHint udp_hint, ReceivedPacket& out) noexcept {
    constexpr std::size_t kPayload = v4 ? kUsualPayloadV4 : kUsualPayloadV6;
    if (frame.size() < kPayload + kMinControlPacket) return false;
    const std::uint8_t* const h = frame.data() + kEthernetLength;
    const std::uint8_t* const udp = frame.data() + kPayload - kUdpLength;
    const std::uint8_t* const source = h + (v4 ? kIpv4SourceOffset : kIpv6SourceOffset);
    const std::uint8_t* const destination = source + (v4 ? 4 : 16);
    if (raw<std::uint16_t>(udp + kUdpDestinationPortOffset) != wire16(kSbfdPort) ||
        raw<std::uint16_t>(udp) == wire16(kSbfdPort) ||
        raw<std::uint16_t>(udp + kUdpLengthOffset) != wire16(kUsualUdpLength) ||
        raw<std::uint16_t>(udp + kUdpChecksumOffset) == 0) {
        return false;
    }
    if constexpr (v4) {
        if (!ipv4_is_usual(h, kUsualUdpLength) || !is_one_station_v4(source) ||
            port.addresses.contains_v4(source) || !port.addresses.contains_v4(destination)) {
            return false;
        }
        if (ip != ChecksumHint::Good && (ip == ChecksumHint::Bad || !ipv4_sum(h).complete())) {
            return false;
        }
    } else {
        if (!ipv6_is_usual(h, kUsualUdpLength) || !is_one_station_v6(source) ||
            port.addresses.contains_v6(source) || !port.addresses.contains_v6(destination)) {
            return false;
        }
    }
    if (udp_hint != ChecksumHint::Good) {
        WideSum datagram = addresses_sum<v4>(h);
        add_udp_numbers(datagram, kUsualUdpLength);
        datagram.add_octets<kUsualUdpLength>(udp);
        if (!datagram.complete()) return false;
    }
    constexpr AddressFamily kFamily = v4 ? AddressFamily::V4 : AddressFamily::V6;
    if (!leads_back(source, kFamily, port)) return false;
    out = {.payload = udp + kUdpLength,
           .source = source,
           .destination = destination,
           .payload_length = kMinControlPacket,
           .domain = port.domain,
           .port = port_in_key(SessionType::Sbfd, port.port),
           .type = SessionType::Sbfd,
           .family = kFamily,
           .ttl = h[v4 ? kIpv4TtlOffset : kIpv6HopLimitOffset]};
    return true;
}

}  // namespace detail

/// Whether classify() would find a request in `frame` without any of its rarer ways: then `out` is
/// what it would say. Reads nothing beyond `frame`.
[[nodiscard]] inline bool usual_request(std::span<const std::uint8_t> frame,
                                        const PortContext& port, ChecksumHint ip, ChecksumHint udp,
                                        ReceivedPacket& out) noexcept {
    if (frame.size() < kEthernetLength || !detail::mac_is_ours(frame.data(), port.mac)) {
        return false;
    }
    const auto type = detail::raw<std::uint16_t>(frame.data() + kEtherTypeOffset);
    if (type == detail::wire16(kEtherTypeIpv4)) {
        return detail::usual_request_of<true>(frame, port, ip, udp, out);
    }
    return type == detail::wire16(kEtherTypeIpv6) &&
           detail::usual_request_of<false>(frame, port, ip, udp, out);
}

}  // namespace tocsin::overlay
