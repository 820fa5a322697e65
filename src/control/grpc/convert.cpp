#include "control/grpc/convert.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "control/grpc/convert_history.hpp"
#include "control/session/packet_size.hpp"
#include "dataplane/bfd/diag.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace tocsin::control::api {

namespace {

constexpr std::size_t kMostFaultsTold = 10;

std::int64_t unix_us(std::chrono::system_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
}

Error invalid(std::string message, std::string where) {
    return {ErrorKind::InvalidArgument, std::move(message), std::move(where)};
}

struct AuthWord {
    v1::AuthType number;
    bfd::AuthType type;
    bfd::DigestMethod method;
};
constexpr AuthWord kAuthWords[]{
    {v1::AUTH_TYPE_NONE, bfd::AuthType::None, bfd::DigestMethod::Rfc5880},
    {v1::AUTH_TYPE_SIMPLE_PASSWORD, bfd::AuthType::SimplePassword, bfd::DigestMethod::Rfc5880},
    {v1::AUTH_TYPE_KEYED_MD5, bfd::AuthType::KeyedMd5, bfd::DigestMethod::Rfc5880},
    {v1::AUTH_TYPE_METICULOUS_KEYED_MD5, bfd::AuthType::MeticulousKeyedMd5,
     bfd::DigestMethod::Rfc5880},
    {v1::AUTH_TYPE_KEYED_SHA1, bfd::AuthType::KeyedSha1, bfd::DigestMethod::Rfc5880},
    {v1::AUTH_TYPE_METICULOUS_KEYED_SHA1, bfd::AuthType::MeticulousKeyedSha1,
     bfd::DigestMethod::Rfc5880},
    {v1::AUTH_TYPE_FRR_HMAC_SHA1, bfd::AuthType::MeticulousKeyedSha1, bfd::DigestMethod::FrrHmac},
};

v1::AuthType auth_type_to_proto(bfd::AuthType type, bfd::DigestMethod method) {
    for (const AuthWord& w : kAuthWords) {
        if (w.type == type && w.method == method) return w.number;
    }
    return v1::AUTH_TYPE_UNSPECIFIED;
}

/// As the file writes it; empty when it is not given, the number itself when we do not know it.
std::string auth_word(v1::AuthType number) {
    for (const AuthWord& w : kAuthWords) {
        if (w.number == number) return std::string{auth::type_name(w.type, w.method)};
    }
    return number == v1::AUTH_TYPE_UNSPECIFIED ? std::string{} : std::to_string(number);
}

void auth_to_proto(const session::SessionView& view, v1::AuthStatus& out) {
    const bfd::SessionSnapshot& s = view.status;
    out.set_type(auth_type_to_proto(s.auth_type, view.spec.auth.method));
    out.set_can_sign(s.auth_can_sign);
    out.set_key_id(s.auth_key_id);
    out.set_xmit_seq(s.xmit_auth_seq);
    out.set_rcv_seq(s.rcv_auth_seq);
    out.set_seq_known(s.auth_seq_known);
    out.set_failures(s.auth_failures);
    if (s.last_auth_failure != DropReason::None) {
        out.set_last_failure(std::string{name(s.last_auth_failure)});
    }
}

void echo_to_proto(const bfd::SessionSnapshot& s, v1::EchoStatus& out) {
    out.set_tx_interval_us(s.echo_tx_interval.count());
    out.set_remote_min_rx_interval_us(s.remote_min_echo_rx_interval.count());
    out.set_tx_packets(s.echo_tx_packets);
    out.set_rx_packets(s.echo_rx_packets);
    out.set_last_round_trip_ns(s.echo_round_trip.last);
    out.set_least_round_trip_ns(s.echo_round_trip.least);
    out.set_most_round_trip_ns(s.echo_round_trip.most);
    out.set_average_round_trip_ns(s.echo_round_trip.average);
}

v1::SessionType type_to_proto(SessionType type) {
    constexpr std::array<v1::SessionType, kSessionTypes> kTypes{
        v1::SESSION_TYPE_SINGLE_HOP, v1::SESSION_TYPE_MULTIHOP, v1::SESSION_TYPE_ECHO,
        v1::SESSION_TYPE_MICRO,      v1::SESSION_TYPE_VXLAN,    v1::SESSION_TYPE_GENEVE,
        v1::SESSION_TYPE_MPLS,       v1::SESSION_TYPE_VCCV,     v1::SESSION_TYPE_SBFD};
    return kTypes[static_cast<std::size_t>(type)];
}

void notification_to_proto(const config::Session& spec, v1::SessionSpec& out) {
    out.set_interval_alignment(spec.interval_alignment);
    out.set_up_hold_ms(spec.notification.up_hold.count());
    out.set_down_hold_ms(spec.notification.down_hold.count());
    to_proto(spec.notification.dampening, *out.mutable_dampening());
}

config::DampeningDraft to_draft(const v1::Dampening& from) {
    config::DampeningDraft out;
    if (from.has_enabled()) out.enabled = from.enabled();
    if (from.has_half_life_ms()) out.half_life = std::chrono::milliseconds{from.half_life_ms()};
    if (from.has_suppress()) out.suppress = from.suppress();
    if (from.has_reuse()) out.reuse = from.reuse();
    if (from.has_max_suppress_ms()) {
        out.max_suppress = std::chrono::milliseconds{from.max_suppress_ms()};
    }
    if (from.has_penalty()) out.penalty = from.penalty();
    return out;
}

/// What both views have. The numbers are one above ours, zero means not given.
void told_to_proto(const session::SessionView& view, v1::SessionStatus& out) {
    out.set_indication(static_cast<v1::Indication>(static_cast<int>(view.told.indication) + 1));
    out.set_initiator(static_cast<v1::Initiator>(static_cast<int>(view.initiator) + 1));
    out.set_held(static_cast<v1::Hold>(static_cast<int>(view.told.held) + 1));
    out.set_peer_heard(view.status.last_rx != Instant{});
}

std::string text(const MacAddress& mac) {
    return mac == MacAddress{} ? std::string{} : to_string(mac);
}

void labels_to_proto(SessionType type, const config::Labels& from, v1::Tunnel& out) {
    for (std::size_t i = 0; i < from.stack.size; ++i) out.add_labels(from.stack.labels[i].value);
    if (type == SessionType::Mpls) {
        out.set_fec(lsp_ping::to_string(from.fec));
        out.set_instance(from.instance);
        if (from.stack.size != 0) {
            out.set_inner_label_ttl(from.stack.labels[from.stack.size - 1].ttl);
        }
        out.set_lsp_ping_interval_us(static_cast<std::uint64_t>(from.lsp_ping_interval.count()));
        return;
    }
    out.set_label_in(from.label_in);
    out.set_control_channel(static_cast<v1::ControlChannel>(from.channel));
    out.set_cv_type(from.cv_type);
    out.set_control_word(from.control_word);
}

void tunnel_to_proto(SessionType type, const config::Tunnel& from, v1::Tunnel& out) {
    if (from.labels) {
        out.set_inner_src(to_string(from.inner_src));
        out.set_inner_dst(to_string(from.inner_dst));
        return labels_to_proto(type, *from.labels, out);
    }
    out.set_vni(from.vni);
    if (type == SessionType::Geneve) {
        out.set_payload(from.ethernet ? v1::TUNNEL_PAYLOAD_ETHERNET : v1::TUNNEL_PAYLOAD_IP);
    }
    out.set_inner_src(to_string(from.inner_src));
    out.set_inner_dst(to_string(from.inner_dst));
    out.set_inner_src_mac(text(from.inner_src_mac));
    out.set_inner_dst_mac(text(from.inner_dst_mac));
    for (std::size_t i = 0; i < from.inner_tags.size; ++i) {
        const std::uint16_t tci = from.inner_tags.tags[i].tci;
        out.add_inner_vlan(tci & overlay::kVlanMask);
        out.set_inner_priority(tci >> 13U);
    }
    out.set_ttl(from.ttl);
    out.set_outer_checksum(from.outer_checksum);
}

/// A word that is none of those accepted stays one that the rules refuse.
std::string payload_word(v1::TunnelPayload payload) {
    switch (payload) {
        case v1::TUNNEL_PAYLOAD_UNSPECIFIED:
            return {};
        case v1::TUNNEL_PAYLOAD_ETHERNET:
            return "ethernet";
        case v1::TUNNEL_PAYLOAD_IP:
            return "ip";
        default:
            return std::to_string(payload);
    }
}

config::TunnelDraft to_draft(const v1::Tunnel& from) {
    config::TunnelDraft out{.payload = payload_word(from.payload()),
                            .inner_src = from.inner_src(),
                            .inner_dst = from.inner_dst(),
                            .inner_src_mac = from.inner_src_mac(),
                            .inner_dst_mac = from.inner_dst_mac(),
                            .inner_vlan = {from.inner_vlan().begin(), from.inner_vlan().end()}};
    if (from.has_vni()) out.vni = from.vni();
    if (from.has_inner_priority()) out.inner_priority = from.inner_priority();
    if (from.has_ttl()) out.ttl = from.ttl();
    if (from.has_outer_checksum()) out.outer_checksum = from.outer_checksum();
    out.labels = {from.labels().begin(), from.labels().end()};
    out.fec = from.fec();
    if (from.has_instance()) out.instance = from.instance();
    if (from.has_inner_label_ttl()) out.inner_label_ttl = from.inner_label_ttl();
    if (from.has_lsp_ping_interval_us()) {
        constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
        out.lsp_ping_interval = std::chrono::microseconds{
            static_cast<std::int64_t>(std::min(from.lsp_ping_interval_us(), kMost))};
    }
    if (from.has_label_in()) out.label_in = from.label_in();
    if (from.control_channel() != v1::CONTROL_CHANNEL_UNSPECIFIED) {
        out.cc_type = from.control_channel();
    }
    if (from.has_cv_type()) out.cv_type = from.cv_type();
    if (from.has_local_cv_types()) out.local_cv_types = from.local_cv_types();
    if (from.has_remote_cv_types()) out.remote_cv_types = from.remote_cv_types();
    if (from.has_status_signalled()) out.status_signalled = from.status_signalled();
    if (from.has_control_word()) out.control_word = from.control_word();
    return out;
}

void spec_to_proto(const config::Session& spec, v1::SessionSpec& out) {
    out.set_name(spec.name);
    out.set_type(type_to_proto(spec.type));
    out.set_remote(to_string(spec.remote));
    out.set_local(to_string(spec.local));
    out.set_port(spec.port);
    out.set_profile(spec.profile);
    out.set_desired_min_tx_interval_us(spec.parameters.desired_min_tx_interval.count());
    out.set_required_min_rx_interval_us(spec.parameters.required_min_rx_interval.count());
    out.set_detect_mult(spec.parameters.detect_mult);
    out.set_passive(spec.parameters.passive);
    out.set_demand_mode(spec.parameters.demand_mode);
    out.set_demand_poll_interval_us(spec.parameters.demand_poll_interval.count());
    out.set_desired_min_echo_tx_interval_us(spec.parameters.desired_min_echo_tx_interval.count());
    out.set_required_min_echo_rx_interval_us(spec.parameters.required_min_echo_rx_interval.count());
    if (spec.type == SessionType::Sbfd) {
        out.set_remote_discriminator(spec.remote_discriminator.value);
        out.set_required_min_rx_interval_us(0);
    }
    if (spec.type == SessionType::MultiHop || spec.type == SessionType::Sbfd) {
        out.set_congestion_control(spec.parameters.congestion_doublings != 0);
    }
    out.set_match_source(spec.parameters.match_source);
    out.set_min_ttl(spec.parameters.min_ttl);
    out.set_dscp(spec.dscp);
    out.set_padded_pdu_size(spec.padded_pdu_size);
    out.set_follow_link(spec.follow_link);
    out.set_admin_down(spec.admin_down);
    to_proto(spec.auth, *out.mutable_auth());
    if (spec.tunnel) tunnel_to_proto(spec.type, *spec.tunnel, *out.mutable_tunnel());
    notification_to_proto(spec, out);
}

const char* text(session::Waiting waiting) {
    switch (waiting) {
        case session::Waiting::No:
            return "";
        case session::Waiting::ForSlot:
            return "every slot is taken: deleted sessions still tell their peers";
        case session::Waiting::ForLoad:
            return "every worker is overloaded";
    }
    return "";
}

void status_to_proto(const session::SessionView& view, v1::SessionStatus& out) {
    const bfd::SessionSnapshot& s = view.status;
    out.set_state(to_proto(s.session_state));
    out.set_remote_state(to_proto(s.remote_session_state));
    out.set_diag(static_cast<std::uint32_t>(s.local_diag));
    out.set_diag_name(std::string{bfd::name(s.local_diag)});
    out.set_remote_diag(static_cast<std::uint32_t>(s.remote_diag));
    out.set_remote_diag_name(std::string{bfd::name(s.remote_diag)});
    out.set_local_discr(s.session.local_discr.value);
    out.set_remote_discr(s.remote_discr.value);
    out.set_desired_min_tx_interval_us(s.desired_min_tx_interval.count());
    out.set_required_min_rx_interval_us(s.required_min_rx_interval.count());
    out.set_detect_mult(s.detect_mult);
    out.set_remote_desired_min_tx_interval_us(s.remote_desired_min_tx_interval.count());
    out.set_remote_min_rx_interval_us(s.remote_min_rx_interval.count());
    out.set_remote_detect_mult(s.remote_detect_mult);
    out.set_tx_interval_us(s.tx_interval.count());
    out.set_detection_time_us(static_cast<std::uint64_t>(s.detection_time.count()) / 1000U);
    out.set_poll_in_progress(s.poll_in_progress);
    out.set_demand_mode(s.demand_mode);
    out.set_remote_demand_mode(s.remote_demand_mode);
    out.set_remote_control_plane_independent(s.remote_control_plane_independent);
    out.set_rx_packets(s.rx_packets);
    out.set_tx_packets(s.tx_packets);
    out.set_up_count(s.up_count);
    out.set_down_count(s.down_count);
    out.set_congestion_factor(s.congestion_factor);
    out.set_congestion_backoffs(s.congestion_backoffs);
    out.set_last_state_change_us(unix_us(view.last_state_change));
    out.set_last_rx_us(unix_us(view.last_rx));
    out.set_next_hop_resolved(view.next_hop_resolved);
    out.set_next_hop(to_string(view.next_hop));
    out.set_seen_source(to_string(view.seen_source));
    out.set_waiting(text(view.waiting));
    auth_to_proto(view, *out.mutable_auth());
    echo_to_proto(s, *out.mutable_echo());
    const std::uint32_t headers = config::header_octets(view.spec);
    const std::uint32_t payload = session::udp_payload_octets(view.spec.padded_pdu_size, s);
    out.set_udp_payload_octets(payload);
    out.set_ip_packet_octets(payload + headers);
    out.set_hint(session::size_hint(headers, view.spec.padded_pdu_size, s));
    told_to_proto(view, out);
    out.mutable_dampening()->set_dampened(view.dampened);
    out.mutable_dampening()->set_penalty(view.penalty);
    out.mutable_dampening()->set_reuse_in_ms(static_cast<std::uint64_t>(view.reuse_in.count()));
    out.set_control_plane_independent(view.spec.parameters.control_plane_independent);
    out.set_role(view.spec.parameters.passive ? v1::ROLE_PASSIVE : v1::ROLE_ACTIVE);
}

void brief_to_proto(const session::SessionView& view, v1::Session& out) {
    v1::SessionSpec& spec = *out.mutable_spec();
    if (!view.spec.name.empty()) spec.set_name(view.spec.name);
    spec.set_type(type_to_proto(view.spec.type));
    spec.set_remote(to_string(view.spec.remote));
    if (config::is_routed(view.spec.type)) spec.set_local(to_string(view.spec.local));
    if (view.spec.tunnel) {
        tunnel_to_proto(view.spec.type, *view.spec.tunnel, *spec.mutable_tunnel());
    }
    if (view.spec.type == SessionType::Sbfd) {
        spec.set_remote_discriminator(view.spec.remote_discriminator.value);
    }
    spec.set_port(view.spec.port);
    v1::SessionStatus& status = *out.mutable_status();
    status.set_state(to_proto(view.status.session_state));
    status.set_remote_state(to_proto(view.status.remote_session_state));
    status.set_diag(static_cast<std::uint32_t>(view.status.local_diag));
    status.set_remote_diag(static_cast<std::uint32_t>(view.status.remote_diag));
    status.set_local_discr(view.status.session.local_discr.value);
    status.set_last_state_change_us(unix_us(view.last_state_change));
    told_to_proto(view, status);
}

}  // namespace

