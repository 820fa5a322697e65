#include "control/metrics/collector.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tocsin::control::metrics {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr double kNanosecond = 1e-9;
constexpr double kMicrosecond = 1e-6;

class Families {
public:
    /// Starts a family; value() and histogram() add to it.
    void begin(const char* name, MetricType type, const char* help) {
        out_.push_back({.name = name, .help = help, .type = type, .metric = {}});
    }
    void value(Labels labels, double v) {
        ClientMetric m;
        m.label = std::move(labels);
        if (out_.back().type == MetricType::Counter) {
            m.counter.value = v;
        } else {
            m.gauge.value = v;
        }
        out_.back().metric.push_back(std::move(m));
    }
    void value(Labels labels, const Counter& c) {
        value(std::move(labels), static_cast<double>(c.get()));
    }
    void histogram(Labels labels, const DurationHistogram& h) {
        ClientMetric m;
        m.label = std::move(labels);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
            sum += h.bucket(i);
            const bool last = i + 1 == DurationHistogram::kBuckets;
            m.histogram.bucket.push_back(
                {.cumulative_count = sum,
                 .upper_bound =
                     last ? std::numeric_limits<double>::infinity()
                          : static_cast<double>(DurationHistogram::bound_us(i)) * kMicrosecond});
        }
        m.histogram.sample_count = sum;
        m.histogram.sample_sum = static_cast<double>(h.sum_ns()) * kNanosecond;
        out_.back().metric.push_back(std::move(m));
    }
    [[nodiscard]] std::vector<MetricFamily> take() { return std::move(out_); }

private:
    std::vector<MetricFamily> out_;
};

void collect_daemon(Families& f, const Sources& s) {
    f.begin("tocsin_build_info", MetricType::Gauge, "Always 1; the versions are labels.");
    f.value({{"version", s.version}, {"dpdk", s.dpdk_version}}, 1);
    f.begin("tocsin_start_time_seconds", MetricType::Gauge, "Unix time of the daemon's start.");
    f.value({}, std::chrono::duration<double>(s.started.time_since_epoch()).count());

    f.begin("tocsin_clock_cycles_per_second", MetricType::Gauge,
            "Rate of the time stamp counter that cycles are counted by.");
    f.value({}, s.cycles_per_second);

    const session::Totals& t = *s.totals;
    f.begin("tocsin_bfd_sessions", MetricType::Gauge, "Configured sessions by bfd.SessionState.");
    constexpr const char* kStates[]{"admin_down", "down", "init", "up"};
    for (std::size_t i = 0; i < t.sessions.size(); ++i) {
        f.value({{"state", kStates[i]}}, t.sessions[i]);
    }
    f.begin("tocsin_bfd_sessions_held", MetricType::Gauge,
            "Sessions whose state clients are not told yet, by reason.");
    for (const notify::Held h :
         {notify::Held::UpHold, notify::Held::DownHold, notify::Held::Dampened}) {
        f.value({{"reason", std::string{notify::name(h)}}},
                t.sessions_held[static_cast<std::size_t>(h)]);
    }
    f.begin("tocsin_bfd_sessions_dampened", MetricType::Gauge,
            "Sessions whose Up is held back since they flapped, Up or not.");
    f.value({}, t.dampened);
    f.begin("tocsin_bfd_dampenings_total", MetricType::Counter,
            "Times that a session became dampened.");
    f.value({}, t.dampenings);
    f.begin("tocsin_bfd_sessions_congested", MetricType::Gauge,
            "Sessions of type multihop or sbfd whose intervals congestion has raised.");
    f.value({}, t.congested);
    f.begin("tocsin_bfd_congestion_backoffs_total", MetricType::Counter,
            "Times that congestion raised the intervals of a session.");
    f.value({}, t.congestion_backoffs);
    f.begin("tocsin_bfd_indications_total", MetricType::Counter,
            "Changes of what clients are told of sessions.");
    for (std::size_t i = 0; i < t.indications.size(); ++i) {
        f.value({{"indication",
                  std::string{notify::name(notify::Indication{static_cast<std::uint8_t>(i)})}}},
                t.indications[i]);
    }
    f.begin("tocsin_bfd_state_changes_total", MetricType::Counter,
            "Changes of bfd.SessionState as workers told them, by who began the last one; several "
            "between two events count once.");
    for (std::size_t i = 1; i < t.transitions.size(); ++i) {
        f.value({{"initiator",
                  std::string{notify::name(notify::Initiator{static_cast<std::uint8_t>(i)})}}},
                t.transitions[i]);
    }
    f.begin("tocsin_bfd_interruptions_total", MetricType::Counter,
            "Times that a session left Up and was Up again before control was told.");
    f.value({}, t.interruptions);
    f.begin("tocsin_bfd_sessions_leaving", MetricType::Gauge,
            "Deleted sessions that still tell their peer AdminDown.");
    f.value({}, t.leaving);
    f.begin("tocsin_bfd_sessions_waiting", MetricType::Gauge,
            "Sessions that no worker has yet, for want of a slot or since all are overloaded.");
    f.value({}, t.waiting);
    f.begin("tocsin_bfd_sessions_limit", MetricType::Gauge, "dataplane.max_sessions.");
    f.value({}, s.max_sessions);
    f.begin("tocsin_control_events_total", MetricType::Counter,
            "Session events received from workers.");
    f.value({}, t.events);
    f.begin("tocsin_control_commands_total", MetricType::Counter, "Commands sent to workers.");
    f.value({}, t.commands);
    f.begin("tocsin_control_commands_refused_total", MetricType::Counter,
            "Commands that a worker refused; they are repeated.");
    f.value({}, t.commands_refused);
    f.begin("tocsin_api_watchers", MetricType::Gauge, "Open WatchService.Watch streams.");
    f.value({}, t.watchers);
    f.begin("tocsin_api_watch_events_total", MetricType::Counter, "Messages handed to watchers.");
    f.value({}, t.watch_events);
    f.begin("tocsin_api_watch_merged_total", MetricType::Counter,
            "Changes that a slow watcher got merged into another message.");
    f.value({}, t.watch_merged);
    f.begin("tocsin_api_requests_total", MetricType::Counter,
            "Finished API requests by method and gRPC status code.");
    for (const auto& [key, n] : s.api->counts()) {
        f.value({{"method", key.first}, {"code", key.second}}, static_cast<double>(n));
    }
}

