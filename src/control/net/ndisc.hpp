#pragma once

#include "control/net/frame.hpp"
#include "control/net/stack.hpp"

#include <optional>
#include <span>

namespace tocsin::control::net {

inline constexpr std::uint8_t kNeighborSolicitation = 135;
inline constexpr std::uint8_t kNeighborAdvertisement = 136;

/// ff02::1, RFC 4291 2.7.1.
inline constexpr IpAddress kAllNodes{
    .family = AddressFamily::V6,
    .octets = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01}};

/// The ICMPv6 part of a frame.
struct Icmpv6 {
    IpAddress source;
    IpAddress destination;
    std::uint8_t hop_limit = 0;
    std::span<const std::uint8_t> message;
};

/// nullopt when it is none, is cut off, or its checksum is wrong.
[[nodiscard]] std::optional<Icmpv6> parse_icmpv6(const EthernetFrame& frame);

/// A neighbour solicitation or advertisement that passed the checks of RFC 4861 7.1.
struct NeighborMessage {
    bool solicitation = false;
    IpAddress target;
    bool solicited = false;          ///< S of an advertisement
    bool override_known = false;     ///< O of an advertisement
    std::optional<MacAddress> link;  ///< source (NS) or target (NA) link-layer address option
};

[[nodiscard]] std::optional<NeighborMessage> parse_neighbor_message(const Icmpv6& packet);

/// ff02::1:ffXX:XXXX, RFC 4291 2.7.1.
[[nodiscard]] IpAddress solicited_node(const IpAddress& address);
/// 33:33 and the last four octets, RFC 2464 7.
[[nodiscard]] MacAddress multicast_mac(const IpAddress& group);

/// Asks for `target`: from `source`, or from :: to detect a duplicate (RFC 4862 5.4.2). To `known`
/// alone when given. `tell_mac`: with our MAC in it; never from ::, nor while `source` is
/// tentative.
[[nodiscard]] message::Frame make_solicitation(const StackPort& port, const IpAddress& source,
                                               const IpAddress& target,
                                               const std::optional<MacAddress>& known,
                                               bool tell_mac);

/// Tells that `target` is ours: solicited to `destination`, or unsolicited to all nodes (RFC
/// 4861 7.2.4, 7.2.6). `override_known` replaces what the hearer knew.
[[nodiscard]] message::Frame make_advertisement(const StackPort& port, const IpAddress& target,
                                                const IpAddress& destination,
                                                const MacAddress& destination_mac, bool solicited,
                                                bool override_known);

/// MLDv2 report (RFC 3810 5.2) that we listen to the solicited-node groups of our addresses, so
/// that switches which snoop go on delivering solicitations.
[[nodiscard]] std::optional<message::Frame> make_listener_report(const StackPort& port);

}  // namespace tocsin::control::net
