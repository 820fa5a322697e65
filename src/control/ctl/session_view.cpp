#include "control/ctl/session_view.hpp"

#include "control/ctl/discriminator_option.hpp"
#include "control/ctl/format.hpp"

#include <fmt/format.h>

#include <string>

namespace tocsin::control::ctl {

namespace {

std::string interval(std::uint64_t us) {
    return us == 0 ? "-" : milliseconds(static_cast<std::int64_t>(us));
}

std::string dampening_left(const v1::SessionStatus& status) {
    return age(static_cast<std::int64_t>(status.dampening().reuse_in_ms()) * 1000) + " left";
}

std::string_view hold_name(v1::Hold hold) {
    switch (hold) {
        case v1::HOLD_UP:
            return "an Up, which has to last for up_hold first";
        case v1::HOLD_DOWN:
            return "a failure, which has to last for down_hold first";
        case v1::HOLD_DAMPENED:
            return "an Up, since the session is dampened";
        default:
            return "nothing";
    }
}

void add_notification(Properties& out, const v1::Session& session) {
    const v1::SessionSpec& spec = session.spec();
    const v1::SessionStatus& status = session.status();
    out.gap();
    out.add("Clients are told", indication_name(status.indication()));
    out.add("Held back from them", status.held() > v1::HOLD_NONE
                                       ? Cell{std::string{hold_name(status.held())}, Colour::Yellow}
                                       : Cell{"nothing"});
    if (spec.up_hold_ms() != 0 || spec.down_hold_ms() != 0) {
        out.add("Up hold / down hold", milliseconds(std::int64_t{spec.up_hold_ms()} * 1000) +
                                           " / " +
                                           milliseconds(std::int64_t{spec.down_hold_ms()} * 1000));
    }
    if (!spec.dampening().enabled()) return;
    const v1::Dampening& d = spec.dampening();
    out.add("Dampening", "half-life " + milliseconds(std::int64_t{d.half_life_ms()} * 1000) +
                             ", suppress " + std::to_string(d.suppress()) + ", reuse " +
                             std::to_string(d.reuse()) + ", at most " +
                             milliseconds(std::int64_t{d.max_suppress_ms()} * 1000) + ", penalty " +
                             std::to_string(d.penalty()));
    out.add("Dampened", status.dampening().dampened()
                            ? Cell{"yes, penalty " + std::to_string(status.dampening().penalty()) +
                                       ", " + dampening_left(status),
                                   Colour::Yellow}
                            : Cell{"no, penalty " + std::to_string(status.dampening().penalty())});
}

/// What a person should know besides the state.
Cell remark(const v1::Session& session) {
    const v1::SessionStatus& status = session.status();
    if (!status.waiting().empty()) return {"waiting: " + status.waiting(), Colour::Yellow};
    if (status.auth().type() > v1::AUTH_TYPE_NONE && !status.auth().can_sign()) {
        return {"no key to sign with", Colour::Yellow};
    }
    if (!status.next_hop_resolved() && !status.next_hop().empty() &&
        status.state() != v1::SESSION_STATE_ADMIN_DOWN) {
        return {"no MAC of " + status.next_hop(), Colour::Yellow};
    }
    switch (status.held()) {
        case v1::HOLD_UP:
            return {"Up held back", Colour::Yellow};
        case v1::HOLD_DOWN:
            return {"Down held back", Colour::Yellow};
        case v1::HOLD_DAMPENED:
            return {"Up dampened, " + dampening_left(status), Colour::Yellow};
        default:
            break;
    }
    if (status.dampening().dampened()) return {"dampened, " + status.diag_name(), Colour::Yellow};
    if (status.congestion_factor() > 1) {
        return {"congested, intervals x " + std::to_string(status.congestion_factor()),
                Colour::Yellow};
    }
    return status.diag() == 0 ? "-" : status.diag_name();
}

std::string diag(std::uint32_t code, const std::string& name) {
    return std::to_string(code) + (name.empty() ? "" : " " + name);
}

void add_tunnel(Properties& out, const v1::SessionSpec& spec) {
    const v1::Tunnel& t = spec.tunnel();
    const bool ip = t.payload() == v1::TUNNEL_PAYLOAD_IP;
    std::string tags;
    for (const std::uint32_t vlan : t.inner_vlan()) tags += ", VLAN " + std::to_string(vlan);
    if (!tags.empty()) tags += ", priority " + std::to_string(t.inner_priority());
    out.add("Tunnel", "VNI " + std::to_string(t.vni()) + ", TTL " + std::to_string(t.ttl()) +
                          (t.outer_checksum() ? ", UDP checksum" : ", UDP checksum zero"));
    out.add("Inside, from",
            t.inner_src() + (ip                          ? ""
                             : t.inner_src_mac().empty() ? ", the port's MAC"
                                                         : ", " + t.inner_src_mac()));
    out.add("Inside, to", t.inner_dst() + (ip ? "" : ", " + t.inner_dst_mac()) + tags);
}

void add_labels(Properties& out, const v1::SessionSpec& spec) {
    const v1::Tunnel& t = spec.tunnel();
    std::string labels;
    for (const std::uint32_t label : t.labels()) {
        if (!labels.empty()) labels += ' ';
        labels += std::to_string(label);
    }
    if (spec.type() == v1::SESSION_TYPE_MPLS) {
        out.add("FEC", t.fec() + ", instance " + std::to_string(t.instance()));
        out.add("Labels", labels.empty() ? "none" : labels);
        out.add("LSP Ping every",
                t.lsp_ping_interval_us() == 0
                    ? Cell{"-"}
                    : Cell{std::to_string(t.lsp_ping_interval_us() / 1'000'000) + " s"});
    } else {
        out.add("Labels, out / in", labels + " / " + std::to_string(t.label_in()));
        out.add("Control channel",
                "CC type " + std::to_string(static_cast<int>(t.control_channel())) + ", CV type " +
                    std::to_string(t.cv_type()) + (t.control_word() ? "" : ", no control word"));
    }
    if (!t.inner_src().empty()) out.add("Inside, from / to", t.inner_src() + " / " + t.inner_dst());
}

std::string yes(bool value) { return value ? "yes" : "no"; }

void add_auth(Properties& out, const v1::Session& session) {
    const v1::AuthStatus& auth = session.status().auth();
    out.gap();
    out.add("Authentication", auth_type_name(auth.type()) + ", key chain " +
                                  or_dash(session.spec().auth().key_chain()));
    out.add("Signs with", auth.can_sign() ? Cell{"key " + std::to_string(auth.key_id())}
                                          : Cell{"no key: nothing is sent", Colour::Yellow});
    out.add("Sequence sent / received",
            std::to_string(auth.xmit_seq()) + " / " +
                (auth.seq_known() ? std::to_string(auth.rcv_seq()) : "not known"));
    out.add("Packets not authentic",
            std::to_string(auth.failures()) +
                (auth.last_failure().empty() ? "" : ", last " + auth.last_failure()));
}

std::string round_trip(std::uint32_t ns) {
    return ns == 0 ? "-" : fmt::format("{:.1f} us", static_cast<double>(ns) / 1000);
}

void add_echo(Properties& out, const v1::Session& session) {
    const v1::EchoStatus& echo = session.status().echo();
    const v1::SessionSpec& spec = session.spec();
    out.gap();
    out.add("Echo sent every", echo.tx_interval_us() != 0 ? interval(echo.tx_interval_us())
                               : spec.desired_min_echo_tx_interval_us() == 0 ? Cell{"-"}
                               : echo.remote_min_rx_interval_us() == 0
                                   ? Cell{"not now: the peer sends none back", Colour::Yellow}
                                   : Cell{"not now"});
    out.add("Echo of the peer sent back",
            spec.required_min_echo_rx_interval_us() == 0
                ? "no"
                : "every " + interval(spec.required_min_echo_rx_interval_us()));
    out.add("Remote min Echo RX", interval(echo.remote_min_rx_interval_us()));
    out.add("Echo sent / returned",
            std::to_string(echo.tx_packets()) + " / " + std::to_string(echo.rx_packets()));
    out.add("Echo round trip", "last " + round_trip(echo.last_round_trip_ns()) + ", least " +
                                   round_trip(echo.least_round_trip_ns()) + ", average " +
                                   round_trip(echo.average_round_trip_ns()) + ", most " +
                                   round_trip(echo.most_round_trip_ns()));
}

}  // namespace

Table session_table() {
    using enum Table::Align;
    return Table{{{"ID", Right},
                  {"NAME"},
                  {"PEER"},
                  {"LOCAL"},
                  {"PORT"},
                  {"TYPE"},
                  {"STATE"},
                  {"REMOTE"},
                  {"TX", Right},
                  {"DETECT", Right},
                  {"UPTIME", Right},
                  {"ORIGIN"},
                  {"ROLE"},
                  {"DIAG"}}};
}

void add_row(Table& table, const v1::Session& session, std::int64_t now_us) {
    const v1::SessionSpec& spec = session.spec();
    const v1::SessionStatus& status = session.status();
    const bool up = status.state() == v1::SESSION_STATE_UP && status.last_state_change_us() != 0;
    table.add({std::to_string(session.id()), or_dash(spec.name()), spec.remote(),
               or_dash(spec.local()), spec.port(), std::string{session_type_name(spec.type())},
               state_cell(status.state()), std::string{state_name(status.remote_state())},
               interval(status.tx_interval_us()), interval(status.detection_time_us()),
               up ? age(now_us - status.last_state_change_us()) : "-",
               std::string{origin_name(session.origin())}, std::string{role_name(status.role())},
               remark(session)});
}

Properties session_properties(const v1::Session& session, std::int64_t now_us) {
    const v1::SessionSpec& spec = session.spec();
    const v1::SessionStatus& status = session.status();
    Properties out;
    out.add("Session",
            std::to_string(session.id()) + (spec.name().empty() ? "" : " " + spec.name()));
    out.add("Type", std::string{session_type_name(spec.type())});
    out.add("Peer", spec.remote());
    out.add("Local", or_dash(spec.local()));
    out.add("Port", spec.port());
    const bool labelled =
        spec.type() == v1::SESSION_TYPE_MPLS || spec.type() == v1::SESSION_TYPE_VCCV;
    if (spec.has_tunnel()) labelled ? add_labels(out, spec) : add_tunnel(out, spec);
    if (spec.has_remote_discriminator()) {
        out.add("Reflector", discriminator_text(spec.remote_discriminator()));
    }
    out.add("Origin", std::string{origin_name(session.origin())});
    out.add("Profile", or_dash(spec.profile()));
    out.add("Worker", status.waiting().empty()
                          ? Cell{std::to_string(session.worker())}
                          : Cell{"waiting: " + status.waiting(), Colour::Yellow});
    out.gap();
    out.add("State", state_cell(status.state()));
    out.add("Remote state", std::string{state_name(status.remote_state())});
    out.add("Since", time_of(status.last_state_change_us()) +
                         (status.last_state_change_us() == 0
                              ? ""
                              : " (" + age(now_us - status.last_state_change_us()) + ')'));
    out.add("Last changed by", initiator_name(status.initiator()));
    out.add("Diagnostic", diag(status.diag(), status.diag_name()));
    out.add("Remote diagnostic", diag(status.remote_diag(), status.remote_diag_name()));
    out.add("Local discriminator", discriminator(status.local_discr()));
    out.add("Remote discriminator", discriminator(status.remote_discr()));
    out.gap();
    out.add("Desired min TX interval", interval(status.desired_min_tx_interval_us()));
    out.add("Required min RX interval", interval(status.required_min_rx_interval_us()));
    out.add("Detect mult", std::to_string(status.detect_mult()));
    out.add("Remote desired min TX", interval(status.remote_desired_min_tx_interval_us()));
    out.add("Remote min RX", interval(status.remote_min_rx_interval_us()));
    out.add("Remote detect mult", std::to_string(status.remote_detect_mult()));
    out.add("TX interval in force", interval(status.tx_interval_us()));
    out.add("Detection time", interval(status.detection_time_us()));
    out.add("Poll in progress", yes(status.poll_in_progress()));
    out.add("Demand mode here / there",
            yes(status.demand_mode()) + " / " + yes(status.remote_demand_mode()));
    out.add("Interval alignment", yes(spec.interval_alignment()));
    out.add("C bit, local / remote", yes(status.control_plane_independent()) + " / " +
                                         yes(status.remote_control_plane_independent()));
    out.gap();
    out.add("Configured TX / RX", interval(spec.desired_min_tx_interval_us()) + " / " +
                                      interval(spec.required_min_rx_interval_us()) + " x " +
                                      std::to_string(spec.detect_mult()));
    if (spec.demand_mode()) {
        out.add("Verified every", spec.demand_poll_interval_us() == 0
                                      ? "-"
                                      : interval(spec.demand_poll_interval_us()));
    }
    out.add("Role", std::string{role_name(status.role())});
    if (spec.type() == v1::SESSION_TYPE_MULTIHOP) {
        out.add("Congestion control", (spec.congestion_control() ? "on" : "off") +
                                          std::string{", intervals x "} +
                                          std::to_string(status.congestion_factor()) + ", raised " +
                                          std::to_string(status.congestion_backoffs()) + " times");
    }
    out.add("Match source", yes(spec.match_source()));
    out.add("Lowest TTL", std::to_string(spec.min_ttl()));
    out.add("Follow link", yes(spec.follow_link()));
    out.add("DSCP", std::to_string(spec.dscp()));
    out.add("UDP payload / IP packet", std::to_string(status.udp_payload_octets()) + " / " +
                                           std::to_string(status.ip_packet_octets()) + " octets" +
                                           (spec.padded_pdu_size() == 0 ? "" : ", padded"));
    if (!status.hint().empty()) out.add("Hint", {status.hint(), Colour::Yellow});
    out.add("Next hop", or_dash(status.next_hop()) +
                            (status.next_hop_resolved() ? "" : ", MAC not known: nothing is sent"));
    if (!status.seen_source().empty()) out.add("Packets come from", status.seen_source());
    if (status.auth().type() > v1::AUTH_TYPE_NONE) add_auth(out, session);
    if (spec.desired_min_echo_tx_interval_us() != 0 ||
        spec.required_min_echo_rx_interval_us() != 0) {
        add_echo(out, session);
    }
    add_notification(out, session);
    out.gap();
    out.add("Packets received", std::to_string(status.rx_packets()));
    out.add("Packets sent", std::to_string(status.tx_packets()));
    out.add("Peer was heard", yes(status.peer_heard()));
    out.add("Last packet", time_of(status.last_rx_us()));
    out.add("Times up / down",
            std::to_string(status.up_count()) + " / " + std::to_string(status.down_count()));
    return out;
}

}  // namespace tocsin::control::ctl
