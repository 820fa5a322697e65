#pragma once

#include "control/net/stack.hpp"

#include <optional>
#include <span>

namespace tocsin::control::net {

enum class ArpOperation : std::uint16_t { Request = 1, Reply = 2 };

/// An ARP packet for IPv4 over Ethernet, RFC 826.
struct ArpPacket {
    ArpOperation operation = ArpOperation::Request;
    MacAddress sender_mac{};
    IpAddress sender;  ///< unspecified in a probe, RFC 5227
    MacAddress target_mac{};
    IpAddress target;
};

/// nullopt for anything else, and for senders that no station can be.
[[nodiscard]] std::optional<ArpPacket> parse_arp(std::span<const std::uint8_t> payload);

/// A frame from `packet.sender_mac` to `destination`.
[[nodiscard]] message::Frame make_arp(PortId port, const MacAddress& destination,
                                      const ArpPacket& packet);

}  // namespace tocsin::control::net