std::string field_name(std::string_view member) {
    std::string out{member};
    if (member == "lsp_ping_interval") return "tunnel.lsp_ping_interval_us";
    if (member == "cc_type") return "tunnel.control_channel";
    if (config::is_tunnel_member(member)) return "tunnel." + out;
    if (out.ends_with("_interval")) out += "_us";
    if (out.ends_with("_hold") || out.ends_with("half_life") || out == "dampening.max_suppress") {
        out += "_ms";
    }
    return out;
}

grpc::StatusCode to_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::InvalidArgument:
            return grpc::StatusCode::INVALID_ARGUMENT;
        case ErrorKind::NotFound:
            return grpc::StatusCode::NOT_FOUND;
        case ErrorKind::AlreadyExists:
            return grpc::StatusCode::ALREADY_EXISTS;
        case ErrorKind::ResourceExhausted:
            return grpc::StatusCode::RESOURCE_EXHAUSTED;
        case ErrorKind::FailedPrecondition:
            return grpc::StatusCode::FAILED_PRECONDITION;
        case ErrorKind::Unavailable:
            return grpc::StatusCode::UNAVAILABLE;
        case ErrorKind::Internal:
            break;
    }
    return grpc::StatusCode::INTERNAL;
}

grpc::Status to_status(const Error& error) {
    const grpc::StatusCode code = to_code(error.kind);
    // It travels in a header of 8 KiB. What was wrong with a longer text is said at its beginning.
    constexpr std::size_t kLongest = 2048;
    std::string text = error.text();
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    return {code, text};
}

