#pragma once

#include "dataplane/bfd/session_event.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tocsin::control::notify {

/// What a client is to take from a session, RFC 5882 3 and 4: a level, not an edge, so that it is
/// right also where changes were merged.
enum class Indication : std::uint8_t {
    None,         ///< no statement: the session has not been Up yet, 3.3
    Up,           ///< the path works
    PathFailure,  ///< it was Up and is not any more
    AdminDown,    ///< an administrator, ours or the peer's, took it down: says nothing of the path
};
inline constexpr std::size_t kIndications = 4;

/// Whose doing the last change of bfd.SessionState was.
enum class Initiator : std::uint8_t {
    None,           ///< there was no change yet
    LocalAdmin,     ///< session disabled or enabled here
    RemoteAdmin,    ///< the peer went to AdminDown
    DetectionTime,  ///< the peer was silent for the Detection Time
    Echo,           ///< our Echo packets did not come back
    Neighbor,       ///< the peer signalled Down
    Path,           ///< the port lost its link, or something else said that the path is gone
    Handshake,      ///< on the way up: packets of the peer, RFC 5880 6.2
};
inline constexpr std::size_t kInitiators = 8;

/// Why clients are not told of what the session is.
enum class Held : std::uint8_t { None, UpHold, DownHold, Dampened };
inline constexpr std::size_t kHolds = 4;

[[nodiscard]] constexpr std::string_view name(Indication i) noexcept {
    constexpr std::array<std::string_view, kIndications> kNames{"none", "up", "path_failure",
                                                                "admin_down"};
    return kNames[static_cast<std::size_t>(i)];
}
[[nodiscard]] constexpr std::string_view name(Initiator i) noexcept {
    constexpr std::array<std::string_view, kInitiators> kNames{
        "none", "local_admin", "remote_admin", "detection_time",
        "echo", "neighbor",    "path",         "handshake"};
    return kNames[static_cast<std::size_t>(i)];
}
[[nodiscard]] constexpr std::string_view name(Held h) noexcept {
    constexpr std::array<std::string_view, kHolds> kNames{"none", "up_hold", "down_hold",
                                                          "dampened"};
    return kNames[static_cast<std::size_t>(h)];
}

/// What a client would have taken from a session that left Up with `diag`, had it been told before
/// the session was Up again. That the peer's administrator began it does not show any more.
[[nodiscard]] constexpr Indication indication_of_down(bfd::Diag diag) noexcept {
    return diag == bfd::Diag::AdministrativelyDown ? Indication::AdminDown
                                                   : Indication::PathFailure;
}

/// Of the last change that `event` tells of; `before` when it tells of none.
[[nodiscard]] Initiator initiator(const bfd::SessionEvent& event, Initiator before) noexcept;

/// After `event`; `before` is what held until then.
[[nodiscard]] Indication indication(const bfd::SessionEvent& event, Indication before) noexcept;

}  // namespace tocsin::control::notify
