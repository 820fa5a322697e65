#pragma once

#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/classify.hpp"
#include "overlay/datagram.hpp"
#include "overlay/header_template.hpp"
#include "overlay/headers.hpp"
#include "overlay/vlan.hpp"

#include <concepts>
#include <cstdint>

namespace tocsin::overlay {

/// What an encapsulation is found in: everything in front of it is taken off and in order.
struct Carrier {
    const PortContext& port;  ///< where the frame arrived
    IpPacket ip;              ///< that it came in; family None: none, it follows Ethernet
    Octets octets;            ///< the encapsulation's own header and all behind it
    const std::uint8_t* frame = nullptr;  ///< the Ethernet header, 14 octets at least
};

/// One way to carry Control packets: how the headers of a session are built, and how they are
/// checked and taken off. Pure; a type without state.
///
/// - kType: of its sessions.
/// - Headers: all that its headers say of a session.
/// - headers(h): the template; length 0 when what is in `h` does not go together.
/// - open(c): Bfd with payload and key fields of `packet`, or Drop with the first fault's reason.
template <class E>
concept Encap = requires(const typename E::Headers& h, const Carrier& c) {
    { E::kType } -> std::convertible_to<SessionType>;
    { E::headers(h) }
    noexcept->std::same_as<HeaderTemplate>;
    { E::open(c) }
    noexcept->std::same_as<Classified>;
};

/// What all links have: Ethernet and the tags of the port.
struct Link {
    MacAddress source_mac{};
    MacAddress destination_mac{};
    VlanTags tags{};
};

/// The Ethernet frame inside of a tunnel, and IP and UDP in it.
struct InnerHeaders {
    MacAddress source_mac{};
    MacAddress destination_mac{};
    VlanTags tags{};
    IpAddress source;
    IpAddress destination;
    std::uint16_t source_port = 49152;  ///< 49152..65535, constant per session, RFC 5881 4
};

/// What a tunnel over UDP is sent with. The tunnel's own TTL is free.
struct OuterHeaders {
    IpAddress source;
    IpAddress destination;
    std::uint16_t source_port = 49152;  ///< entropy, constant per session
    std::uint8_t ttl = 64;
    bool checksum = false;  ///< UDP checksum other than zero; IPv6 wants it unless RFC 6935 holds
};

inline constexpr std::uint8_t kBfdTtl = 255;  ///< RFC 5881 5

/// Of a packet between addresses of this family.
[[nodiscard]] constexpr std::uint16_t ether_type(const IpAddress& a) noexcept {
    return a.is_v4() ? kEtherTypeIpv4 : kEtherTypeIpv6;
}

}  // namespace tocsin::overlay
