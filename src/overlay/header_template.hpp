#pragma once

#include <array>
#include <cstdint>

namespace tocsin::overlay {

/// All octets of a session's packets in front of the BFD Control packet, lengths and IP checksum
/// filled in for a payload of `payload_length` octets, UDP checksum zero. Built by control
/// (single_hop.hpp), kept by the worker, completed by finish_udp_checksum().
struct HeaderTemplate {
    static constexpr std::size_t kCapacity = 96;  ///< VXLAN over IPv4 and two tags fit

    std::uint8_t length = 0;     ///< octets in use; 0 = no template, nothing can be sent
    std::uint8_t ip_offset = 0;  ///< of the IP header that carries the UDP checksum's pseudo header
    std::uint8_t udp_offset = 0;       ///< of the UDP header
    std::uint8_t payload_length = 24;  ///< octets of BFD Control packet that follow
    /// Least octets of UDP payload: zeros follow the Control packet up to it, RFC 9764 3.
    std::uint16_t padded_length = 0;
    std::array<std::uint8_t, kCapacity> octets{};

    /// Octets of UDP payload.
    [[nodiscard]] constexpr std::uint16_t udp_payload() const noexcept {
        return padded_length > payload_length ? padded_length : payload_length;
    }

    friend constexpr bool operator==(const HeaderTemplate&, const HeaderTemplate&) = default;
};

}  // namespace tocsin::overlay
