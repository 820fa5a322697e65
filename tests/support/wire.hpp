#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Frames written and read by hand: octet by octet and without anything of src/overlay, so that a
// mistake there cannot hide in the test of it.

namespace tocsin::test {

using Octets = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

inline Octets join(std::initializer_list<View> parts) {
    Octets out;
    for (const View p : parts) out.insert(out.end(), p.begin(), p.end());
    return out;
}

inline std::uint32_t number(View octets, std::size_t at, std::size_t length) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < length; ++i) v = v << 8U | octets[at + i];
    return v;
}

inline void set16(Octets& octets, std::size_t at, std::size_t v) {
    octets.at(at) = static_cast<std::uint8_t>(v >> 8U);
    octets.at(at + 1) = static_cast<std::uint8_t>(v);
}

/// An IPv4 or IPv6 address in its usual text form; a slip in it ends the test program.
inline IpAddress ip(const std::string& text) {
    std::uint8_t octets[16];
    if (inet_pton(AF_INET, text.c_str(), octets) == 1) return ip_address(std::span{octets, 4});
    if (inet_pton(AF_INET6, text.c_str(), octets) == 1) return ip_address(std::span{octets, 16});
    std::abort();
}

/// RFC 1071 in its plainest form: 16-bit words in network order, carries added back. 0xffff over
/// octets that hold a right checksum.
inline std::uint16_t ones_sum(View octets) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        sum += i % 2 == 0 ? octets[i] * 256U : octets[i];
        sum = (sum & 0xffffU) + (sum >> 16U);
    }
    return static_cast<std::uint16_t>(sum);
}

/// The pseudo header of RFC 768 or RFC 8200 8.1 followed by `message`.
inline Octets with_pseudo_header(const IpAddress& source, const IpAddress& destination,
                                 std::uint8_t protocol, View message) {
    Octets length(source.is_v4() ? 2 : 4);
    set16(length, length.size() - 2, message.size());
    const Octets next = source.is_v4() ? Octets{0, protocol} : Octets{0, 0, 0, protocol};
    return source.is_v4() ? join({source.wire(), destination.wire(), next, length, message})
                          : join({source.wire(), destination.wire(), length, next, message});
}

/// `message` with its checksum set right.
inline Octets icmp_checksummed(Octets message) {
    set16(message, 2, 0);
    set16(message, 2, static_cast<std::uint16_t>(~ones_sum(message)));
    return message;
}
inline Octets icmpv6_checksummed(const IpAddress& source, const IpAddress& destination,
                                 Octets message) {
    set16(message, 2, 0);
    const Octets whole = with_pseudo_header(source, destination, 58, message);
    set16(message, 2, static_cast<std::uint16_t>(~ones_sum(whole)));
    return message;
}

/// Sets the checksums of a frame right where it has the shape of IP, without options, and UDP, so
/// that the checks behind them are reached.
inline void repair_udp(Octets& f) {
    if (f.size() < 14) return;
    const bool v4 = number(f, 12, 2) == 0x0800;
    const std::size_t udp = v4 ? 34 : 54;
    if (f.size() < udp + 8) return;
    const std::size_t length = number(f, udp + 4, 2);
    if (length < 8 || udp + length > f.size()) return;
    if (v4) {
        set16(f, 24, 0);
        set16(f, 24, static_cast<std::uint16_t>(~ones_sum(View{f}.subspan(14, 20))));
    }
    set16(f, udp + 6, 0);
    const View addresses = View{f}.first(udp);
    const IpAddress source = ip_address(v4 ? addresses.subspan(26, 4) : addresses.subspan(22, 16));
    const IpAddress destination = ip_address(v4 ? addresses.last(4) : addresses.last(16));
    const Octets whole = with_pseudo_header(source, destination, 17, View{f}.subspan(udp, length));
    const auto sum = static_cast<std::uint16_t>(~ones_sum(whole));
    set16(f, udp + 6, sum == 0 ? 0xffffU : sum);
}

/// Why a frame that we send is malformed: its lengths, its checksums, its addresses; nullopt when
/// nothing is wrong. Knows ARP, IPv4 with ICMP, IPv6 with ICMPv6 or MLD.
inline std::optional<std::string> wrong_in(View f) {
    if (f.size() < 14 || f.size() > 1514) return "frame length";
    if ((f[6] & 1U) != 0) return "source MAC is a group";
    const View p = f.subspan(14);
    switch (number(f, 12, 2)) {
        case 0x0806:
            if (p.size() != 28 || number(p, 0, 4) != 0x00010800 || number(p, 4, 2) != 0x0604) {
                return "ARP header";
            }
            return std::nullopt;
        case 0x0800:
            if (p.size() < 28 || p[0] != 0x45 || number(p, 2, 2) != p.size()) return "IPv4 length";
            if (ones_sum(p.first(20)) != 0xffff) return "IPv4 checksum";
            if (p[9] != 1 || ones_sum(p.subspan(20)) != 0xffff) return "ICMP checksum";
            return std::nullopt;
        case 0x86dd: {
            if (p.size() < 48 || p[0] != 0x60 || number(p, 4, 2) != p.size() - 40) {
                return "IPv6 length";
            }
            const IpAddress destination = ip_address(p.subspan(24, 16));
            if (is_multicast(destination) &&
                (number(f, 0, 2) != 0x3333 || number(f, 2, 4) != number(p, 36, 4))) {
                return "MAC of the group";
            }
            std::size_t at = 40;
            if (p[6] == 0) at += 8;
            if (p[at == 40 ? 6 : 40] != 58) return "no ICMPv6";
            const auto whole =
                with_pseudo_header(ip_address(p.subspan(8, 16)), destination, 58, p.subspan(at));
            if (ones_sum(whole) != 0xffff) return "ICMPv6 checksum";
            return std::nullopt;
        }
        default:
            return "EtherType";
    }
}

}  // namespace tocsin::test
