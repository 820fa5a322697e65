#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/received_packet.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/packet.hpp"

#include <cstdint>

namespace tocsin::message {

/// A Control packet in a tunnel with Your Discriminator zero that passed every check and belongs to
/// no session, RFC 9521 4.1: management is told. It was dropped.
struct UnmatchedPacket {
    IpAddress source;  ///< as the type's SessionKey::remote
    IpAddress destination;
    std::uint32_t vni = 0;
    Discriminator my_discriminator;
    PortId port;  ///< where it arrived
    SessionType type = SessionType::Geneve;

    [[nodiscard]] static UnmatchedPacket of(const ReceivedPacket& packet, PortId arrival) noexcept {
        constexpr std::uint32_t kVni = 0xffffff;
        const std::size_t address = packet.family == AddressFamily::V4 ? 4 : 16;
        return {.source = ip_address({packet.source, address}),
                .destination = ip_address({packet.destination, address}),
                .vni = packet.instance & kVni,
                .my_discriminator = {load_be32(packet.payload + bfd::kMyDiscriminatorOffset)},
                .port = arrival,
                .type = packet.type};
    }
};

}  // namespace tocsin::message
