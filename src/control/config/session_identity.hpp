#pragma once

#include "control/config/schema.hpp"

#include <compare>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// What can exist once: two sessions of the same identity would take each other's packets. RFC 5881
/// 3: one session for each port, family and remote; on a point-to-point port one for each family,
/// then `remote` has the family and zeros. RFC 7130 2.2: likewise one micro-BFD session for each
/// member link and family, beside the others of the port, hence "micro " and its name. RFC
/// 5883 4.1: one multihop session for each pair of addresses, whatever the port; the others have no
/// `local` here. Of a tunnel `port` is its tunnel_key_text(), and nothing else is there.
struct SessionIdentity {
    std::string port;
    IpAddress remote;
    IpAddress local{};
    friend auto operator<=>(const SessionIdentity&, const SessionIdentity&) = default;
};
[[nodiscard]] SessionIdentity identity(const Session& session, const std::vector<Port>& ports);

/// What stays the same of a session of the file from one reload to the next. Of one file; unique
/// there, since a port has one session for each remote, a pair of addresses one multihop session, a
/// tunnel one for each key, a member link one for each family, and S-BFD one for each entity that
/// is asked. Never the same for two of these kinds.
[[nodiscard]] std::string key_in_file(const Session& session);

/// For messages: `"rr1" (192.0.2.2 on wan0)`, without the name when there is none.
[[nodiscard]] std::string describe(const Session& session);

}  // namespace tocsin::control::config