grpc::Status shutting_down() { return {grpc::StatusCode::UNAVAILABLE, "tocsind is shutting down"}; }

std::optional<std::string> type_fault(const v1::SessionSpec& spec) {
    switch (spec.type()) {
        case v1::SESSION_TYPE_UNSPECIFIED:
        case v1::SESSION_TYPE_SINGLE_HOP:
        case v1::SESSION_TYPE_MULTIHOP:
        case v1::SESSION_TYPE_ECHO:
        case v1::SESSION_TYPE_VXLAN:
        case v1::SESSION_TYPE_GENEVE:
        case v1::SESSION_TYPE_MPLS:
        case v1::SESSION_TYPE_VCCV:
        case v1::SESSION_TYPE_SBFD:
            return std::nullopt;
        case v1::SESSION_TYPE_MICRO:
            return "SESSION_TYPE_MICRO (4) belongs to a LAG, all members of which have the same: "
                   "write a [[lag]] in the configuration file and reload (RFC 7130 2.1)";
        default:
            break;
    }
    return std::to_string(spec.type()) +
           " is not supported: SESSION_TYPE_SINGLE_HOP (1), SESSION_TYPE_MULTIHOP (2), "
           "SESSION_TYPE_ECHO (3), SESSION_TYPE_VXLAN (5), SESSION_TYPE_GENEVE (6), "
           "SESSION_TYPE_MPLS (7), SESSION_TYPE_VCCV (8) and SESSION_TYPE_SBFD (9) are";
}

