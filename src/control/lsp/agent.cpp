#include "control/lsp/agent.hpp"

#include "control/base/address.hpp"
#include "control/config/multihop_path.hpp"
#include "control/config/session_rules.hpp"
#include "dataplane/base/bytes.hpp"
#include "overlay/datagram.hpp"
#include "overlay/label_stack.hpp"
#include "overlay/mpls.hpp"
#include "overlay/single_hop.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace tocsin::control::lsp {

using lsp_ping::Message;
using lsp_ping::Outcome;
using session::SessionRecord;

namespace {

constexpr std::size_t kRequestsPerTurn = 100;
constexpr std::size_t kMostReplies = 256;  // that wait for a next hop
constexpr std::chrono::seconds kReplyWait{2};
constexpr std::chrono::seconds kLook{1};
constexpr std::size_t kMostErrored = 128;  // octets of TLVs that are sent back
constexpr std::size_t kMostMessage = 255;

}  // namespace

/// What a punted frame with LSP Ping has in it.
struct Agent::Datagram {
    PortId port;
    std::vector<std::uint32_t> labels;  ///< outermost first
    IpAddress source;
    IpAddress destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::span<const std::uint8_t> payload;
};

Agent::Agent(std::vector<config::Port> ports, std::vector<PortId> ids, session::Manager& manager,
             session::NextHops& next_hops, const message::Dataplane& dataplane, SendFrame send,
             std::uint64_t seed)
    : ports_{std::move(ports)},
      ids_{std::move(ids)},
      manager_{manager},
      next_hops_{next_hops},
      dataplane_{dataplane},
      send_{std::move(send)},
      requester_{seed},
      responder_{*this} {
    // What a session of an egress leaves by need not be where labels come in.
    for (config::Port& p : ports_) p.mpls = true;
}

Agent::~Agent() = default;

void Agent::set(const config::LspPing& settings, const std::vector<config::Profile>& profiles,
                const config::TunnelSettings& tunnels) {
    settings_ = settings;
    profiles_ = profiles;
    tunnels_ = tunnels;
    lsp_ping::ResponderSettings out{
        .fecs = {}, .allow = settings.allow, .requests_per_second = settings.requests_per_second};
    for (const config::LspEgress& e : settings.egress) {
        out.fecs.push_back({.fec = e.fec, .label = e.label});
    }
    responder_.set(std::move(out));
    for (auto it = mine_.begin(); it != mine_.end();) {
        if (egress_of(std::get<0>(it->first)) != nullptr) {
            ++it;
            continue;
        }
        manager_.end_unsolicited(it->second.id, false);
        counters_.sessions_ended.add();
        it = mine_.erase(it);
    }
    counters_.sessions.set(mine_.size());
}

const config::LspEgress* Agent::egress_of(const lsp_ping::Fec& fec) const {
    const auto found = std::ranges::find(settings_.egress, fec, &config::LspEgress::fec);
    return found == settings_.egress.end() ? nullptr : &*found;
}

bool Agent::may_log() {
    return mismatches_.allow(
        std::chrono::duration_cast<std::chrono::microseconds>(dataplane_.now().time_since_epoch())
            .count());
}

std::uint64_t Agent::ntp_at(Instant at) const {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const Nanoseconds ago = dataplane_.now() - at;
    return lsp_ping::ntp_time(
        static_cast<std::uint64_t>((std::chrono::nanoseconds{wall} - ago).count()));
}

