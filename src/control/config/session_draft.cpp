#include "control/config/session_draft.hpp"

#include "control/base/address.hpp"

namespace tocsin::control::config {

namespace {

std::string text(const MacAddress& mac) {
    return mac == MacAddress{} ? std::string{} : to_string(mac);
}

TunnelDraft draft_of(SessionType type, const IpAddress& inner_src, const IpAddress& inner_dst,
                     const Labels& l) {
    TunnelDraft out;
    out.inner_src = to_string(inner_src);
    out.inner_dst = to_string(inner_dst);
    for (std::size_t i = 0; i < l.stack.size; ++i) out.labels.push_back(l.stack.labels[i].value);
    if (type == SessionType::Mpls) {
        out.fec = lsp_ping::to_string(l.fec);
        out.instance = l.instance;
        if (l.stack.size != 0) out.inner_label_ttl = l.stack.labels[l.stack.size - 1].ttl;
        out.lsp_ping_interval = l.lsp_ping_interval;
        return out;
    }
    out.label_in = l.label_in;
    out.cc_type = static_cast<std::int64_t>(l.channel);
    out.cv_type = l.cv_type;
    out.control_word = l.control_word;
    return out;
}

TunnelDraft draft_of(SessionType type, const Tunnel& t) {
    if (t.labels) return draft_of(type, t.inner_src, t.inner_dst, *t.labels);
    TunnelDraft out{.vni = t.vni,
                    .inner_src = to_string(t.inner_src),
                    .inner_dst = to_string(t.inner_dst),
                    .inner_src_mac = text(t.inner_src_mac),
                    .inner_dst_mac = text(t.inner_dst_mac),
                    .ttl = t.ttl,
                    .outer_checksum = t.outer_checksum};
    if (type == SessionType::Geneve) out.payload = t.ethernet ? "ethernet" : "ip";
    for (std::size_t i = 0; i < t.inner_tags.size; ++i) {
        const std::uint16_t tci = t.inner_tags.tags[i].tci;
        out.inner_vlan.push_back(tci & overlay::kVlanMask);
        out.inner_priority = tci >> 13U;
    }
    return out;
}

}  // namespace

SessionDraft draft_of(const Session& session) {
    const bfd::SessionParameters& p = session.parameters;
    SessionDraft out{
        .type = session.type,
        .name = session.name,
        .remote = to_string(session.remote),
        .local = to_string(session.local),
        .port = session.port,
        .profile = session.profile,
        .desired_min_tx_interval = p.desired_min_tx_interval,
        .required_min_rx_interval = p.required_min_rx_interval,
        .detect_mult = p.detect_mult,
        .min_ttl = p.min_ttl,
        .dscp = session.dscp,
        .passive = p.passive,
        .demand_mode = p.demand_mode,
        .demand_poll_interval = p.demand_poll_interval,
        .desired_min_echo_tx_interval = p.desired_min_echo_tx_interval,
        .required_min_echo_rx_interval = p.required_min_echo_rx_interval,
        .match_source = p.match_source,
        .congestion_control = p.congestion_doublings != 0,
        .follow_link = session.follow_link,
        .auth =
            AuthDraft{.type = std::string{auth::type_name(session.auth.type, session.auth.method)},
                      .key_chain = session.auth.key_chain},
        .padded_pdu_size = session.padded_pdu_size,
        .interval_alignment = session.interval_alignment,
        .up_hold = session.notification.up_hold,
        .down_hold = session.notification.down_hold,
        .dampening = draft_of(session.notification.dampening),
        .admin_down = session.admin_down,
        .frames = session.frames,
        .on_request = session.on_request};
    if (session.tunnel) out.tunnel = draft_of(session.type, *session.tunnel);
    if (session.type == SessionType::Sbfd) {
        out.remote_discriminator = session.remote_discriminator.value;
    }
    if (session.type == SessionType::Echo || session.type == SessionType::Sbfd) {  // has none
        out.required_min_rx_interval.reset();
        out.demand_mode.reset();
        out.demand_poll_interval.reset();
        out.desired_min_echo_tx_interval.reset();
        out.required_min_echo_rx_interval.reset();
    }
    return out;
}

}  // namespace tocsin::control::config