config::SessionDraft to_draft(const v1::SessionSpec& spec) {
    config::SessionDraft out;
    if (spec.type() == v1::SESSION_TYPE_MULTIHOP) out.type = SessionType::MultiHop;
    if (spec.type() == v1::SESSION_TYPE_ECHO) out.type = SessionType::Echo;
    if (spec.type() == v1::SESSION_TYPE_VXLAN) out.type = SessionType::Vxlan;
    if (spec.type() == v1::SESSION_TYPE_GENEVE) out.type = SessionType::Geneve;
    if (spec.type() == v1::SESSION_TYPE_MPLS) out.type = SessionType::Mpls;
    if (spec.type() == v1::SESSION_TYPE_VCCV) out.type = SessionType::Vccv;
    if (spec.type() == v1::SESSION_TYPE_SBFD) out.type = SessionType::Sbfd;
    if (spec.has_remote_discriminator()) out.remote_discriminator = spec.remote_discriminator();
    if (spec.has_tunnel()) out.tunnel = to_draft(spec.tunnel());
    out.name = spec.name();
    out.remote = spec.remote();
    out.local = spec.local();
    out.port = spec.port();
    out.profile = spec.profile();
    if (spec.has_desired_min_tx_interval_us()) {
        out.desired_min_tx_interval = std::chrono::microseconds{spec.desired_min_tx_interval_us()};
    }
    if (spec.has_required_min_rx_interval_us()) {
        out.required_min_rx_interval =
            std::chrono::microseconds{spec.required_min_rx_interval_us()};
    }
    if (spec.has_detect_mult()) out.detect_mult = spec.detect_mult();
    if (spec.has_dscp()) out.dscp = spec.dscp();
    if (spec.has_padded_pdu_size()) out.padded_pdu_size = spec.padded_pdu_size();
    if (spec.has_min_ttl()) out.min_ttl = spec.min_ttl();
    if (spec.has_passive()) out.passive = spec.passive();
    if (spec.has_demand_mode()) out.demand_mode = spec.demand_mode();
    const auto interval = [](bool given, std::uint32_t us) {
        return given ? std::optional{std::chrono::microseconds{us}} : std::nullopt;
    };
    out.demand_poll_interval =
        interval(spec.has_demand_poll_interval_us(), spec.demand_poll_interval_us());
    out.desired_min_echo_tx_interval = interval(spec.has_desired_min_echo_tx_interval_us(),
                                                spec.desired_min_echo_tx_interval_us());
    out.required_min_echo_rx_interval = interval(spec.has_required_min_echo_rx_interval_us(),
                                                 spec.required_min_echo_rx_interval_us());
    if (spec.has_congestion_control()) out.congestion_control = spec.congestion_control();
    if (spec.has_match_source()) out.match_source = spec.match_source();
    if (spec.has_follow_link()) out.follow_link = spec.follow_link();
    out.admin_down = spec.admin_down();
    if (spec.has_interval_alignment()) out.interval_alignment = spec.interval_alignment();
    if (spec.has_up_hold_ms()) out.up_hold = std::chrono::milliseconds{spec.up_hold_ms()};
    if (spec.has_down_hold_ms()) out.down_hold = std::chrono::milliseconds{spec.down_hold_ms()};
    if (spec.has_dampening()) out.dampening = to_draft(spec.dampening());
    if (spec.has_auth()) {
        out.auth = config::AuthDraft{.type = auth_word(spec.auth().type()),
                                     .key_chain = spec.auth().key_chain()};
    }
    return out;
}

