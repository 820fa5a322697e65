#include "control/grpc/daemon_service.hpp"

#include "control/base/address.hpp"
#include "control/config/references.hpp"
#include "control/grpc/convert.hpp"
#include "control/grpc/page_token.hpp"
#include "control/grpc/session_service.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace tocsin::control::api {

namespace {

void to_proto(const DurationHistogram& from, v1::Histogram& to) {
    for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
        if (i + 1 < DurationHistogram::kBuckets) to.add_bounds_us(DurationHistogram::bound_us(i));
        to.add_counts(from.bucket(i));
    }
    to.set_sum_ns(from.sum_ns());
    to.set_max_ns(from.max_ns());
}

void to_proto(const net::NeighborInfo& n, const SpecContext& specs, v1::Neighbor& out) {
    const auto id = std::ranges::find(specs.ids, n.port);
    if (id != specs.ids.end()) {
        out.set_port(specs.ports[static_cast<std::size_t>(id - specs.ids.begin())].name);
    }
    out.set_address(to_string(n.address));
    if (n.mac) out.set_mac(to_string(*n.mac));
    out.set_state(static_cast<v1::NeighborState>(static_cast<int>(n.state) + 1));
    out.set_age_ms(static_cast<std::uint64_t>(n.since_confirmed.count()) / 1'000'000U);
    out.set_sessions(n.users);
}

void to_proto(const message::PortStatus& p, const metrics::Sources& sources, v1::Port& out) {
    out.set_name(p.name);
    out.set_device(p.device);
    out.set_driver(p.driver);
    out.set_mac(to_string(p.mac));
    out.set_mtu(p.mtu);
    out.set_link_up(p.link_up);
    out.set_link_speed_mbps(p.link_speed_mbps);
    out.set_rx_checksum(p.rx_checksum);
    out.set_rx_queues(p.rx_queues);
    out.set_tx_queues(p.tx_queues);
    out.set_steering(p.steering);
    out.set_steering_reason(p.steering_reason);
    out.set_rx_missed(p.rx_missed);
    out.set_rx_errors(p.rx_errors);
    out.set_tx_errors(p.tx_errors);
    out.set_parent(p.parent);
    for (const std::uint16_t vlan : p.vlan) out.add_vlan(vlan);
    if (p.id.value >= message::kMaxPorts) return;
    for (const metrics::Sources::Worker& w : sources.workers) {
        const message::PortStats& s = w.stats->ports[p.id.value];
        out.set_rx_packets(out.rx_packets() + s.rx_packets.get());
        out.set_rx_bytes(out.rx_bytes() + s.rx_bytes.get());
        out.set_tx_packets(out.tx_packets() + s.tx_packets.get());
        out.set_tx_bytes(out.tx_bytes() + s.tx_bytes.get());
    }
}

void to_proto(const load::Load& l, v1::WorkerLoad& out) {
    out.set_span_ms(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(l.span).count()));
    out.set_busy(l.busy);
    out.set_rx_packets_per_second(l.rate(l.rx_packets));
    out.set_tx_packets_per_second(l.rate(l.tx_packets));
    out.set_rx_cycles_per_packet(l.rx_cycles_per_packet);
    out.set_tx_cycles_per_packet(l.tx_cycles_per_packet);
    out.set_loop_gap_p50_us(load::quantile_us(l.loop_gap, l.turns, 0.5));
    out.set_loop_gap_p99_us(load::quantile_us(l.loop_gap, l.turns, 0.99));
    out.set_loop_gap_p999_us(load::quantile_us(l.loop_gap, l.turns, 0.999));
    out.set_late_tx_p999_us(load::quantile_us(l.late_tx, load::sum(l.late_tx), 0.999));
}

void to_proto(const load::WorkerLoad& l, v1::WorkerDemand& out) {
    out.set_rx_packets_per_second(load::packets(l.demand.rx));
    out.set_tx_packets_per_second(load::packets(l.demand.tx));
    out.set_share(l.share);
    out.set_rx_cycles(l.cost.rx_cycles);
    out.set_tx_cycles(l.cost.tx_cycles);
    out.set_measured(l.cost.measured);
}