void collect_lsp(Families& f, const Sources& s) {
    if (s.lsp == nullptr) return;
    const lsp::Counters& c = *s.lsp;
    const auto one = [&](const char* family, MetricType type, const char* help,
                         const Counter& counter) {
        f.begin(family, type, help);
        f.value({}, counter);
    };
    one("tocsin_lsp_ping_requests_sent_total", MetricType::Counter,
        "Echo requests of LSP Ping that left (RFC 8029).", c.requests_sent);
    f.begin("tocsin_lsp_ping_replies_total", MetricType::Counter,
            "Echo replies by what they say: egress (return code 3), other_code, dropped.");
    f.value({{"result", "egress"}}, c.replies_egress);
    f.value({{"result", "other_code"}}, c.replies_other_code);
    f.value({{"result", "dropped"}}, c.replies_dropped);
    f.begin("tocsin_lsp_ping_requests_received_total", MetricType::Counter,
            "Echo requests by what was done about them.");
    for (std::size_t i = 0; i < c.received.size(); ++i) {
        f.value({{"outcome", std::string{lsp_ping::kOutcomeNames[i]}}}, c.received[i]);
    }
    one("tocsin_lsp_egress_sessions", MetricType::Gauge,
        "Sessions that ingresses of LSPs asked for (RFC 5884).", c.sessions);
    one("tocsin_lsp_egress_sessions_created_total", MetricType::Counter,
        "Sessions created for ingresses.", c.sessions_created);
    one("tocsin_lsp_egress_sessions_ended_total", MetricType::Counter,
        "Of these, Down for too long, removed by the ingress, or without their FEC.",
        c.sessions_ended);
}

void collect_unsolicited(Families& f, const Sources& s) {
    if (s.unsolicited == nullptr) return;
    const auto of_ports = [&](const char* name, MetricType type, const char* help, auto counter) {
        f.begin(name, type, help);
        for (const unsolicited::PortCounters& p : *s.unsolicited) {
            f.value({{"port", p.port}}, p.*counter);
        }
    };
    using unsolicited::PortCounters;
    of_ports("tocsin_unsolicited_sessions", MetricType::Gauge, "Unsolicited sessions (RFC 9468).",
             &PortCounters::sessions);
    of_ports("tocsin_unsolicited_sessions_limit", MetricType::Gauge,
             "Most unsolicited sessions that the port's policy permits; 0 without one.",
             &PortCounters::limit);
    of_ports("tocsin_unsolicited_created_total", MetricType::Counter,
             "Unsolicited sessions created.", &PortCounters::created);
    of_ports("tocsin_unsolicited_ended_total", MetricType::Counter,
             "Unsolicited sessions ended: not established in time, or Down after Up.",
             &PortCounters::ended);
    f.begin("tocsin_unsolicited_refused_total", MetricType::Counter,
            "Packets that asked for a session and got none, by reason.");
    for (const PortCounters& p : *s.unsolicited) {
        for (std::size_t i = 0; i < unsolicited::kRefusals; ++i) {
            f.value({{"port", p.port}, {"reason", std::string{unsolicited::kRefusalNames[i]}}},
                    p.refused[i]);
        }
    }
}