bool Agent::take(const message::Frame& frame) {
    const std::span<const std::uint8_t> octets{frame.octets.data(), frame.length};
    std::size_t at = overlay::kEtherTypeOffset;
    if (octets.size() < overlay::kEthernetLength) return false;
    std::uint16_t type = load_be16(&octets[at]);
    if (overlay::is_vlan_tag(type) && octets.size() >= at + 2 + overlay::kVlanTagLength) {
        at += overlay::kVlanTagLength;
        type = load_be16(&octets[at]);
    }
    Datagram in;
    in.port = frame.port;
    auto rest = octets.subspan(at + 2);
    if (type == overlay::kEtherTypeMpls) {
        overlay::BottomLabels labels;
        if (overlay::open_labels(rest, labels) != DropReason::None) return true;
        for (std::size_t i = 0; i < labels.depth; ++i) {
            in.labels.push_back(load_be32(&rest[i * overlay::kLabelLength]) >> 12U);
        }
        rest = labels.behind;
    } else if (type != overlay::kEtherTypeIpv4 && type != overlay::kEtherTypeIpv6) {
        return false;
    }
    const bool labelled = type == overlay::kEtherTypeMpls;
    const bool v4 = !rest.empty() && rest[0] >> 4U == 4;
    overlay::IpPacket ip;
    const DropReason fault =
        v4 ? overlay::open_ipv4(rest, overlay::ChecksumHint::Unknown, overlay::kOuterFaults, ip)
           : overlay::open_ipv6(rest, overlay::kOuterFaults, ip);
    overlay::Octets udp;
    if (fault != DropReason::None || ip.fragment || ip.protocol != overlay::kProtocolUdp ||
        !overlay::open_udp(ip, udp)) {
        return labelled;
    }
    in.source_port = load_be16(udp.data());
    in.destination_port = load_be16(&udp[overlay::kUdpDestinationPortOffset]);
    if (in.source_port != lsp_ping::kPort && in.destination_port != lsp_ping::kPort) {
        return labelled;
    }
    // Virtual devices leave the sum to hardware that is not there.
    if (!overlay::udp_checksum_accepted(ip, udp, overlay::UdpChecksumPolicy::AcceptPartial,
                                        overlay::ChecksumHint::Unknown)) {
        return true;
    }
    const std::size_t size = ip.addresses.size() / 2;
    in.source = ip_address({ip.source(), size});
    in.destination = ip_address({ip.destination(), size});
    in.payload = udp.subspan(overlay::kUdpLength);
    if (in.destination_port == lsp_ping::kPort) {
        on_request(in, frame.received_at);
    } else {
        on_reply(in);
    }
    return true;
}

void Agent::on_request(const Datagram& in, Instant at) {
    if (manager_.removing_all()) return;
    std::optional<Message> reply;
    const Outcome outcome = responder_.on_request(
        {.octets = in.payload, .source = in.source, .labels = in.labels, .at_ntp = ntp_at(at)},
        dataplane_.now(), reply);
    counters_.received[static_cast<std::size_t>(outcome)].add();
    if (!reply) return;
    if (reply->errored.size() > kMostErrored) reply->errored.clear();
    answer(in, *reply);
}

/// By IP routing, RFC 8029 4.5; from our address of the way there, or the one of the FEC's
/// sessions.
void Agent::answer(const Datagram& to, const Message& message) {
    const auto paths = config::multihop_paths(ports_, to.source, nullptr);
    if (paths.empty() || replies_.size() >= kMostReplies) return;
    const auto index = static_cast<std::size_t>(paths.front().port - ports_.data());
    const auto hop = next_hops_.next_hop(ids_[index], to.source);
    if (!hop) return;
    Reply reply{.port = ids_[index],
                .next_hop = *hop,
                .source = paths.front().local,
                .destination = to.source,
                .destination_port = to.source_port,
                .message = lsp_ping::encode(message),
                .until = dataplane_.now() + kReplyWait};
    for (const auto& [tuple, mine] : mine_) {
        const SessionRecord* const record = manager_.registry().find(mine.id);
        const bool its = record != nullptr && message.discriminator != 0 &&
                         record->handle.local_discr.value == message.discriminator;
        if (its) reply.source = record->local;
    }
    if (send_reply(reply)) return;
    next_hops_.track(reply.port, reply.next_hop);
    replies_.push_back(std::move(reply));
}

bool Agent::send_reply(const Reply& r) {
    const session::SessionPort* const port = manager_.registry().port(r.port);
    const auto mac = next_hops_.mac(r.port, r.next_hop);
    if (port == nullptr || !mac) return false;
    static_cast<void>(send(r.port,
                           overlay::headers_to_port({.source_mac = port->mac,
                                                     .destination_mac = *mac,
                                                     .source = r.source,
                                                     .destination = r.destination,
                                                     .source_port = lsp_ping::kPort},
                                                    r.destination_port),
                           r.message));
    return true;
}

