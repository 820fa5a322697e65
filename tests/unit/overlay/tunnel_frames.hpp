#pragma once

#include "frames.hpp"
#include "overlay/header_template.hpp"

#include <cstddef>

namespace tocsin::test {

/// Where the inner headers of a golden frame with a tunnel begin.
struct InnerOffsets {
    std::size_t ethernet;  ///< 0: an IP packet is inside
    std::size_t ip;
    std::size_t udp;
};

/// Header of IPv4 at `ip`, and the UDP checksum `header` octets behind it, made right.
inline void fix_checksums_at(Bytes& frame, std::size_t ip, std::size_t udp) {
    const bool v4 = frame.at(ip) >> 4U == 4;
    const auto part = [&](std::size_t at, std::size_t n) {
        const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(at);
        return Bytes(begin, begin + static_cast<std::ptrdiff_t>(n));
    };
    if (v4) {
        put16(frame, ip + 10, 0);
        put16(frame, ip + 10, 0xffffU ^ reference_sum(part(ip, (frame.at(ip) & 15U) * 4U)));
    }
    put16(frame, udp + 6, 0);
    Bytes covered = part(ip + (v4 ? 12 : 8), v4 ? 8 : 32);
    covered.insert(covered.end(), {0, 17, frame.at(udp + 4), frame.at(udp + 5)});
    const Bytes datagram = part(udp, get16(frame, udp + 4));
    covered.insert(covered.end(), datagram.begin(), datagram.end());
    const unsigned sum = 0xffffU ^ reference_sum(covered);
    put16(frame, udp + 6, sum == 0 ? 0xffffU : sum);
}

/// The headers of `t` in front of the last 24 octets of `frame`, complete.
inline Bytes completed(const overlay::HeaderTemplate& t, const Bytes& frame) {
    Bytes built(t.octets.begin(), t.octets.begin() + t.length);
    built.insert(built.end(), frame.end() - 24, frame.end());
    overlay::finish_udp_checksum(built, t);
    return built;
}

/// `frame` without the checksum of its tunnel, where that is free.
inline Bytes without_outer_checksum(Bytes frame) {
    put16(frame, udp_offset(frame) + 6, 0);
    return frame;
}

}  // namespace tocsin::test
