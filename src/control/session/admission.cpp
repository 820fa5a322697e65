#include "control/session/admission.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "control/session/packet_size.hpp"
#include "control/session/source_ports.hpp"
#include "dataplane/message/command.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::control::session {

std::string one_session_only(const config::Session& session, const std::string& what) {
    if (session.tunnel) {
        return to_string(session.remote) + ' ' + what + " in " +
               config::describe_tunnel(session.type, session.local, *session.tunnel) +
               ": packets of the two could not be told apart";
    }
    if (session.type == SessionType::Sbfd) {
        return to_string(session.remote) + " from " + to_string(session.local) + ' ' + what +
               " that asks for " + config::discriminator_text(session.remote_discriminator) +
               ": one is enough";
    }
    const bool multihop = session.type == SessionType::MultiHop;
    return to_string(session.remote) +
           (multihop ? " from " + to_string(session.local) : " on " + session.port) + ' ' + what +
           (multihop ? ": one multihop session for each pair of addresses (RFC 5883 4.1)"
                     : ": one session for each port, family and remote (RFC 5881 3)");
}

Admission::Admission(Registry& registry, const Reconciler& reconciler, const NextHops& next_hops,
                     std::uint32_t max_sessions)
    : registry_{registry},
      reconciler_{reconciler},
      next_hops_{next_hops},
      max_sessions_{max_sessions} {}

std::optional<Error> Admission::check_room(std::size_t more) const {
    if (closed_) return Error{ErrorKind::Unavailable, "tocsind is shutting down", {}};
    if (registry_.size() + more <= max_sessions_) return std::nullopt;
    return Error{ErrorKind::ResourceExhausted,
                 std::to_string(registry_.size() + more) + " sessions are more than the " +
                     std::to_string(max_sessions_) +
                     " that dataplane.max_sessions allows: raise it and restart",
                 {}};
}

void Admission::set_capacity(load::Capacity capacity, bool refuse) {
    capacity_ = std::move(capacity);
    refuse_ = refuse;
}

std::optional<Error> Admission::check_demand(const load::Demand& more,
                                             const load::Demand& less) const {
    if (!refuse_ || capacity_.share(more) <= capacity_.share(less)) return std::nullopt;
    load::Demand all = reconciler_.demand();
    all -= less;
    all += more;
    if (capacity_.share(all) <= 1) return std::nullopt;
    return Error{ErrorKind::ResourceExhausted,
                 "the sessions would then ask for up to " + capacity_.describe(all) +
                     ": raise desired_min_tx_interval and required_min_rx_interval, add workers "
                     "(dataplane.workers), or set dataplane.admission = \"warn\" and reload",
                 {}};
}

std::optional<Error> Admission::check_demand(WorkerId worker, const load::Demand& more,
                                             const load::Demand& less) const {
    if (!refuse_ || worker.value >= capacity_.costs.size()) return std::nullopt;
    const load::Capacity one{.cycles_per_second = capacity_.cycles_per_second,
                             .costs = {capacity_.costs[worker.value]}};
    if (one.share(more) <= one.share(less)) return std::nullopt;
    load::Demand all = reconciler_.demand(worker);
    all -= less;
    all += more;
    if (one.share(all) <= 1) return std::nullopt;
    return Error{ErrorKind::ResourceExhausted,
                 "the sessions of worker " + std::to_string(worker.value) +
                     ", where they stay, would then ask for up to " + one.describe(all) +
                     ": raise desired_min_tx_interval and required_min_rx_interval, delete some of "
                     "its sessions and add them again, which another worker may then get, or set "
                     "dataplane.admission = \"warn\" and reload",
                 {}};
}

std::optional<Error> Admission::check_padding(const SessionPort& port, std::uint32_t headers,
                                              std::uint16_t padded_pdu_size) {
    const std::uint32_t packet = padded_pdu_size + headers;
    const std::uint32_t most = std::min<std::uint32_t>(port.mtu, message::kLargestPaddedPacket);
    if (padded_pdu_size == 0 || packet <= most) return std::nullopt;
    return Error{
        ErrorKind::InvalidArgument,
        std::to_string(padded_pdu_size) + " makes IP packets of " + std::to_string(packet) +
            " octets, more than " +
            (port.mtu <= message::kLargestPaddedPacket ? "the MTU of port " + port.name + ", "
                                                       : std::string{"tocsin sends, "}) +
            std::to_string(most) + ": at most " + std::to_string(most - headers) +
            " octets of UDP payload are accepted there",
        ".padded_pdu_size"};
}

std::optional<Error> Admission::check_pair(const config::Session& session,
                                           std::size_t beside) const {
    if (session.type == SessionType::Sbfd &&
        registry_.initiators() + beside >= SourcePorts::kCount) {
        return Error{ErrorKind::ResourceExhausted,
                     "there may be no more than " + std::to_string(SourcePorts::kCount) +
                         " sessions of type sbfd: each has a UDP source port of its own "
                         "(RFC 7881 2)",
                     ".type"};
    }
    if (!session.tunnel) return std::nullopt;
    const std::uint32_t most = tunnels_.per_pair(session.type);
    if (registry_.between(session.type, session.local, session.remote) + beside < most) {
        return std::nullopt;
    }
    return Error{ErrorKind::ResourceExhausted,
                 "there may be no more than " + std::to_string(most) + " sessions of type " +
                     std::string{name(session.type)} + " from " + to_string(session.local) +
                     " to " + to_string(session.remote) + ": raise " +
                     std::string{name(session.type)} + ".sessions_per_pair and reload",
                 ".remote"};
}

std::optional<Error> Admission::check_new(const config::Session& session, Origin origin) {
    const SessionPort* const port = registry_.port_named(session.port);
    if (port == nullptr) {
        return Error{ErrorKind::InvalidArgument,
                     "there is no port " + config::in_quotes(session.port), ".port"};
    }
    if (session.local.family == AddressFamily::None &&
        !next_hops_.local_for(port->id, session.remote)) {
        return Error{ErrorKind::InvalidArgument,
                     session.port + " has no address that reaches " + to_string(session.remote),
                     ".remote"};
    }
    if (config::is_routed(session.type) && !next_hops_.next_hop(port->id, session.remote)) {
        return Error{
            ErrorKind::InvalidArgument,
            session.port + " has no subnet with and no route to " + to_string(session.remote),
            ".remote"};
    }
    const SessionRecord* const r = registry_.find_same(session);
    const bool gives_way =
        r != nullptr && r->origin == Origin::Unsolicited && origin != Origin::Unsolicited;
    if (r != nullptr && !gives_way) {
        return Error{ErrorKind::AlreadyExists,
                     one_session_only(session, "has session " + std::to_string(r->id.value) +
                                                   ", which belongs to " + owner(r->origin)),
                     ".remote"};
    }
    if (auto error =
            check_padding(*port, config::header_octets(session), session.padded_pdu_size)) {
        return error;
    }
    if (origin != Origin::Config || session.type == SessionType::Sbfd) {
        if (auto error = check_pair(session, 0)) return error;
    }
    if (session.name.empty()) return std::nullopt;
    if (const SessionRecord* const named = registry_.find_name(session.name)) {
        return Error{ErrorKind::AlreadyExists,
                     "session " + std::to_string(named->id.value) + " has the name " +
                         session.name + " and belongs to " + owner(named->origin),
                     ".name"};
    }
    return std::nullopt;
}

}  // namespace tocsin::control::session
