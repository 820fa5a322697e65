#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

/// Octets of a whole packet, without padding, that a session has room for in any case; longer ones
/// need room that is not always there.
inline constexpr std::size_t kShortPacket = 116;

/// All octets of a session's packets in front of the BFD Control packet, lengths and IP checksum
/// filled in for a payload of `payload_length` octets, UDP checksum zero. Built by control
/// (encap.hpp), kept by the worker, completed by finish_udp_checksum().
struct HeaderTemplate {
    /// Ethernet with two tags, IPv6, UDP, VXLAN or Geneve, and once more what is inside fit.
    static constexpr std::size_t kCapacity = 152;

    std::uint8_t length = 0;     ///< octets in use; 0 = no template, nothing can be sent
    std::uint8_t ip_offset = 0;  ///< of the IP header that carries the UDP checksum's pseudo header
    /// Of the UDP header in front of the Control packet; 0 = neither it nor an IP header is there,
    /// the Control packet follows a channel header (RFC 5885).
    std::uint8_t udp_offset = 0;
    std::uint8_t payload_length = 24;  ///< octets of BFD Control packet that follow
    /// Of the UDP header of a tunnel, its IP header right in front of it; 0 = no tunnel over UDP. A
    /// checksum other than zero in it is kept right, zero is left.
    std::uint8_t outer_udp_offset = 0;
    /// Of micro-BFD: while Up packets go to the MAC address that the peer's come from, see
    /// member_mac.hpp.
    bool learns_mac = false;
    /// Least octets of UDP payload: zeros follow the Control packet up to it, RFC 9764 3.
    std::uint16_t padded_length = 0;
    std::array<std::uint8_t, kCapacity> octets{};

    /// Octets of UDP payload.
    [[nodiscard]] constexpr std::uint16_t udp_payload() const noexcept {
        return padded_length > payload_length ? padded_length : payload_length;
    }

    friend constexpr bool operator==(const HeaderTemplate&, const HeaderTemplate&) = default;
};

/// Writes the lengths of a whole packet's IP and UDP headers, inner and outer, and the checksums of
/// IPv4, for t.udp_payload() octets of payload.
void set_lengths(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept;

/// Writes the UDP checksum of a whole packet (headers of `t` followed by t.payload_length octets;
/// zeros that pad it need not be there) in place, and that of a tunnel that has one. Never zero on
/// the wire: a sum of zero is sent as 0xffff (RFC 768, RFC 8200 8.1).
void finish_udp_checksum(std::span<std::uint8_t> packet, const HeaderTemplate& t) noexcept;

}  // namespace tocsin::overlay
