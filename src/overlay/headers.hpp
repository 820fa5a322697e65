#pragma once

#include <cstddef>
#include <cstdint>

namespace tocsin::overlay {

// Lengths and offsets in octets; offsets count from the start of their own header.

inline constexpr std::size_t kEthernetLength = 14;
inline constexpr std::size_t kEtherTypeOffset = 12;
inline constexpr std::size_t kVlanTagLength = 4;
inline constexpr std::uint16_t kVlanMask = 0x0fff;
inline constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherTypeArp = 0x0806;
inline constexpr std::uint16_t kEtherTypeVlan = 0x8100;
inline constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr std::uint16_t kEtherTypeMpls = 0x8847;
inline constexpr std::uint16_t kEtherTypeQinq = 0x88a8;

inline constexpr std::size_t kIpv4Length = 20;  ///< without options
inline constexpr std::size_t kIpv4TotalLengthOffset = 2;
inline constexpr std::size_t kIpv4FragmentOffset = 6;
inline constexpr std::uint16_t kIpv4FragmentMask = 0x3fff;  ///< more fragments, fragment offset
inline constexpr std::size_t kIpv4TtlOffset = 8;
inline constexpr std::size_t kIpv4ProtocolOffset = 9;
inline constexpr std::size_t kIpv4ChecksumOffset = 10;
inline constexpr std::size_t kIpv4SourceOffset = 12;
inline constexpr std::size_t kIpv4DestinationOffset = 16;

inline constexpr std::size_t kIpv6Length = 40;
inline constexpr std::size_t kIpv6PayloadLengthOffset = 4;
inline constexpr std::size_t kIpv6NextHeaderOffset = 6;
inline constexpr std::size_t kIpv6HopLimitOffset = 7;
inline constexpr std::size_t kIpv6SourceOffset = 8;
inline constexpr std::size_t kIpv6DestinationOffset = 24;

inline constexpr std::size_t kUdpLength = 8;
inline constexpr std::size_t kUdpDestinationPortOffset = 2;
inline constexpr std::size_t kUdpLengthOffset = 4;
inline constexpr std::size_t kUdpChecksumOffset = 6;

inline constexpr std::size_t kMinControlPacket = 24;  ///< RFC 5880 4.1

inline constexpr std::size_t kVxlanLength = 8;
inline constexpr std::uint8_t kVxlanFlagI = 0x08;  ///< the VNI is valid, RFC 7348 5
inline constexpr std::size_t kVxlanVniOffset = 4;

inline constexpr std::size_t kGeneveLength = 8;     ///< without options
inline constexpr std::uint8_t kGeneveFlagO = 0x80;  ///< control packet, RFC 8926 3.4
inline constexpr std::uint8_t kGeneveFlagC = 0x40;  ///< a critical option is there
inline constexpr std::size_t kGeneveProtocolOffset = 2;
inline constexpr std::size_t kGeneveVniOffset = 4;
inline constexpr std::uint16_t kEtherTypeBridging = 0x6558;  ///< Ethernet inside, RFC 8926 3.4

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;
inline constexpr std::uint8_t kIpv6Fragment = 44;

/// Whether an IPv6 Next Header value names an extension header, RFC 8200 4 and the IANA registry.
[[nodiscard]] constexpr bool is_ipv6_extension(std::uint8_t next_header) noexcept {
    switch (next_header) {
        case 0:   // hop-by-hop options
        case 43:  // routing
        case kIpv6Fragment:
        case 51:   // authentication header
        case 60:   // destination options
        case 135:  // mobility
        case 139:  // HIP
        case 140:  // shim6
            return true;
        default:
            return false;
    }
}

}  // namespace tocsin::overlay
