#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/headers.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// What the headers of nearly all packets have in common, asked in few instructions. The files
// usual_*.hpp take such packets by a way of their own, each of which agrees with classify().
namespace tocsin::overlay::detail {

template <class T>
T raw(const std::uint8_t* p) noexcept {
    T v{};
    std::memcpy(&v, p, sizeof v);
    return v;
}

/// A number of 16 bits as it stands in a packet.
constexpr std::uint16_t wire16(std::uint16_t v) noexcept {
    return std::endian::native == std::endian::little
               ? static_cast<std::uint16_t>(v << 8U | v >> 8U)
               : v;
}

/// The words of 16 bits of what a checksum covers, added up in few instructions: any grouping of
/// them is the same modulo 2^16 - 1, RFC 1071.
class WideSum {
public:
    void add8(const std::uint8_t* p) noexcept { sum_ += raw<std::uint64_t>(p); }
    void add4(const std::uint8_t* p) noexcept { sum_ += raw<std::uint32_t>(p); }
    void add2(const std::uint8_t* p) noexcept { sum_ += raw<std::uint16_t>(p); }
    void add4(std::uint32_t words) noexcept { sum_ += words; }  ///< as they stand in a packet
    void add(std::uint16_t word) noexcept { sum_ += word; }     ///< likewise
    /// What `other` has added up, at an even distance from this.
    void add(const WideSum& other) noexcept { sum_ += other.sum_; }
    template <std::size_t octets>
    void add_octets(const std::uint8_t* p) noexcept {
        static_assert(octets % 2 == 0);
#pragma GCC unroll 16
        for (std::size_t i = 0; i < octets / 8; ++i) add8(p + 8 * i);
        if constexpr (octets % 8 >= 4) add4(p + octets / 8 * 8);
        if constexpr (octets % 4 == 2) add2(p + octets - 2);
    }
    /// The checksum among them is right. Not for data that may be all zeros.
    [[nodiscard]] bool complete() const noexcept { return rest() == 0; }
    /// The checksum that makes them complete, as it stands in a packet; never 0, for which UDP
    /// sends this (RFC 768).
    [[nodiscard]] std::uint16_t checksum() const noexcept {
        return static_cast<std::uint16_t>(0xffffU - rest());
    }

private:
    /// Modulo 2^16 - 1.
    [[nodiscard]] std::uint64_t rest() const noexcept {
        const auto low = static_cast<std::uint64_t>(sum_);
        const auto high = static_cast<std::uint64_t>(sum_ >> 64U);
        return ((low & 0xffffffffU) + (low >> 32U) + high) % 0xffffU;
    }

    __extension__ using Octets16 = unsigned __int128;
    Octets16 sum_ = 0;
};

inline bool mac_is_ours(const std::uint8_t* frame, const MacAddress& mac) noexcept {
    return raw<std::uint32_t>(frame) == raw<std::uint32_t>(mac.data()) &&
           raw<std::uint16_t>(frame + 4) == raw<std::uint16_t>(mac.data() + 4);
}

/// Not of a group, of everybody, of nobody, or loopback; ours is for the caller to ask.
inline bool is_one_station_v4(const std::uint8_t* a) noexcept {
    const std::uint32_t s = load_be32(a);
    return s - 1U < 0x7effffffU || s - 0x80000000U < 0x60000000U;
}
inline bool is_one_station_v6(const std::uint8_t* a) noexcept {
    return raw<std::uint64_t>(a) != 0 && a[0] != 0xff;  // short ones: classify() knows
}

/// An IPv4 header of a datagram with so many octets of UDP, any TTL.
inline bool ipv4_is_usual(const std::uint8_t* h, std::uint16_t udp_octets) noexcept {
    return h[0] == 0x45 &&
           raw<std::uint16_t>(h + kIpv4TotalLengthOffset) ==
               wire16(static_cast<std::uint16_t>(kIpv4Length + udp_octets)) &&
           (raw<std::uint16_t>(h + kIpv4FragmentOffset) & wire16(kIpv4FragmentMask)) == 0 &&
           h[kIpv4ProtocolOffset] == kProtocolUdp;
}
inline bool ipv6_is_usual(const std::uint8_t* h, std::uint16_t udp_octets) noexcept {
    return h[0] >> 4U == 6 &&
           raw<std::uint16_t>(h + kIpv6PayloadLengthOffset) == wire16(udp_octets) &&
           h[kIpv6NextHeaderOffset] == kProtocolUdp;
}

/// Source and destination of an IP header, which a pseudo header has too.
template <bool v4>
WideSum addresses_sum(const std::uint8_t* ip) noexcept {
    WideSum out;
    out.add_octets<v4 ? 8 : 32>(ip + (v4 ? kIpv4SourceOffset : kIpv6SourceOffset));
    return out;
}
inline WideSum ipv4_sum(const std::uint8_t* h) noexcept {
    WideSum out;
    out.add_octets<kIpv4Length>(h);
    return out;
}
/// What UDP's checksum covers besides the datagram and the addresses.
inline void add_udp_numbers(WideSum& sum, std::uint16_t udp_octets) noexcept {
    sum.add(wire16(kProtocolUdp));
    sum.add(wire16(udp_octets));
}

}  // namespace tocsin::overlay::detail