bool Agent::send(PortId port, overlay::HeaderTemplate headers,
                 const std::vector<std::uint8_t>& payload) {
    if (headers.length == 0 || payload.size() > kMostMessage) return false;
    headers.payload_length = static_cast<std::uint8_t>(payload.size());
    overlay::set_lengths(headers.octets, headers);
    message::Frame frame;
    frame.port = port;
    frame.length = static_cast<std::uint16_t>(headers.length + payload.size());
    std::copy_n(headers.octets.begin(), headers.length, frame.octets.begin());
    std::ranges::copy(payload, frame.octets.begin() + headers.length);
    overlay::finish_udp_checksum({frame.octets.data(), frame.length}, headers);
    return send_(frame);
}

void Agent::on_reply(const Datagram& in) {
    Message reply;
    const bool right = lsp_ping::decode(in.payload, reply) == lsp_ping::Fault::None &&
                       reply.type == lsp_ping::kEchoReply;
    const auto id = right ? requester_.on_reply(reply) : std::nullopt;
    const SessionRecord* const record = id ? manager_.registry().find({*id}) : nullptr;
    if (record == nullptr || record->tunnel->inner_src != in.destination) {
        return counters_.replies_dropped.add();
    }
    if (reply.return_code == lsp_ping::kEgress) return counters_.replies_egress.add();
    // What it means is for a person to judge; whether packets arrive BFD knows, RFC 8029 4.6.
    counters_.replies_other_code.add();
    if (!may_log()) return;
    log::write(log::Level::Warn, "lsp_ping", "not_the_egress",
               {{"id", *id},
                {"peer", to_string(record->remote)},
                {"fec", lsp_ping::to_string(record->tunnel->labels->fec)},
                {"return_code", unsigned{reply.return_code}},
                {"return_subcode", unsigned{reply.return_subcode}},
                {"from", to_string(in.source)}});
}

std::optional<config::Session> Agent::session_of(const config::LspEgress& egress,
                                                 const IpAddress& ingress,
                                                 std::uint32_t remote_discr) {
    config::SessionDraft draft{.type = SessionType::Mpls,
                               .remote = to_string(ingress),
                               .local = egress.local,
                               .profile = egress.profile};
    config::TunnelDraft labels;
    labels.labels = egress.return_labels;
    labels.fec = lsp_ping::to_string(egress.fec);
    draft.tunnel = std::move(labels);
    config::SessionCheck check = config::validate_session(draft, ports_, profiles_, tunnels_);
    if (!check.faults.empty()) {
        if (may_log()) {
            log::write(log::Level::Warn, "lsp_ping", "session_refused",
                       {{"peer", to_string(ingress)},
                        {"fec", lsp_ping::to_string(egress.fec)},
                        {"member", std::string{check.faults.front().member}},
                        {"reason", check.faults.front().message}});
        }
        return std::nullopt;
    }
    config::Tunnel tunnel = *check.session.tunnel;
    config::Labels l = *tunnel.labels;
    l.remote_discr = {remote_discr};
    l.routed = egress.return_labels.empty();
    l.lsp_ping_interval = {};
    tunnel.inner_dst = config::loopback_of(
        tunnel.inner_src.family, config::lsp_seed(check.session.local, check.session.remote, l));
    tunnel.labels = std::move(l);
    check.session.tunnel = std::move(tunnel);
    return std::move(check.session);
}

std::uint32_t Agent::session(const lsp_ping::EgressFec& fec, const IpAddress& ingress,
                             std::uint32_t remote_discr) {
    const Tuple tuple{fec.fec, ingress, remote_discr};
    if (const auto known = mine_.find(tuple); known != mine_.end()) {
        if (const SessionRecord* const record = manager_.registry().find(known->second.id)) {
            if (record->status.session_state != bfd::SessionState::Up) {
                manager_.name_peer(record->id);
            }
            return record->handle.local_discr.value;
        }
        mine_.erase(known);
    }
    const config::LspEgress* const egress = egress_of(fec.fec);
    const auto same = [&](const auto& m) { return std::get<0>(m.first) == fec.fec; };
    const auto there = std::ranges::count_if(mine_, same);
    if (egress == nullptr || there >= std::int64_t{egress->max_sessions}) return 0;
    const auto wanted = session_of(*egress, ingress, remote_discr);
    if (!wanted) return 0;
    const auto added = manager_.add({&*wanted, 1}, session::Origin::Unsolicited, {});
    if (!added) {
        if (may_log()) {
            log::write(log::Level::Warn, "lsp_ping", "session_refused",
                       {{"peer", to_string(ingress)}, {"reason", added.error().text()}});
        }
        return 0;
    }
    const session::SessionId id = added.value().front();
    mine_.emplace(tuple, Mine{.id = id, .since = dataplane_.now()});
    counters_.sessions_created.add();
    counters_.sessions.set(mine_.size());
    return manager_.registry().find(id)->handle.local_discr.value;
}

