#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <array>
#include <cstdint>
#include <type_traits>

namespace tocsin {

/// How Control packets of a session are encapsulated. A discriminator of one type never opens a
/// session of another type.
enum class SessionType : std::uint8_t {
    SingleHop,  ///< RFC 5881, UDP 3784
    MultiHop,   ///< RFC 5883, UDP 4784
    Echo,       ///< unaffiliated: our own packets, looped by any router, RFC 9747, UDP 3785
};

/// What a packet with Your Discriminator zero is matched by, RFC 5881 3 and 5883 4. Without
/// padding, so that it can be hashed and compared as octets.
struct SessionKey {
    SessionType type = SessionType::SingleHop;
    AddressFamily family = AddressFamily::None;
    std::uint16_t domain = 0;  ///< VRF; 0 = default
    PortId port;               ///< the arrival port of single hop and Echo; 0 for multihop
    std::uint16_t reserved = 0;
    std::uint32_t instance = 0;             ///< VNI, label, ...; Echo: UDP source port; or 0
    std::array<std::uint8_t, 16> local{};   ///< IPv4 in the first four octets
    std::array<std::uint8_t, 16> remote{};  ///< likewise; both zero on a point-to-point port, Echo

    friend constexpr bool operator==(const SessionKey&, const SessionKey&) = default;
};
static_assert(sizeof(SessionKey) == 44 && std::has_unique_object_representations_v<SessionKey>);

}  // namespace tocsin