Error to_error(const std::vector<config::MemberFault>& faults, const std::string& where) {
    std::string message;
    for (std::size_t i = 1; i < faults.size() && i < kMostFaultsTold; ++i) {
        message += "; " + where + '.' + field_name(faults[i].member) + ": " + faults[i].message;
    }
    return invalid(faults.front().message + message,
                   where + '.' + field_name(faults.front().member));
}

v1::SessionState to_proto(bfd::SessionState state) {
    return static_cast<v1::SessionState>(static_cast<int>(state) + 1);
}

v1::Origin to_proto(session::Origin origin) {
    switch (origin) {
        case session::Origin::Config:
            return v1::ORIGIN_CONFIG;
        case session::Origin::Api:
            return v1::ORIGIN_API;
        case session::Origin::Unsolicited:
            return v1::ORIGIN_UNSOLICITED;
    }
    return v1::ORIGIN_UNSPECIFIED;
}

void to_proto(const auth::Authentication& how, v1::Authentication& out) {
    out.set_type(auth_type_to_proto(how.type, how.method));
    out.set_key_chain(how.key_chain);
}

Result<Detail> to_detail(v1::SessionView view, const std::string& where) {
    switch (view) {
        case v1::SESSION_VIEW_UNSPECIFIED:
        case v1::SESSION_VIEW_FULL:
            return Detail::Full;
        case v1::SESSION_VIEW_BRIEF:
            return Detail::Brief;
        default:
            return invalid(std::to_string(view) + " is not a view: 1 (full) or 2 (brief)", where);
    }
}