void to_proto(const load::WorkerLoad& l, std::chrono::system_clock::time_point since,
              v1::WorkerOverload& out) {
    out.set_active(l.overloaded);
    out.set_raised(l.alarms);
    if (!l.overloaded) return;
    out.set_since_us(
        std::chrono::duration_cast<std::chrono::microseconds>(since.time_since_epoch()).count());
    for (const auto& [bit, sign] : {std::pair{load::kBusy, v1::OVERLOAD_SIGN_BUSY},
                                    std::pair{load::kLateTx, v1::OVERLOAD_SIGN_LATE_TX},
                                    std::pair{load::kBacklog, v1::OVERLOAD_SIGN_BACKLOG},
                                    std::pair{load::kMissed, v1::OVERLOAD_SIGN_MISSED}}) {
        if ((l.signs & bit) != 0) out.add_signs(sign);
    }
}

void to_proto(const auth::Lifetime& l, v1::KeyLifetime& out) {
    if (l.from) out.set_from(l.from->time_since_epoch().count());
    if (l.until) out.set_until(l.until->time_since_epoch().count());
}

void to_proto(const auth::KeyChain& chain, auth::WallTime now, v1::KeyChain& out) {
    out.set_name(chain.name);
    const auth::Key* const signing = auth::signing_key(chain, now);
    for (const auth::Key& k : chain.keys) {
        v1::Key& key = *out.add_keys();
        key.set_id(k.id);
        key.set_secret_file(k.secret_file);
        to_proto(k.accept, *key.mutable_accept());
        to_proto(k.send, *key.mutable_send());
        key.set_accepted(k.accept.contains(now));
        key.set_signing(&k == signing);
    }
    if (const auto until = auth::signs_until(chain, now)) {
        out.set_signs_until(until->time_since_epoch().count());
    }
}

template <class Drops>
void add_drops(const message::WorkerStats& stats, Drops& out) {
    for (std::size_t i = 1; i < kDropReasons; ++i) {
        const std::uint64_t n = stats.drops[i].get();
        if (n != 0) out[std::string{kDropReasonNames[i]}] += n;
    }
}

}  // namespace

grpc::Status DaemonService::GetVersion(grpc::ServerContext*, const v1::GetVersionRequest*,
                                       v1::GetVersionResponse* response) {
    const metrics::Sources& s = backend_.sources();
    response->set_version(s.version);
    response->set_dpdk(s.dpdk_version);
    for (const char* const what : {"multihop", "authentication", "large_packets"}) {
        response->add_capabilities(what);
    }
    response->set_started_us(
        std::chrono::duration_cast<std::chrono::microseconds>(s.started.time_since_epoch())
            .count());
    response->set_max_sessions(s.max_sessions);
    response->set_config_file(backend_.config_file());
    counters_.count("GetVersion", "OK");
    return grpc::Status::OK;
}

grpc::Status DaemonService::ListPorts(grpc::ServerContext*, const v1::ListPortsRequest*,
                                      v1::ListPortsResponse* response) {
    const auto specs = backend_.specs();
    for (const message::PortStatus& p : backend_.ports()) {
        v1::Port& out = *response->add_ports();
        to_proto(p, backend_.sources(), out);
        const auto port = std::ranges::find(specs->ports, p.name, &config::Port::name);
        if (port == specs->ports.end()) continue;
        for (const IpPrefix& address : port->addresses) out.add_addresses(to_string(address));
    }
    counters_.count("ListPorts", "OK");
    return grpc::Status::OK;
}

grpc::Status DaemonService::ListNeighbors(grpc::ServerContext*,
                                          const v1::ListNeighborsRequest* request,
                                          v1::ListNeighborsResponse* response) {
    const grpc::Status status = neighbors(*request, *response);
    counters_.count("ListNeighbors", code_name(status.error_code()));
    return status;
}

grpc::Status DaemonService::neighbors(const v1::ListNeighborsRequest& request,
                                      v1::ListNeighborsResponse& response) {
    if (const auto error = page_size_fault(request.page_size())) return to_status(*error);
    const auto specs = backend_.specs();
    std::optional<PortId> port;
    if (!request.port().empty()) {
        std::string why;
        const config::Port* const named = config::port_named(specs->ports, request.port(), why);
        if (named == nullptr) return to_status({ErrorKind::InvalidArgument, why, "port"});
        port = specs->ids[static_cast<std::size_t>(named - specs->ports.data())];
    }
    std::optional<net::NeighborPlace> after;
    if (!request.page_token().empty()) {
        after = read_neighbor_token(request.page_token(), request.port());
        if (!after) return to_status(page_token_fault("the same port"));
    }
    net::NeighborList list;
    for (std::optional<bool> more{true}; *more;) {
        more = call(backend_, [&] { return backend_.add_piece(list); });
        if (!more) return shutting_down();
    }
    if (port) {
        std::erase_if(list.neighbors, [&](const net::NeighborInfo& n) { return n.port != *port; });
    }
    response.set_total(list.neighbors.size());
    const bool more = list.keep_page(after, page_size(request.page_size()));
    for (const net::NeighborInfo& n : list.neighbors) {
        to_proto(n, *specs, *response.add_neighbors());
    }
    if (!more) return grpc::Status::OK;
    const net::NeighborInfo& last = list.neighbors.back();
    response.set_next_page_token(
        page_token({.port = last.port, .address = last.address}, request.port()));
    return grpc::Status::OK;
}

