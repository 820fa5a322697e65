#include "control/config/session_identity.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"

#include <algorithm>

namespace tocsin::control::config {

SessionIdentity identity(const Session& session, const std::vector<Port>& ports) {
    if (session.type == SessionType::MultiHop) return {{}, session.remote, session.local};
    const auto port = std::ranges::find(ports, session.port, &Port::name);
    if (port == ports.end() || !port->point_to_point) return {session.port, session.remote};
    return {session.port, IpAddress{.family = session.remote.family}};
}

std::string describe(const Session& session) {
    const std::string peer =
        to_string(session.remote) + (session.type == SessionType::MultiHop
                                         ? " from " + to_string(session.local) + ", multihop"
                                         : " on " + session.port);
    return session.name.empty() ? peer : in_quotes(session.name) + " (" + peer + ')';
}

}  // namespace tocsin::control::config
