#include "control/config/diff.hpp"

#include "control/base/address.hpp"
#include "control/config/multihop_path.hpp"
#include "control/config/nearest.hpp"
#include "control/config/session_identity.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace tocsin::control::config {

namespace {

std::vector<std::string> changed_members(const Session& a, const Session& b) {
    std::vector<std::string> out;
    const auto compare = [&out](std::string_view name, const auto& x, const auto& y) {
        if (!(x == y)) out.emplace_back(name);
    };
    const bfd::SessionParameters& p = a.parameters;
    const bfd::SessionParameters& q = b.parameters;
    compare("name", a.name, b.name);
    compare("type", a.type, b.type);
    compare("remote", a.remote, b.remote);
    compare("local", a.local, b.local);
    compare("port", a.port, b.port);
    compare("profile", a.profile, b.profile);
    compare("desired_min_tx_interval", p.desired_min_tx_interval, q.desired_min_tx_interval);
    compare("required_min_rx_interval", p.required_min_rx_interval, q.required_min_rx_interval);
    compare("detect_mult", p.detect_mult, q.detect_mult);
    compare("passive", p.passive, q.passive);
    compare("demand_mode", p.demand_mode, q.demand_mode);
    compare("demand_poll_interval", p.demand_poll_interval, q.demand_poll_interval);
    compare("desired_min_echo_tx_interval", p.desired_min_echo_tx_interval,
            q.desired_min_echo_tx_interval);
    compare("required_min_echo_rx_interval", p.required_min_echo_rx_interval,
            q.required_min_echo_rx_interval);
    compare("congestion_control", p.congestion_doublings != 0, q.congestion_doublings != 0);
    compare("match_source", p.match_source, q.match_source);
    compare("min_ttl", p.min_ttl, q.min_ttl);
    compare("dscp", a.dscp, b.dscp);
    compare("padded_pdu_size", a.padded_pdu_size, b.padded_pdu_size);
    compare("follow_link", a.follow_link, b.follow_link);
    compare("auth", a.auth, b.auth);
    compare("admin_down", a.admin_down, b.admin_down);
    compare("interval_alignment", a.interval_alignment, b.interval_alignment);
    compare("up_hold", a.notification.up_hold, b.notification.up_hold);
    compare("down_hold", a.notification.down_hold, b.notification.down_hold);
    compare("tunnel", a.tunnel, b.tunnel);
    compare("destination_mac", a.frames.learns_mac, b.frames.learns_mac);
    compare("priority_tag", std::pair{bool{a.frames.tagged}, std::uint8_t{a.frames.priority}},
            std::pair{bool{b.frames.tagged}, std::uint8_t{b.frames.priority}});
    compare("lacp", a.on_request, b.on_request);
    compare("dampening", a.notification.dampening, b.notification.dampening);
    return out;
}

/// Of a pseudowire, which is one by its label: packets are found by more than that.
bool has_another_key(const Session& a, const Session& b) {
    if (!a.tunnel || !b.tunnel) return false;
    return a.remote != b.remote || tunnel_key(a.type, a.local, a.remote, *a.tunnel) !=
                                       tunnel_key(b.type, b.local, b.remote, *b.tunnel);
}

/// Whether the running daemon has what the session needs.
bool can_exist(const Session& session, const Config& running) {
    const auto port = std::ranges::find(running.ports, session.port, &Port::name);
    if (port == running.ports.end()) return false;
    if (session.auth.type != bfd::AuthType::None && !running.dataplane.authentication) return false;
    const bool echo = session.parameters.desired_min_echo_tx_interval > WireInterval{0};
    if (echo && !running.dataplane.echo) return false;
    if (session.parameters.congestion_doublings != 0 && !running.dataplane.congestion_control) {
        return false;
    }
    if (needs_room_for_overlays(session) && !running.dataplane.overlays) return false;
    if (is_routed(session.type)) {
        if (multihop_paths(running.ports, session.remote, &*port).empty()) return false;
        return std::ranges::any_of(running.ports, [&](const Port& p) {
            return std::ranges::find(p.addresses, session.local, &IpPrefix::address) !=
                   p.addresses.end();
        });
    }
    if (session.type == SessionType::Micro) return true;           // the addresses are the LAG's
    if (session.local.family == AddressFamily::None) return true;  // derived from the MAC
    return std::ranges::find(port->addresses, session.local, &IpPrefix::address) !=
           port->addresses.end();
}

void compare_ports(const Config& running, const Config& wanted, std::vector<std::string>& out) {
    for (std::size_t i = 0; i < wanted.ports.size(); ++i) {
        const Port& to = wanted.ports[i];
        const std::string path = "port[" + std::to_string(i) + ']';
        const auto from = std::ranges::find(running.ports, to.name, &Port::name);
        if (from == running.ports.end()) {
            out.push_back(path);
            continue;
        }
        const auto compare = [&](std::string_view key, const auto& x, const auto& y) {
            if (!(x == y)) out.push_back(path + '.' + std::string{key});
        };
        compare("device", from->device, to.device);
        compare("parent", from->parent, to.parent);
        compare("vlan", from->vlan, to.vlan);
        compare("vlan_priority", from->vlan_priority, to.vlan_priority);
        compare("addresses", from->addresses, to.addresses);
        compare("route", from->routes, to.routes);
        compare("echo_source", from->echo_source, to.echo_source);
        compare("point_to_point", from->point_to_point, to.point_to_point);
        compare("mpls", from->mpls, to.mpls);
        compare("rx_checksum", from->rx_checksum, to.rx_checksum);
        compare("tunnels_without_checksum", from->tunnels_without_checksum,
                to.tunnels_without_checksum);
        compare("open_vswitch_vxlan", from->open_vswitch_vxlan, to.open_vswitch_vxlan);
        compare("rx_descriptors", from->rx_descriptors, to.rx_descriptors);
        compare("tx_descriptors", from->tx_descriptors, to.tx_descriptors);
    }
    for (const Port& from : running.ports) {
        if (std::ranges::find(wanted.ports, from.name, &Port::name) != wanted.ports.end()) continue;
        out.push_back("port " + in_quotes(from.name));
    }
}

std::vector<std::string> restart_paths(const Config& running, const Config& wanted) {
    std::vector<std::string> out;
    const auto compare = [&out](std::string_view path, const auto& x, const auto& y) {
        if (!(x == y)) out.emplace_back(path);
    };
    const Dataplane& from = running.dataplane;
    const Dataplane& to = wanted.dataplane;
    compare("daemon.state_dir", running.daemon.state_dir, wanted.daemon.state_dir);
    compare("dataplane.workers", from.workers, to.workers);
    compare("dataplane.max_sessions", from.max_sessions, to.max_sessions);
    compare("dataplane.idle", from.idle, to.idle);
    compare("dataplane.real_time", from.real_time, to.real_time);
    compare("dataplane.huge_pages", from.huge_pages, to.huge_pages);
    // Room that is not needed any more does no harm.
    if (to.authentication && !from.authentication) out.emplace_back("dataplane.authentication");
    if (to.echo && !from.echo) out.emplace_back("dataplane.echo");
    if (to.congestion_control && !from.congestion_control) {
        out.emplace_back("dataplane.congestion_control");
    }
    if (to.overlays && !from.overlays) out.emplace_back("dataplane.overlays");
    for (std::size_t i = 0; !from.authentication && i < wanted.sbfd.reflectors.size(); ++i) {
        if (wanted.sbfd.reflectors[i].auth.type == bfd::AuthType::None) continue;
        out.push_back("reflector[" + std::to_string(i) + ']');
    }
    compare("dataplane.history", from.history, to.history);
    compare("dataplane.memory_mb", from.memory_mb, to.memory_mb);
    compare("dataplane.eal_args", from.eal_args, to.eal_args);
    compare("api.listen", running.api.listen, wanted.api.listen);
    compare("metrics.listen", running.metrics.listen, wanted.metrics.listen);
    compare_ports(running, wanted, out);
    return out;
}

}  // namespace

