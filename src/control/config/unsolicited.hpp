#pragma once

#include "control/auth/key_chain.hpp"
#include "control/notify/policy.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/parameters.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// Values of unsolicited sessions as one level of the file gives them, RFC 9468 4.1; each that is
/// left out comes from the level above.
struct UnsolicitedTimers {
    std::optional<WireInterval> desired_min_tx_interval;
    std::optional<WireInterval> required_min_rx_interval;
    std::optional<std::uint8_t> detect_mult;
    friend bool operator==(const UnsolicitedTimers&, const UnsolicitedTimers&) = default;
};

/// Of unsolicited sessions when no level says anything else, RFC 9468 4.2.
inline constexpr WireInterval kUnsolicitedInterval{1'000'000};
inline constexpr std::uint8_t kUnsolicitedDetectMult = 3;

/// Whose packets may create sessions on a port, and what these are like, RFC 9468.
struct Unsolicited {
    std::string port;             ///< name of a port; one policy for each
    bool enabled = false;         ///< RFC 9468 4.2
    std::vector<IpPrefix> allow;  ///< of sources; not empty when enabled
    std::vector<IpPrefix> deny;   ///< before `allow`
    std::string profile;          ///< as written, for people
    std::uint32_t max_sessions = 256;
    std::chrono::milliseconds linger{60'000};  ///< ended ones are told of for so long; 0 = not
    UnsolicitedTimers timers;                  ///< as written
    bfd::SessionParameters parameters;         ///< every level applied
    auth::Authentication auth;                 ///< the profile's, and so are those that follow
    std::uint16_t padded_pdu_size = 0;
    bool interval_alignment = false;
    notify::Policy notification;
    friend bool operator==(const Unsolicited&, const Unsolicited&) = default;
};

}  // namespace tocsin::control::config
