#pragma once

#include "hex_frame.hpp"
#include "overlay/classify.hpp"

#include <cstddef>
#include <string>

namespace tocsin::test {

inline constexpr const char* kBothFamilies[]{"single_hop_ipv4_up", "single_hop_ipv6_up"};

// Offsets in untagged golden frames.
inline constexpr std::size_t kIp = 14;
inline constexpr std::size_t kUdpV4 = 34;
inline constexpr std::size_t kUdpV6 = 54;

inline IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return ip_address(Bytes{a, b, c, d});
}
inline IpAddress v6(const std::string& hex) { return ip_address(from_hex(hex)); }

/// The port that the golden frames are addressed to.
inline overlay::PortContext golden_port() {
    overlay::PortContext port;
    port.port = PortId{7};
    port.domain = 3;
    port.mac = {2, 0, 0, 0, 0, 0x0b};
    port.point_to_point = true;
    port.addresses.add(v4(10, 0, 0, 1));  // others stand in front of the one that is looked for
    port.addresses.add(v6("20010db8 00ff0000 00000000 00000001"));
    port.addresses.add(v4(192, 0, 2, 2));
    port.addresses.add(v4(203, 0, 113, 2));
    port.addresses.add(v6("20010db8 00000000 00000000 00000002"));
    port.addresses.add(v6("20010db8 00020000 00000000 00000002"));
    port.addresses.add(v6("fe800000 00000000 00000000 0000000b"));
    return port;
}

inline bool is_ipv4(const Bytes& frame) { return get16(frame, 12) == 0x0800; }
inline std::size_t udp_offset(const Bytes& frame) { return is_ipv4(frame) ? kUdpV4 : kUdpV6; }

inline void fix_ip_checksum(Bytes& frame) {
    const std::size_t header = (frame.at(kIp) & 15U) * 4U;
    put16(frame, kIp + 10, 0);
    const auto begin = frame.begin() + kIp;
    put16(frame, kIp + 10,
          0xffffU ^ reference_sum(Bytes(begin, begin + static_cast<std::ptrdiff_t>(header))));
}

/// Folded, not complemented: what Linux leaves in the field as CHECKSUM_PARTIAL.
inline std::uint16_t pseudo_sum(const Bytes& frame) {
    const bool v4 = is_ipv4(frame);
    const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(kIp + (v4 ? 12 : 8));
    Bytes pseudo(begin, begin + (v4 ? 8 : 32));
    pseudo.insert(pseudo.end(), {0, 17});
    const std::size_t udp = udp_offset(frame);
    pseudo.insert(pseudo.end(), {frame.at(udp + 4), frame.at(udp + 5)});
    return reference_sum(pseudo);
}

/// Of an untagged frame without IPv4 options, over its UDP Length.
inline std::uint16_t right_udp_checksum(Bytes frame) {
    const std::size_t udp = udp_offset(frame);
    put16(frame, udp + 6, pseudo_sum(frame));  // the field counts as the pseudo header
    const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(udp);
    const Bytes covered(begin, begin + static_cast<std::ptrdiff_t>(get16(frame, udp + 4)));
    const auto checksum = static_cast<std::uint16_t>(0xffffU ^ reference_sum(covered));
    return checksum == 0 ? 0xffff : checksum;
}
inline void fix_udp_checksum(Bytes& frame) {
    put16(frame, udp_offset(frame) + 6, right_udp_checksum(frame));
}
inline void fix_checksums(Bytes& frame) {
    if (is_ipv4(frame)) fix_ip_checksum(frame);
    fix_udp_checksum(frame);
}

inline overlay::Classified classified(const Bytes& frame,
                                      const overlay::PortContext& port = golden_port(),
                                      overlay::ChecksumHint ip = overlay::ChecksumHint::Unknown,
                                      overlay::ChecksumHint udp = overlay::ChecksumHint::Unknown) {
    // Exactly as much heap as there are octets: the address sanitizer sees a read beyond them.
    const Bytes exact(frame.begin(), frame.end());
    overlay::Classified out = overlay::classify(exact, port, ip, udp);
    const auto moved = [&](const std::uint8_t* p) {
        return p == nullptr ? p : frame.data() + (p - exact.data());
    };
    out.packet.payload = moved(out.packet.payload);
    out.packet.source = moved(out.packet.source);
    out.packet.destination = moved(out.packet.destination);
    return out;
}

/// DropReason::None when it was not dropped.
inline DropReason drop_reason(const Bytes& frame,
                              const overlay::PortContext& port = golden_port()) {
    const auto out = classified(frame, port);
    return out.verdict == overlay::Verdict::Drop ? out.reason : DropReason::None;
}

}  // namespace tocsin::test
