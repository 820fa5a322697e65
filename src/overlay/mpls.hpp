#pragma once

#include "overlay/encap.hpp"
#include "overlay/label_stack.hpp"

#include <cstdint>

namespace tocsin::overlay {

inline constexpr std::uint16_t kLspPingPort = 3503;  ///< RFC 8029 3

/// BFD of an MPLS LSP, RFC 5884 7: an IP packet to a loopback address under the label stack of the
/// FEC. What an egress sends by way of IP routing are multihop packets: multi_hop.hpp.
///
/// SessionKey: of no concern to packets, which are found by Your Discriminator alone, RFC 5884 5.
struct Mpls {
    static constexpr SessionType kType = SessionType::Mpls;

    struct Headers {
        Link link{};
        LabelStack labels{};                    ///< of the FEC; none behind penultimate hop popping
        IpAddress source;                       ///< routable, ours
        IpAddress destination;                  ///< in 127/8 or ::ffff:127/104
        std::uint16_t source_port = 49152;      ///< 49152..65535, constant per session
        std::uint16_t destination_port = 3784;  ///< or kLspPingPort, kSbfdPort
        std::uint8_t dscp = 48;
    };
    /// IP TTL or Hop Limit is 1, so that nobody forwards what leaves the LSP early.
    [[nodiscard]] static HeaderTemplate headers(const Headers& h) noexcept;

    /// `c.octets` begins with the IP packet that was under the labels. Punt: LSP Ping.
    /// SbfdRequest: see open_request().
    [[nodiscard]] static Classified open(const Carrier& c) noexcept;
};
static_assert(Encap<Mpls>);

}  // namespace tocsin::overlay
