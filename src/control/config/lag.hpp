#pragma once

#include "dataplane/base/ip.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// How the frames of a micro-BFD session are addressed, RFC 7130 2.3. One octet, for every session
/// has room for it.
struct MemberFrames {
    bool learns_mac : 1 {false};    ///< while Up to the MAC address that the peer's come from
    bool tagged : 1 {false};        ///< with a tag of VLAN 0
    std::uint8_t priority : 3 {0};  ///< of the tag, 0..7
    friend constexpr bool operator==(const MemberFrames&, const MemberFrames&) = default;
};
static_assert(sizeof(MemberFrames) == 1);

/// Who says that a member link is Distributing or Standby, RFC 7130 3.
enum class Lacp : std::uint8_t {
    None,  ///< nobody: each member is Distributing for as long as it is configured
    Api,   ///< LagService.ReportMember; a member that nobody has reported has no sessions
};
/// What carries out that a member is taken out of the load balancer or put back.
enum class LagActuator : std::uint8_t {
    Log,  ///< nobody: what would be done is logged and told
};

/// One LAG. Its micro-BFD sessions, one for each member and family, are among Config::sessions.
struct Lag {
    std::string name;                  ///< unique; as of a port, at most kLongestLagName
    std::vector<std::string> members;  ///< names of ports, in the order of the file
    std::vector<IpAddress> local;      ///< one of each family in use
    std::vector<IpAddress> remote;     ///< of the same families, in the same order
    std::uint32_t minimum_links = 1;   ///< 1..members; with fewer in use the LAG is down
    /// The load balancer has a table for each family, and a session of one decides about that one
    /// alone, RFC 7130 3 and 5.
    bool per_family = false;
    Lacp lacp = Lacp::None;
    LagActuator actuator = LagActuator::Log;
    /// Members forward when their sessions begin, and stay until the first Up, RFC 7130 appendix A.
    bool assume_active = true;
    /// A member that forwards without its sessions being Up is taken out after this; 0: never.
    std::chrono::milliseconds up_timeout{60'000};
    bool take_out_last = false;  ///< also the last member is taken out
    friend bool operator==(const Lag&, const Lag&) = default;
};

inline constexpr std::size_t kLongestLagName = 24;
inline constexpr std::chrono::hours kLongestUpTimeout{24};

[[nodiscard]] constexpr std::string_view family_name(AddressFamily family) noexcept {
    return family == AddressFamily::V6 ? "ipv6" : "ipv4";
}
/// Name of the session of a member: lag1.wan0.ipv4.
[[nodiscard]] std::string member_session_name(std::string_view lag, std::string_view port,
                                              AddressFamily family);

}  // namespace tocsin::control::config