void to_proto(const notify::Dampening& from, v1::Dampening& to) {
    to.set_enabled(from.on());
    if (!from.on()) return;
    to.set_half_life_ms(from.half_life.count());
    to.set_suppress(from.suppress);
    to.set_reuse(from.reuse);
    to.set_max_suppress_ms(from.max_suppress.count());
    to.set_penalty(from.penalty);
}

void to_proto(const session::SessionView& view, v1::Session& out, Detail detail) {
    out.set_id(view.id.value);
    out.set_origin(to_proto(view.origin));
    out.set_worker(view.worker.value);
    if (detail == Detail::Brief) return brief_to_proto(view, out);
    spec_to_proto(view.spec, *out.mutable_spec());
    status_to_proto(view, *out.mutable_status());
}

void to_proto(const session::WatchItem& item, v1::WatchEvent& out, Detail detail) {
    out.set_sequence(item.sequence);
    out.set_kind(static_cast<v1::WatchKind>(static_cast<int>(item.kind) + 1));
    if (item.kind == session::WatchKind::SnapshotEnd) return;
    to_proto(item.session, *out.mutable_session(), detail);
    out.set_previous_state(to_proto(item.previous_state));
    out.set_transitions(item.transitions);
    out.set_first_change_us(unix_us(item.first_change));
    out.set_last_change_us(unix_us(item.last_change));
    out.set_loop_gap_us(static_cast<std::uint64_t>(item.loop_gap.count()) / 1000U);
    out.set_last_rx_us(unix_us(item.last_rx));
    if (item.evidence.known) to_proto(item.evidence, *out.mutable_evidence());
    out.set_downs(item.downs);
    if (!item.interrupted()) return;
    v1::Interruption& in = *out.mutable_interruption();
    in.set_indication(static_cast<v1::Indication>(
        static_cast<int>(notify::indication_of_down(item.down_diag)) + 1));
    in.set_diag(static_cast<std::uint32_t>(item.down_diag));
    in.set_diag_name(std::string{bfd::name(item.down_diag)});
}

