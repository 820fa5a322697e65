#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/received_packet.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/auth.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace tocsin::message {

/// A single-hop Control packet with Your Discriminator zero that passed every check that needs no
/// session, and found none, by value: RFC 9468 2 lets it create one.
struct EarlyPacket {
    IpAddress source;
    IpAddress destination;  ///< an address of `port`
    PortId port;            ///< where it arrived
    std::uint8_t length = 0;
    std::array<std::uint8_t, bfd::kLongestControlPacket> octets{};

    /// What an Authentication Section of RFC 5880 makes longer is cut off: none of it is valid.
    [[nodiscard]] static EarlyPacket of(const ReceivedPacket& packet) noexcept {
        const std::size_t address = packet.family == AddressFamily::V4 ? 4 : 16;
        EarlyPacket out;
        out.source = ip_address({packet.source, address});
        out.destination = ip_address({packet.destination, address});
        out.port = packet.port;
        out.length = static_cast<std::uint8_t>(
            std::min<std::size_t>(packet.payload_length, out.octets.size()));
        std::copy_n(packet.payload, out.length, out.octets.begin());
        return out;
    }
    /// As it was received; points into this.
    [[nodiscard]] ReceivedPacket received() const noexcept {
        ReceivedPacket out;
        out.payload = octets.data();
        out.source = source.octets.data();
        out.destination = destination.octets.data();
        out.payload_length = length;
        out.port = port;
        out.family = source.family;
        out.ttl = 255;
        return out;
    }
    [[nodiscard]] std::span<const std::uint8_t> payload() const noexcept {
        return std::span{octets}.first(length);
    }
};

}  // namespace tocsin::message
