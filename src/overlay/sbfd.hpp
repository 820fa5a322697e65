#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/classify.hpp"
#include "overlay/datagram.hpp"
#include "overlay/header_template.hpp"
#include "overlay/single_hop.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::overlay {

inline constexpr std::uint16_t kSbfdPort = 7784;  ///< of reflectors, RFC 7881 2

/// What single_hop_headers() takes: the source port is the initiator's own and not 7784.
using SbfdHeaders = SingleHopHeaders;

/// A request of an initiator: Ethernet, IPv4 or IPv6, UDP to 7784 with TTL 255, RFC 7881 5.1.
/// Length 0 when the families differ, or the source port is 7784.
[[nodiscard]] HeaderTemplate sbfd_headers(const SbfdHeaders& h) noexcept;

/// Whether the datagram in `ip` is a request, which goes to 7784, or a response, which comes from
/// there.
[[nodiscard]] bool is_sbfd(const IpPacket& ip) noexcept;

/// Whether a packet to an address that is not ours is a request that ends here all the same: one to
/// a loopback address, as they travel in an LSP, or one whose TTL has come to its end on the way to
/// somebody else, RFC 7881 5.1.1. `frame`: its Ethernet header, which is to us alone.
[[nodiscard]] bool ends_here(const IpPacket& ip, const std::uint8_t* frame) noexcept;

/// What is_sbfd() said yes to. SbfdRequest: for answer() of the reflector, any TTL will do. Bfd: a
/// response, whose instance is its My Discriminator and whose link the port that it went to.
[[nodiscard]] Classified open_sbfd(const IpPacket& ip, const PortContext& port,
                                   ChecksumHint hint) noexcept;

/// A request of which IP, UDP and their checksums are in order: what open_sbfd() says of it. `udp`:
/// from its header to its end.
[[nodiscard]] Classified open_request(const IpPacket& ip, Octets udp,
                                      const PortContext& port) noexcept;

/// Makes a labelled frame, whose IP header is at `ip`, one without labels or tag, for a response is
/// routed, RFC 7881 6: MAC addresses and EtherType come to stand in front of the IP header. How
/// many octets at the beginning are no part of it any more; 0: there are no labels.
[[nodiscard]] std::size_t take_labels_off(std::span<std::uint8_t> frame, std::size_t ip) noexcept;

/// Whether what is sent to the station of `source`, 4 or 16 octets, by `port` would get there, RFC
/// 7881 7: it is one of the port's subnets, or behind a route. Our own addresses lead nowhere.
[[nodiscard]] bool leads_back(const std::uint8_t* source, AddressFamily family,
                              const PortContext& port) noexcept;

/// Our address that a response comes from when the request went to none of ours; family None: it
/// went to one, from which the response comes, RFC 7881 6.1.
[[nodiscard]] IpAddress response_source(const ReceivedPacket& request,
                                        const PortContext& port) noexcept;

/// Where the headers of a request lie in its frame.
struct SbfdRequest {
    std::size_t ip = 0;       ///< of the IP header
    std::size_t udp = 0;      ///< of the UDP header
    std::size_t payload = 0;  ///< octets of UDP payload
};

/// Makes a frame with a request, whose Control packet already is the response, leave to where it
/// came from: MAC addresses, IP addresses and ports turned round, TTL or Hop Limit 255, both
/// checksums computed anew (RFC 7881 6.1). `own`, when it has a family, takes the place of the
/// request's destination. False, with the frame as it was: it came from no single station or from
/// the port of reflectors, or went to a loopback address and there is none of ours to answer from.
[[nodiscard]] bool turn_round(std::span<std::uint8_t> frame, const SbfdRequest& at,
                              const MacAddress& mac, const IpAddress& own) noexcept;

}  // namespace tocsin::overlay
