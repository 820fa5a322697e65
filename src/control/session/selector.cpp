#include "control/session/selector.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"

#include <utility>
#include <vector>

namespace tocsin::control::session {

namespace {

Error unknown(std::string what) {
    return {ErrorKind::NotFound, "there is no session " + std::move(what), {}};
}

}  // namespace

Result<SessionId> resolve(const Selector& selector, Registry& registry, Reconciler& reconciler) {
    if (const auto* id = std::get_if<SessionId>(&selector)) {
        if (registry.find(*id) == nullptr) {
            return unknown("with id " + std::to_string(id->value));
        }
        return *id;
    }
    if (const auto* name = std::get_if<std::string>(&selector)) {
        const SessionRecord* const r = registry.find_name(*name);
        if (r == nullptr) return unknown("with the name " + config::in_quotes(*name));
        return r->id;
    }
    if (const auto* discr = std::get_if<Discriminator>(&selector)) {
        const SessionRecord* const r = reconciler.find(*discr);
        if (r == nullptr) return unknown("with local_discr " + std::to_string(discr->value));
        return r->id;
    }
    const auto& peer = std::get<PeerSelector>(selector);
    std::vector<const SessionRecord*> found;
    const auto consider = [&](const SessionRecord* r) {
        if (r == nullptr || r->remote != peer.remote) return;
        if (peer.local.family != AddressFamily::None && r->local != peer.local) return;
        const SessionPort* const port = registry.port(r->port);
        if (!peer.port.empty() && (port == nullptr || port->name != peer.port)) return;
        found.push_back(r);
    };
    for (const SessionPort& port : registry.ports()) {
        consider(registry.find_identity(port.id, peer.remote));
    }
    for (const SessionRecord* const r : registry.find_multihop(peer.remote)) consider(r);
    for (const SessionRecord* const r : registry.find_micro(peer.remote)) consider(r);
    for (const SessionRecord* const r : registry.find_tunnels(peer.remote)) consider(r);
    if (found.size() > 1) {
        return Error{ErrorKind::InvalidArgument,
                     to_string(peer.remote) +
                         " is the peer of several sessions: give the port or our address as well, "
                         "or choose by id or name",
                     "peer.port"};
    }
    if (found.empty()) {
        return unknown("to " + to_string(peer.remote) +
                       (peer.port.empty() ? std::string{} : " on " + peer.port));
    }
    return found.front()->id;
}

}  // namespace tocsin::control::session
