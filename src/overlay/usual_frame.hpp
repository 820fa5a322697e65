#pragma once

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/classify.hpp"
#include "overlay/headers.hpp"
#include "overlay/single_hop.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tocsin::overlay {

// Nearly every frame that arrives is a Control packet of 24 octets over one hop, in an untagged
// frame without IP options. These recognize it by comparing words at fixed places and verify its
// checksums by sums of fixed length. What they accept, classify() would accept with the same
// result; what they do not, it looks at in its own way and names the fault.

namespace usual {

inline constexpr std::size_t kUdpDatagram = kUdpLength + 24;

/// Sum of `Octets` octets, a multiple of four.
template <std::size_t Octets>
[[nodiscard]] inline std::uint64_t sum(const std::uint8_t* p) noexcept {
    static_assert(Octets % 4 == 0);
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < Octets; i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, p + i, sizeof word);
        out += word;
    }
    return out;
}

/// Destination port 3784 and a Length of 32.
[[nodiscard]] inline bool is_control(const std::uint8_t* udp) noexcept {
    return load_be32(udp + kUdpDestinationPortOffset) ==
           (std::uint32_t{kSingleHopPort} << 16U | kUdpDatagram);
}

/// `addresses` is the sum of source and destination.
[[nodiscard]] inline bool udp_checksum_right(const std::uint8_t* udp,
                                             std::uint64_t addresses) noexcept {
    // Protocol and length of the pseudo header, RFC 768, as they would lie in memory.
    constexpr std::uint64_t kNumbers =
        __builtin_bswap16(kProtocolUdp) + std::uint64_t{__builtin_bswap16(kUdpDatagram)};
    return fold_sum(addresses + kNumbers + sum<kUdpDatagram>(udp)) == 0xffffU;
}

}  // namespace usual

/// False: not such a frame, or something about it is wrong.
[[nodiscard]] inline bool usual_ipv4(std::span<const std::uint8_t> frame, const PortContext& port,
                                     ChecksumHint ip_hint, ChecksumHint udp_hint,
                                     Classified& out) noexcept {
    constexpr std::size_t kTotal = kIpv4Length + usual::kUdpDatagram;
    if (frame.size() < kEthernetLength + kTotal) return false;
    const std::uint8_t* const ip = frame.data() + kEthernetLength;
    const std::uint8_t* const udp = ip + kIpv4Length;
    // EtherType, version and header length in one word; the type of service is anybody's.
    if (load_be32(ip - 2) >> 8U != (std::uint32_t{kEtherTypeIpv4} << 8U | 0x45U)) return false;
    if (load_be16(ip + kIpv4TotalLengthOffset) != kTotal) return false;
    if ((load_be16(ip + kIpv4FragmentOffset) & kIpv4FragmentMask) != 0) return false;
    if (load_be16(ip + kIpv4TtlOffset) != (255U << 8U | kProtocolUdp)) return false;
    if (!usual::is_control(udp)) return false;
    const std::uint8_t* const source = ip + kIpv4SourceOffset;
    const std::uint8_t* const destination = ip + kIpv4DestinationOffset;
    if (!port.addresses.contains_v4(destination)) return false;
    // Sources that need a closer look: zero, loopback, multicast and above, our own.
    const std::uint32_t from = load_be32(source);
    if (from == 0 || from >> 24U == 127 || from >> 28U >= 0xeU) return false;
    if (port.addresses.contains_v4(source)) return false;
    if (ip_hint != ChecksumHint::Good) {
        if (ip_hint == ChecksumHint::Bad) return false;
        if (fold_sum(usual::sum<kIpv4Length>(ip)) != 0xffffU) return false;
    }
    if (load_checksum(udp + kUdpChecksumOffset) == 0) return false;
    if (udp_hint != ChecksumHint::Good && !usual::udp_checksum_right(udp, usual::sum<8>(source))) {
        return false;
    }
    out.verdict = Verdict::Bfd;
    out.reason = DropReason::None;
    out.packet = {.payload = udp + kUdpLength,
                  .source = source,
                  .destination = destination,
                  .instance = 0,
                  .payload_length = 24,
                  .domain = port.domain,
                  .port = port.port,
                  .type = SessionType::SingleHop,
                  .family = AddressFamily::V4,
                  .ttl = 255,
                  .point_to_point = port.point_to_point};
    return true;
}

/// Likewise over IPv6.
[[nodiscard]] inline bool usual_ipv6(std::span<const std::uint8_t> frame, const PortContext& port,
                                     ChecksumHint udp_hint, Classified& out) noexcept {
    if (frame.size() < kEthernetLength + kIpv6Length + usual::kUdpDatagram) return false;
    const std::uint8_t* const ip = frame.data() + kEthernetLength;
    const std::uint8_t* const udp = ip + kIpv6Length;
    if (load_be16(ip - 2) != kEtherTypeIpv6 || ip[0] >> 4U != 6) return false;
    // Payload Length, Next Header and Hop Limit in one word.
    if (load_be32(ip + kIpv6PayloadLengthOffset) !=
        (std::uint32_t{usual::kUdpDatagram} << 16U | std::uint32_t{kProtocolUdp} << 8U | 255U)) {
        return false;
    }
    if (!usual::is_control(udp)) return false;
    const std::uint8_t* const source = ip + kIpv6SourceOffset;
    const std::uint8_t* const destination = ip + kIpv6DestinationOffset;
    if (!port.addresses.contains_v6(destination)) return false;
    // Sources that need a closer look: unspecified and loopback, multicast, our own.
    if (source[0] == 0 || source[0] == 0xff || port.addresses.contains_v6(source)) return false;
    if (load_checksum(udp + kUdpChecksumOffset) == 0) return false;
    if (udp_hint != ChecksumHint::Good && !usual::udp_checksum_right(udp, usual::sum<32>(source))) {
        return false;
    }
    out.verdict = Verdict::Bfd;
    out.reason = DropReason::None;
    out.packet = {.payload = udp + kUdpLength,
                  .source = source,
                  .destination = destination,
                  .instance = 0,
                  .payload_length = 24,
                  .domain = port.domain,
                  .port = port.port,
                  .type = SessionType::SingleHop,
                  .family = AddressFamily::V6,
                  .ttl = 255,
                  .point_to_point = port.point_to_point};
    return true;
}

}  // namespace tocsin::overlay