void tell_admin_down_as_failure(v1::WatchEvent& event) {
    if (!event.has_session()) return;
    v1::SessionStatus& status = *event.mutable_session()->mutable_status();
    if (status.indication() == v1::INDICATION_ADMIN_DOWN) {
        status.set_indication(v1::INDICATION_PATH_FAILURE);
    }
    if (event.has_interruption()) {
        event.mutable_interruption()->set_indication(v1::INDICATION_PATH_FAILURE);
    }
}

void to_proto(const config::Faults& faults,
              google::protobuf::RepeatedPtrField<v1::ConfigFault>& out) {
    for (const config::Fault& fault : faults) {
        v1::ConfigFault& f = *out.Add();
        f.set_path(fault.path);
        f.set_line(fault.line);
        f.set_message(fault.message);
    }
}

Result<session::Selector> to_selector(const v1::SessionSelector& selector,
                                      const std::string& where) {
    switch (selector.by_case()) {
        case v1::SessionSelector::kId:
            return session::Selector{session::SessionId{selector.id()}};
        case v1::SessionSelector::kName:
            return session::Selector{selector.name()};
        case v1::SessionSelector::kLocalDiscr:
            return session::Selector{Discriminator{selector.local_discr()}};
        case v1::SessionSelector::kPeer:
            break;
        case v1::SessionSelector::BY_NOT_SET:
            return invalid("give one of id, name, local_discr and peer", where);
    }
    session::PeerSelector peer;
    const auto remote = parse_address(selector.peer().remote());
    if (!remote) {
        return invalid(
            config::in_quotes(selector.peer().remote()) + " is not an IPv4 or IPv6 address",
            where + ".peer.remote");
    }
    peer.remote = *remote;
    if (!selector.peer().local().empty()) {
        const auto local = parse_address(selector.peer().local());
        if (!local) {
            return invalid(
                config::in_quotes(selector.peer().local()) + " is not an IPv4 or IPv6 address",
                where + ".peer.local");
        }
        peer.local = *local;
    }
    peer.port = selector.peer().port();
    return session::Selector{std::move(peer)};
}

