#pragma once

#include "dataplane/base/counter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace tocsin::control::unsolicited {

/// Why a packet that found no session created none.
enum class Refusal : std::uint8_t {
    PeerAdminDown,   ///< its sender does not want a session now
    Subnet,          ///< its source is not in a subnet of the port
    Denied,          ///< `deny`
    NotAllowed,      ///< not in `allow`
    DetectionTime,   ///< its timers ask for a longer one than anybody needs
    Authentication,  ///< not what the policy asks for
    SessionExists,   ///< its sender has a session on this port, with another address of ours
    Limit,           ///< max_sessions of the policy
    NoRoom,          ///< dataplane.max_sessions, or more than the workers carry
    Rate,            ///< more than are created in a second
    Count
};
inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::Count);

/// The metric label, index = enumerator.
inline constexpr std::array<std::string_view, kRefusals> kRefusalNames{
    "peer_admin_down", "subnet",         "denied", "not_allowed", "detection_time",
    "authentication",  "session_exists", "limit",  "no_room",     "rate",
};
static_assert(!kRefusalNames.back().empty(), "a name for every refusal");

/// Of one port, with or without a policy. Control: wo, any thread: ro.
struct PortCounters {
    std::string port;  ///< name; constant
    Counter enabled;   ///< 1: there is a policy, and it is enabled
    Counter limit;     ///< max_sessions, 0 unless enabled
    Counter sessions;  ///< that there are now
    Counter created;
    Counter ended;  ///< not established in time, or Down after having been Up
    std::array<Counter, kRefusals> refused;
};

/// In the order of the ports, each at the same place for the life of the daemon.
using Counters = std::deque<PortCounters>;

}  // namespace tocsin::control::unsolicited
