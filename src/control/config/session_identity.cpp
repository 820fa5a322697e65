#include "control/config/session_identity.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"

#include <algorithm>

namespace tocsin::control::config {

SessionIdentity identity(const Session& session, const std::vector<Port>& ports) {
    if (session.tunnel) {
        return {tunnel_key_text(session.type, session.local, session.remote, *session.tunnel), {}};
    }
    if (session.type == SessionType::Micro) {  // no port has such a name
        return {"micro " + session.port, IpAddress{.family = session.remote.family}};
    }
    if (session.type == SessionType::MultiHop) return {{}, session.remote, session.local};
    if (session.type == SessionType::Sbfd) {
        return {discriminator_text(session.remote_discriminator), session.remote, session.local};
    }
    const auto port = std::ranges::find(ports, session.port, &Port::name);
    if (port == ports.end() || !port->point_to_point) return {session.port, session.remote};
    return {session.port, IpAddress{.family = session.remote.family}};
}

std::string key_in_file(const Session& session) {
    if (session.tunnel) {
        return tunnel_key_text(session.type, session.local, session.remote, *session.tunnel);
    }
    if (session.type == SessionType::Micro) {
        return "micro " + session.port + '|' + std::string{family_name(session.remote.family)};
    }
    if (session.type == SessionType::Sbfd) {
        return to_string(session.local) + ">>" + to_string(session.remote) + '#' +
               discriminator_text(session.remote_discriminator);
    }
    const bool multihop = session.type == SessionType::MultiHop;
    return (multihop ? to_string(session.local) + ">" : session.port + '|') +
           to_string(session.remote);
}

std::string describe(const Session& session) {
    std::string peer = to_string(session.remote);
    if (session.tunnel) {
        peer += ", " + std::string{name(session.type)} + ' ' +
                describe_tunnel(session.type, session.local, *session.tunnel);
    } else if (session.type == SessionType::MultiHop) {
        peer += " from " + to_string(session.local) + ", multihop";
    } else if (session.type == SessionType::Sbfd) {
        peer += " from " + to_string(session.local) + ", sbfd " +
                discriminator_text(session.remote_discriminator);
    } else {
        peer += " on " + session.port;
        if (session.type == SessionType::Micro) peer += ", micro-BFD";
    }
    return session.name.empty() ? peer : in_quotes(session.name) + " (" + peer + ')';
}

}  // namespace tocsin::control::config