Result<session::Filter> to_filter(const v1::SessionFilter& filter, const SpecContext& context) {
    session::Filter out;
    for (int i = 0; i < filter.states_size(); ++i) {
        const int state = filter.states(i);
        if (state < v1::SESSION_STATE_ADMIN_DOWN || state > v1::SESSION_STATE_UP) {
            return invalid(std::to_string(state) + " is not a state: 1 (AdminDown) to 4 (Up)",
                           "filter.states[" + std::to_string(i) + ']');
        }
        out.states = static_cast<std::uint8_t>(out.states | 1U << (state - 1));
    }
    if (!filter.port().empty()) {
        const auto port = std::ranges::find(context.ports, filter.port(), &config::Port::name);
        if (port == context.ports.end()) {
            return invalid("there is no port " + config::in_quotes(filter.port()), "filter.port");
        }
        out.port = context.ids[static_cast<std::size_t>(port - context.ports.begin())];
    }
    if (!filter.remote().empty()) {
        out.remote = parse_prefix(filter.remote());
        if (const auto address = parse_address(filter.remote())) {
            out.remote = IpPrefix{*address, static_cast<std::uint8_t>(address->is_v4() ? 32 : 128)};
        }
        if (!out.remote) {
            return invalid(config::in_quotes(filter.remote()) +
                               " is neither an address nor a prefix such as 192.0.2.0/24",
                           "filter.remote");
        }
    }
    switch (filter.origin()) {
        case v1::ORIGIN_UNSPECIFIED:
            break;
        case v1::ORIGIN_CONFIG:
            out.origin = session::Origin::Config;
            break;
        case v1::ORIGIN_API:
            out.origin = session::Origin::Api;
            break;
        case v1::ORIGIN_UNSOLICITED:
            out.origin = session::Origin::Unsolicited;
            break;
        default:
            return invalid(std::to_string(filter.origin()) + " is not an origin", "filter.origin");
    }
    out.name_contains = filter.name_contains();
    return out;
}

}  // namespace tocsin::control::api