/// RFC 7726 2.3: the ingress has removed it, or it is Down for too long.
bool Agent::is_over(const SessionRecord& record, const Tuple& tuple, Mine& mine) const {
    const Instant now = dataplane_.now();
    const bfd::SessionSnapshot& s = record.status;
    if (s.session_state == bfd::SessionState::Up ||
        s.session_state == bfd::SessionState::AdminDown) {
        mine.was_up = mine.was_up || s.session_state == bfd::SessionState::Up;
        mine.since = now;
        return false;
    }
    const bool removed = mine.was_up && s.remote_session_state == bfd::SessionState::Down &&
                         s.remote_diag == bfd::Diag::AdministrativelyDown;
    const config::LspEgress* const egress = egress_of(std::get<0>(tuple));
    if (removed || egress == nullptr) return true;
    const Nanoseconds stays = mine.was_up ? egress->removal_delay : egress->max_down_time;
    return now - mine.since >= stays;
}

void Agent::send_request(std::uint64_t id, SessionRecord& record) {
    const bool up = record.status.session_state == bfd::SessionState::Up;
    const Instant now = dataplane_.now();
    const config::Tunnel& t = *record.tunnel;
    const session::SessionPort* const port = manager_.registry().port(record.port);
    const auto mac = next_hops_.mac(record.port, record.next_hop);
    if (port == nullptr || !mac || record.admin_down || record.handle.local_discr.value == 0) {
        return requester_.put_off(id, now);
    }
    const Message m = requester_.request(id, t.labels->fec, record.handle.local_discr.value, up,
                                         ntp_at(now), now);
    const bool sent =
        send(record.port,
             overlay::Mpls::headers(
                 {.link = {.source_mac = port->mac, .destination_mac = *mac, .tags = {}},
                  .labels = t.labels->stack,
                  .source = t.inner_src,
                  .destination = t.inner_dst,
                  .source_port = record.source_port,
                  .destination_port = lsp_ping::kPort,
                  .dscp = record.dscp}),
             lsp_ping::encode(m));
    if (sent) counters_.requests_sent.add();
}

void Agent::on_timer() {
    const Instant now = dataplane_.now();
    std::erase_if(replies_, [&](const Reply& r) {
        if (!send_reply(r) && now < r.until) return false;
        next_hops_.untrack(r.port, r.next_hop);
        return true;
    });
    if (now - looked_at_ >= kLook) {
        looked_at_ = now;
        for (const auto& [id, record] : manager_.registry().ingresses()) {
            requester_.set(id, record->tunnel->labels->lsp_ping_interval, now);
            if (record->status.session_state != bfd::SessionState::Up) requester_.hurry(id, now);
        }
    }
    for (const std::uint64_t id : requester_.due(now, kRequestsPerTurn)) {
        SessionRecord* const record = manager_.registry().find({id});
        if (record == nullptr || manager_.removing_all()) {
            requester_.remove(id);
        } else {
            send_request(id, *record);
        }
    }
    for (auto it = mine_.begin(); it != mine_.end();) {
        const SessionRecord* const record = manager_.registry().find(it->second.id);
        if (record != nullptr && !is_over(*record, it->first, it->second)) {
            ++it;
            continue;
        }
        if (record != nullptr) {
            manager_.end_unsolicited(it->second.id, true);
            counters_.sessions_ended.add();
        }
        it = mine_.erase(it);
    }
    counters_.sessions.set(mine_.size());
}

}  // namespace tocsin::control::lsp