Diff diff(const Config& running, const Config& wanted) {
    Diff out;
    out.needs_restart = restart_paths(running, wanted);
    if (running.key_chains != wanted.key_chains) out.key_chains = wanted.key_chains;
    std::unordered_map<std::string, const Session*> before;
    before.reserve(running.sessions.size());
    for (const Session& session : running.sessions) before.emplace(key_in_file(session), &session);

    for (const Session& to : wanted.sessions) {
        const auto found = before.find(key_in_file(to));
        const Session* const from = found == before.end() ? nullptr : found->second;
        if (from != nullptr) before.erase(found);
        if (from != nullptr && *from == to) {
            ++out.unchanged;
        } else if (!can_exist(to, running)) {
            out.deferred.push_back(to);
            if (from != nullptr) ++out.unchanged;
        } else if (from == nullptr) {
            out.added.push_back(to);
        } else {
            out.changed.push_back(
                {.from = *from,
                 .to = to,
                 .members = changed_members(*from, to),
                 .must_be_recreated = (from->local != to.local && to.type != SessionType::Micro) ||
                                      from->type != to.type || from->port != to.port ||
                                      has_another_key(*from, to)});
        }
    }
    for (const Session& session : running.sessions) {
        if (before.contains(key_in_file(session))) out.removed.push_back(session);
    }
    return out;
}

}  // namespace tocsin::control::config