grpc::Status DaemonService::ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*,
                                        v1::ListWorkersResponse* response) {
    const metrics::Sources& sources = backend_.sources();
    response->set_cycles_per_second(sources.cycles_per_second);
    const std::vector<load::WorkerLoad> loads = sources.loads();
    for (std::size_t i = 0; i < sources.workers.size(); ++i) {
        const metrics::Sources::Worker& w = sources.workers[i];
        const message::WorkerStats& s = *w.stats;
        v1::Worker& out = *response->add_workers();
        out.set_index(static_cast<std::uint32_t>(i));
        out.set_lcore(w.lcore);
        out.set_heartbeat(s.heartbeat.get());
        out.set_sessions(s.sessions.get());
        out.set_sessions_up(s.sessions_up.get());
        out.set_rx_packets(s.rx_control.get());
        out.set_tx_packets(s.tx_control.get());
        out.set_busy_ns(s.busy_ns.get());
        out.set_idle_ns(s.idle_ns.get());
        out.set_loop_gaps(s.loop_gaps.get());
        to_proto(s.loop_gap, *out.mutable_loop_gap());
        to_proto(s.late_tx, *out.mutable_late_tx());
        to_proto(s.late_detection, *out.mutable_late_detection());
        add_drops(s, *out.mutable_drops());
        out.set_rx_cycles(s.rx_cycles.get());
        out.set_tx_cycles(s.tx_cycles.get());
        out.set_control_cycles(s.control_cycles.get());
        to_proto(loads[i].recent, *out.mutable_load());
        out.set_backlog_turns(s.backlog_turns.get());
        to_proto(loads[i], *out.mutable_demand());
        to_proto(loads[i], sources.wall(loads[i].since), *out.mutable_overload());
    }
    counters_.count("ListWorkers", "OK");
    return grpc::Status::OK;
}

grpc::Status DaemonService::ListKeyChains(grpc::ServerContext*, const v1::ListKeyChainsRequest*,
                                          v1::ListKeyChainsResponse* response) {
    const auto done = call(backend_, [&] {
        const auth::Chains& chains = backend_.sessions().chains();
        const auto now = backend_.sessions().wall_now();
        for (const auth::KeyChain& c : chains.chains()) {
            v1::KeyChain& out = *response->add_key_chains();
            to_proto(c, now, out);
            out.set_sessions(chains.sessions(c.name));
        }
        return true;
    });
    if (!done) return shutting_down();
    counters_.count("ListKeyChains", "OK");
    return grpc::Status::OK;
}

grpc::Status DaemonService::GetStats(grpc::ServerContext*, const v1::GetStatsRequest*,
                                     v1::GetStatsResponse* response) {
    const metrics::Sources& sources = backend_.sources();
    const auto& sessions = sources.totals->sessions;
    response->set_sessions_admin_down(sessions[0].get());
    response->set_sessions_down(sessions[1].get());
    response->set_sessions_init(sessions[2].get());
    response->set_sessions_up(sessions[3].get());
    response->set_watchers(sources.totals->watchers.get());
    response->set_sessions_waiting(sources.totals->waiting.get());
    for (const metrics::Sources::Worker& w : sources.workers) {
        const message::WorkerStats& s = *w.stats;
        response->set_rx_packets(response->rx_packets() + s.rx_control.get());
        response->set_tx_packets(response->tx_packets() + s.tx_control.get());
        response->set_transitions_up(response->transitions_up() + s.transitions_up.get());
        response->set_transitions_down(response->transitions_down() + s.transitions_down.get());
        response->set_punted(response->punted() + s.punted.get());
        response->set_frames_sent(response->frames_sent() + s.frames_sent.get());
        add_drops(s, *response->mutable_drops());
    }
    counters_.count("GetStats", "OK");
    return grpc::Status::OK;
}

}  // namespace tocsin::control::api