void collect_lags(Families& f, const Sources& s) {
    if (!s.lags) return;
    const auto lags = s.lags();
    const auto of_lags = [&](const char* name, MetricType type, const char* help, auto value) {
        f.begin(name, type, help);
        for (const lag::LagView& l : *lags) {
            f.value({{"lag", l.config.name}}, static_cast<double>(value(l)));
        }
    };
    of_lags("tocsin_lag_up", MetricType::Gauge, "1: at least minimum_links members are in use.",
            [](const lag::LagView& l) { return l.up ? 1 : 0; });
    of_lags("tocsin_lag_minimum_links", MetricType::Gauge,
            "Members that have to be in use for the LAG to be up.",
            [](const lag::LagView& l) { return l.config.minimum_links; });
    of_lags("tocsin_lag_members", MetricType::Gauge, "Members of the LAG.",
            [](const lag::LagView& l) { return l.members.size(); });
    of_lags("tocsin_lag_members_in_use", MetricType::Gauge,
            "Members that traffic may use: Distributing, with a link, not kept out by micro-BFD.",
            [](const lag::LagView& l) { return l.members_in_use; });
    of_lags("tocsin_lag_members_confirmed", MetricType::Gauge,
            "Members all of whose micro-BFD sessions are Up.", [](const lag::LagView& l) {
                return std::ranges::count_if(l.members, &lag::MemberView::confirmed);
            });
    of_lags("tocsin_lag_sessions_never_heard", MetricType::Gauge,
            "Micro-BFD sessions that exist and never heard their peer.", [](const lag::LagView& l) {
                std::size_t n = 0;
                for (const lag::MemberView& m : l.members) {
                    for (const lag::MemberSession& session : m.sessions) {
                        n += session.id.value != 0 && !session.peer_heard ? 1U : 0U;
                    }
                }
                return n;
            });
    of_lags("tocsin_lag_down_total", MetricType::Counter, "Times that the LAG went down.",
            [](const lag::LagView& l) { return l.downs; });
    of_lags("tocsin_lag_members_taken_out_total", MetricType::Counter,
            "Members taken out of a load-balancing table.",
            [](const lag::LagView& l) { return l.taken_out; });
    of_lags("tocsin_lag_members_put_back_total", MetricType::Counter,
            "Members put back into a load-balancing table.",
            [](const lag::LagView& l) { return l.put_back; });
    of_lags("tocsin_lag_actuator_failures_total", MetricType::Counter,
            "What the load balancer was asked for and did not do.",
            [](const lag::LagView& l) { return l.failed_acts; });
    f.begin("tocsin_lag_member_in_use", MetricType::Gauge, "1: traffic may use the member.");
    for (const lag::LagView& l : *lags) {
        for (const lag::MemberView& m : l.members) {
            f.value({{"lag", l.config.name}, {"port", m.port}}, m.in_use ? 1 : 0);
        }
    }
}

void collect_sbfd(Families& f, const Sources& s) {
    f.begin("tocsin_sbfd_initiators_unanswered", MetricType::Gauge,
            "Initiators of S-BFD that had no response since they were added.");
    f.value({}, s.totals->initiators_unanswered);
    if (!s.reflectors) return;
    const std::vector<session::ReflectorView> reflectors = s.reflectors();
    const auto label = [](const session::ReflectorView& r) {
        return ClientMetric::Label{"discriminator",
                                   config::discriminator_text(r.reflector.discriminator)};
    };
    f.begin("tocsin_sbfd_reflector_requests_total", MetricType::Counter,
            "Requests to reflectors of S-BFD: answered, or refused for their source, "
            "authentication or rate.");
    for (const session::ReflectorView& r : reflectors) {
        f.value({label(r), {"result", "answered"}}, static_cast<double>(r.answered));
        f.value({label(r), {"result", "refused"}}, static_cast<double>(r.refused));
    }
    f.begin("tocsin_sbfd_reflector_in_service", MetricType::Gauge,
            "1 while the reflector answers Up, 0 while it answers AdminDown.");
    for (const session::ReflectorView& r : reflectors) {
        f.value({label(r)}, r.reflector.admin_down ? 0 : 1);
    }
}

