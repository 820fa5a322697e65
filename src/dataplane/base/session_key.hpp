#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tocsin {

/// How Control packets of a session are encapsulated. A discriminator of one type never opens a
/// session of another type.
enum class SessionType : std::uint8_t {
    SingleHop,  ///< RFC 5881, UDP 3784
    MultiHop,   ///< RFC 5883, UDP 4784
    Echo,       ///< unaffiliated: our own packets, looped by any router, RFC 9747, UDP 3785
    Micro,      ///< one member of a LAG, RFC 7130, UDP 6784
    Vxlan,      ///< inside VXLAN, RFC 8971
    Geneve,     ///< inside Geneve, Ethernet or IP payload, RFC 9521
    Mpls,       ///< of an MPLS LSP, RFC 5884
    Vccv,       ///< of a pseudowire, RFC 5885
    Sbfd,       ///< initiator of Seamless BFD, RFC 7880 and 7881
};
inline constexpr std::size_t kSessionTypes = 9;

/// As the configuration file writes it.
[[nodiscard]] constexpr std::string_view name(SessionType type) noexcept {
    constexpr std::array<std::string_view, kSessionTypes> kNames{
        "single_hop", "multihop", "echo", "micro", "vxlan", "geneve", "mpls", "vccv", "sbfd"};
    return kNames[static_cast<std::size_t>(type)];
}

/// Ports that are none: where packets of a type arrive that may arrive anywhere, so that two types
/// never look alike. Ports of ours have smaller numbers.
inline constexpr std::uint16_t kPseudoPorts = 240;

/// Packets of a session arrive on one port of ours alone.
[[nodiscard]] constexpr bool bound_to_port(SessionType type) noexcept {
    return type == SessionType::SingleHop || type == SessionType::Echo ||
           type == SessionType::Micro;
}

/// SessionKey::port and ReceivedPacket::port: `arrival` where the type is bound to one.
[[nodiscard]] constexpr PortId port_in_key(SessionType type, PortId arrival) noexcept {
    if (type == SessionType::MultiHop) return {0};
    if (bound_to_port(type)) return arrival;
    return {static_cast<std::uint16_t>(kPseudoPorts + static_cast<unsigned>(type))};
}

/// What a packet with Your Discriminator zero is matched by, RFC 5881 3 and 5883 4. Without
/// padding, so that it can be hashed and compared as octets.
struct SessionKey {
    SessionType type = SessionType::SingleHop;
    AddressFamily family = AddressFamily::None;
    std::uint16_t domain = 0;  ///< VRF; 0 = default
    PortId port;               ///< port_in_key()
    std::uint16_t link = 0;    ///< of the inner MAC addresses of Geneve: link_fingerprint(); or 0
    /// What tells apart that addresses do not. VXLAN, Geneve: VNI in the lower 24 bits, see
    /// inner_v6; MPLS pseudowire: its label and marks; LSP: the peer's discriminator where it is
    /// known beforehand (RFC 5884 6); Echo: the UDP source port; or 0.
    std::uint32_t instance = 0;
    /// IPv4 in the first four octets. Single hop, multihop: the IP addresses. VXLAN: the outer
    /// ones; Geneve: the inner ones. Both zero on a point-to-point port, for Echo, Micro,
    /// pseudowires. LSP: local stands for all that tells it from others, no packet says it.
    std::array<std::uint8_t, 16> local{};
    std::array<std::uint8_t, 16> remote{};  ///< likewise

    friend constexpr bool operator==(const SessionKey&, const SessionKey&) = default;
};
static_assert(sizeof(SessionKey) == 44 && std::has_unique_object_representations_v<SessionKey>);

}  // namespace tocsin
