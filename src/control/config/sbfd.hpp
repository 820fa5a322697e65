#pragma once

#include "control/auth/key_chain.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// A local entity that initiators of S-BFD may ask for, RFC 7880 3.
struct Reflector {
    std::string name;             ///< optional label, unique when given
    Discriminator discriminator;  ///< of the S-BFD pool, unique; never 0
    bool admin_down = false;      ///< out of service: answered with AdminDown, RFC 7880 7.2.3
    WireInterval required_min_rx_interval{10'000};  ///< that initiators are told
    WireInterval required_min_echo_rx_interval{0};  ///< 0 = S-BFD Echo packets are not looped
    std::vector<IpPrefix> allow;                    ///< of sources; empty: all that lead back
    std::vector<IpPrefix> deny;                     ///< before `allow`
    auth::Authentication auth;
    friend bool operator==(const Reflector&, const Reflector&) = default;
};

inline constexpr std::size_t kMostReflectors = 64;              ///< bfd::ReflectorTable::kCapacity
inline constexpr std::size_t kMostReflectorPrefixes = 1024;     ///< bfd::ReflectorTable::kPrefixes
inline constexpr std::uint32_t kMostReflections = 100'000'000;  ///< packets a second

/// S-BFD of the daemon, RFC 7880 and 7881. Takes effect with a reload.
struct Sbfd {
    std::uint32_t rate = 100'000;            ///< answers a second, of each worker on each port
    std::uint32_t rate_per_source = 10'000;  ///< of these to one address
    std::vector<Reflector> reflectors;
    friend bool operator==(const Sbfd&, const Sbfd&) = default;
};

/// As the file and people write it, such as 192.0.2.1.
[[nodiscard]] std::string discriminator_text(Discriminator discriminator);

}  // namespace tocsin::control::config