struct WorkerCounter {
    const char* name;
    const char* help;
    Counter message::WorkerStats::*counter;
    double unit = 1;
};

constexpr WorkerCounter kWorkerCounters[]{
    {"tocsin_bfd_packets_received_total", "BFD Control packets accepted.",
     &message::WorkerStats::rx_control},
    {"tocsin_bfd_packets_received_steady_total",
     "Of the accepted packets, those equal to the one before.", &message::WorkerStats::rx_fast},
    {"tocsin_bfd_packets_sent_total", "BFD Control packets handed to a driver.",
     &message::WorkerStats::tx_control},
    {"tocsin_bfd_echo_packets_received_total", "Echo packets of ours that came back.",
     &message::WorkerStats::rx_echo},
    {"tocsin_bfd_echo_packets_sent_total",
     "Echo packets of sessions with Control packets, handed to a driver.",
     &message::WorkerStats::tx_echo},
    {"tocsin_bfd_echo_packets_looped_total", "Echo packets of peers that were sent back.",
     &message::WorkerStats::echo_looped},
    {"tocsin_sbfd_packets_reflected_total", "Answers of S-BFD reflectors, handed to a driver.",
     &message::WorkerStats::reflected},
    {"tocsin_worker_heartbeat_total", "Turns of the worker's poll loop.",
     &message::WorkerStats::heartbeat},
    {"tocsin_worker_busy_seconds_total", "Time in turns that did work.",
     &message::WorkerStats::busy_ns, kNanosecond},
    {"tocsin_worker_idle_seconds_total", "Time in turns that did no work, sleep included.",
     &message::WorkerStats::idle_ns, kNanosecond},
    {"tocsin_worker_receive_cycles_total",
     "Time stamp counter cycles of reception, in turns that received.",
     &message::WorkerStats::rx_cycles},
    {"tocsin_worker_transmit_cycles_total",
     "Time stamp counter cycles of timers and transmission, in turns with work.",
     &message::WorkerStats::tx_cycles},
    {"tocsin_worker_control_cycles_total",
     "Time stamp counter cycles of commands, slow-path frames and events.",
     &message::WorkerStats::control_cycles},
    {"tocsin_worker_backlog_turns_total",
     "Turns that left due work (a queue not emptied, timers not judged), beyond the 64th in a row.",
     &message::WorkerStats::backlog_turns},
    {"tocsin_worker_loop_gaps_total", "Turns longer than a millisecond.",
     &message::WorkerStats::loop_gaps},
    {"tocsin_worker_events_deferred_total", "Turns in which the event ring had no room.",
     &message::WorkerStats::events_deferred},
    {"tocsin_worker_frames_punted_total", "Slow-path frames given to control.",
     &message::WorkerStats::punted},
    {"tocsin_worker_frames_sent_total", "Slow-path frames sent for control.",
     &message::WorkerStats::frames_sent},
};

struct WorkerHistogram {
    const char* name;
    const char* help;
    DurationHistogram message::WorkerStats::*histogram;
};

constexpr WorkerHistogram kWorkerHistograms[]{
    {"tocsin_worker_loop_gap_seconds", "Duration of each turn that took longer than 100 us.",
     &message::WorkerStats::loop_gap},
    {"tocsin_bfd_transmit_late_seconds",
     "Departure of periodic packets minus their scheduled instant.",
     &message::WorkerStats::late_tx},
    {"tocsin_bfd_detection_late_seconds", "Verdict of detection minus the session's deadline.",
     &message::WorkerStats::late_detection},
};

