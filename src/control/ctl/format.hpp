#pragma once

#include "tocsin/v1/daemon.pb.h"
#include "tocsin/v1/session.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::control::ctl {

// Values as people read them in tables.

/// "Up", "AdminDown", ...; "-" when not given.
[[nodiscard]] std::string_view state_name(v1::SessionState state);
/// Accepts what state_name() writes, in any case, also "admin-down" and "admin_down"; UNSPECIFIED
/// for anything else.
[[nodiscard]] v1::SessionState state_of(std::string_view name);
/// "single_hop", "multihop"; "-" when not given.
[[nodiscard]] std::string_view session_type_name(v1::SessionType type);
[[nodiscard]] std::string_view neighbor_state_name(v1::NeighborState state);
[[nodiscard]] std::string_view origin_name(v1::Origin origin);
/// "path_failure", ...; "-" when not given.
[[nodiscard]] std::string indication_name(v1::Indication indication);
/// "detection_time", ...
[[nodiscard]] std::string initiator_name(v1::Initiator initiator);
[[nodiscard]] std::string_view role_name(v1::Role role);

/// "meticulous_keyed_sha1", ...; "-" when not given.
[[nodiscard]] std::string auth_type_name(v1::AuthType type);
/// Accepts what auth_type_name() writes; UNSPECIFIED for anything else.
[[nodiscard]] v1::AuthType auth_type_of(std::string_view name);

/// "300 ms", "3.3 ms", "0.05 ms": at most three decimals, which is the microsecond.
[[nodiscard]] std::string milliseconds(std::int64_t us);

/// "12s", "3m 05s", "2h 07m", "4d 11h": the two largest units. Negative ones count as 0.
[[nodiscard]] std::string age(std::int64_t us);

/// "2026-11-21T10:02:18.123456Z"; "-" for 0.
[[nodiscard]] std::string time_of(std::int64_t unix_us);

/// "0x8f21c0de"; "-" for 0.
[[nodiscard]] std::string discriminator(std::uint32_t value);

/// "-" for what is empty.
[[nodiscard]] inline std::string or_dash(std::string_view text) {
    return text.empty() ? "-" : std::string{text};
}

/// Microseconds since 1970.
[[nodiscard]] std::int64_t unix_now_us();

}  // namespace tocsin::control::ctl