void collect_workers(Families& f, const Sources& s) {
    const auto lcore = [](const Sources::Worker& w) {
        return ClientMetric::Label{"lcore", std::to_string(w.lcore)};
    };
    for (const WorkerCounter& c : kWorkerCounters) {
        f.begin(c.name, MetricType::Counter, c.help);
        for (const Sources::Worker& w : s.workers) {
            f.value({lcore(w)}, static_cast<double>((w.stats->*c.counter).get()) * c.unit);
        }
    }
    f.begin("tocsin_worker_sessions", MetricType::Gauge,
            "Sessions of the worker, leaving ones included.");
    for (const Sources::Worker& w : s.workers) f.value({lcore(w)}, w.stats->sessions);
    const std::vector<load::WorkerLoad> loads = s.loads();
    const auto of_load = [&](const char* name, MetricType type, const char* help, auto value) {
        f.begin(name, type, help);
        for (std::size_t i = 0; i < loads.size(); ++i) {
            f.value({lcore(s.workers[i])}, value(loads[i]));
        }
    };
    of_load("tocsin_worker_demand_ratio", MetricType::Gauge,
            "Part of the worker's time that its sessions' intervals ask for; above 1 it cannot be "
            "carried.",
            [](const load::WorkerLoad& l) { return l.share; });
    of_load("tocsin_worker_overloaded", MetricType::Gauge, "1 while the worker does not keep up.",
            [](const load::WorkerLoad& l) { return l.overloaded ? 1.0 : 0.0; });
    of_load("tocsin_worker_overloads_total", MetricType::Counter, "Overload alarms.",
            [](const load::WorkerLoad& l) { return static_cast<double>(l.alarms); });
    f.begin("tocsin_bfd_transitions_total", MetricType::Counter,
            "Transitions into Up (to=up) and out of Up (to=down).");
    for (const Sources::Worker& w : s.workers) {
        f.value({lcore(w), {"to", "up"}}, w.stats->transitions_up);
        f.value({lcore(w), {"to", "down"}}, w.stats->transitions_down);
    }
    f.begin("tocsin_bfd_drops_total", MetricType::Counter, "Dropped packets by reason.");
    for (const Sources::Worker& w : s.workers) {
        for (std::size_t i = 1; i < kDropReasons; ++i) {
            f.value({lcore(w), {"reason", std::string{kDropReasonNames[i]}}}, w.stats->drops[i]);
        }
    }
    for (const WorkerHistogram& h : kWorkerHistograms) {
        f.begin(h.name, MetricType::Histogram, h.help);
        for (const Sources::Worker& w : s.workers) f.histogram({lcore(w)}, w.stats->*h.histogram);
    }
}

struct PortCounter {
    const char* name;
    const char* help;
    Counter message::PortStats::*counter;
};

constexpr PortCounter kPortCounters[]{
    {"tocsin_port_received_packets_total", "Frames received.", &message::PortStats::rx_packets},
    {"tocsin_port_received_bytes_total", "Octets received.", &message::PortStats::rx_bytes},
    {"tocsin_port_sent_packets_total", "Frames sent.", &message::PortStats::tx_packets},
    {"tocsin_port_sent_bytes_total", "Octets sent.", &message::PortStats::tx_bytes},
};

void collect_ports(Families& f, const Sources& s) {
    const std::vector<message::PortStatus> all = s.ports();
    std::vector<message::PortStatus> ports = all;
    // What comes by a VLAN is counted where it comes from.
    std::erase_if(ports, [](const message::PortStatus& p) { return !p.parent.empty(); });
    const auto label = [](const message::PortStatus& p) {
        return ClientMetric::Label{"port", p.name};
    };
    for (const PortCounter& c : kPortCounters) {
        f.begin(c.name, MetricType::Counter, c.help);
        for (const message::PortStatus& p : ports) {
            std::uint64_t sum = 0;
            for (const Sources::Worker& w : s.workers) {
                if (p.id.value < message::kMaxPorts) {
                    sum += (w.stats->ports[p.id.value].*c.counter).get();
                }
            }
            f.value({label(p)}, static_cast<double>(sum));
        }
    }
    const auto driver = [&](const char* name, const char* help,
                            std::uint64_t message::PortStatus::*member) {
        f.begin(name, MetricType::Counter, help);
        for (const auto& p : ports) f.value({label(p)}, static_cast<double>(p.*member));
    };
    driver("tocsin_port_missed_packets_total", "Frames lost for want of receive descriptors.",
           &message::PortStatus::rx_missed);
    driver("tocsin_port_receive_errors_total", "Erroneous frames by the driver's count.",
           &message::PortStatus::rx_errors);
    driver("tocsin_port_transmit_errors_total", "Failed transmissions by the driver's count.",
           &message::PortStatus::tx_errors);
    f.begin("tocsin_port_link_up", MetricType::Gauge, "1 when the port has its link.");
    for (const auto& p : all) f.value({label(p)}, p.link_up ? 1 : 0);
}

}  // namespace

Collector::Collector(Sources sources) : sources_{std::move(sources)} {}

std::vector<MetricFamily> Collector::Collect() const {
    Families families;
    collect_daemon(families, sources_);
    collect_unsolicited(families, sources_);
    collect_lags(families, sources_);
    collect_sbfd(families, sources_);
    collect_lsp(families, sources_);
    collect_workers(families, sources_);
    collect_ports(families, sources_);
    return families.take();
}

}  // namespace tocsin::control::metrics
