#include "control/unsolicited/acceptor.hpp"

#include "control/base/address.hpp"
#include "control/unsolicited/policy.hpp"
#include "dataplane/bfd/packet.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::unsolicited {

namespace {

constexpr std::size_t kMostWaiting = 4096;     ///< packets for one poll()
constexpr std::size_t kLookedAt = 4096;        ///< sessions in one on_timer()
constexpr std::size_t kMostEnded = 1000;       ///< for one port
constexpr std::uint8_t kUnsolicitedDscp = 48;  // CS6, as of configured sessions

config::Session session_of(const config::Unsolicited& policy, const IpAddress& remote,
                           const IpAddress& local) {
    config::Session out;
    out.remote = remote;
    out.local = local;
    out.port = policy.port;
    out.profile = policy.profile;
    out.parameters = policy.parameters;
    out.auth = policy.auth;
    out.padded_pdu_size = policy.padded_pdu_size;
    out.interval_alignment = policy.interval_alignment;
    out.notification = policy.notification;
    out.dscp = kUnsolicitedDscp;
    return out;
}

void warn_of_weak_authentication(const config::Unsolicited& policy) {
    using enum bfd::AuthType;
    if (policy.auth.type == None || policy.auth.type == MeticulousKeyedSha1) return;
    log::write(
        log::Level::Warn, "unsolicited", "weaker_authentication",
        {{"port", policy.port},
         {"type", auth::type_name(policy.auth.type, policy.auth.method)},
         {"advice", "sessions with strangers should use meticulous_keyed_sha1 (RFC 9468 6.2)"}});
}

}  // namespace

Acceptor::Acceptor(std::vector<AcceptorPort> ports, session::Manager& manager,
                   message::Dataplane& dataplane)
    : manager_{manager}, dataplane_{dataplane} {
    for (AcceptorPort& p : ports) {
        PortCounters& counters = counters_.emplace_back();
        counters.port = p.name;
        Port& port = ports_.emplace_back();
        port.port = std::move(p);
        port.counters = &counters;
    }
    manager_.set_on_early([this](const message::EarlyPacket& packet) { on_early(packet); });
}

void Acceptor::set_policies(const std::vector<config::Unsolicited>& policies) {
    for (Port& p : ports_) {
        const auto policy = std::ranges::find(policies, p.port.name, &config::Unsolicited::port);
        apply_policy(p, policy == policies.end() ? nullptr : &*policy);
    }
    tell_workers();
    for (auto it = mine_.begin(); it != mine_.end();) {
        const auto next = std::next(it);
        review(it->first, it->second);
        it = next;
    }
}

void Acceptor::apply_policy(Port& p, const config::Unsolicited* policy) {
    const bool was = p.enabled();
    const bool same = policy != nullptr ? p.policy && *p.policy == *policy : !p.policy;
    p.policy = policy != nullptr ? std::make_unique<config::Unsolicited>(*policy) : nullptr;
    p.keys.reset();  // their secrets may be others
    p.counters->enabled.set(p.enabled() ? 1 : 0);
    p.counters->limit.set(p.enabled() ? p.policy->max_sessions : 0);
    if (!same && p.enabled()) warn_of_weak_authentication(*p.policy);
    if (was == p.enabled()) return;
    const auto workers = static_cast<std::uint16_t>(dataplane_.workers());
    for (std::uint16_t w = 0; w < workers; ++w) {
        untold_.push_back({.worker = {w}, .command = {.port = p.port.id, .on = p.enabled()}});
    }
}

/// A session that exists, after its policy may have changed.
void Acceptor::review(std::uint64_t id, Mine& mine) {
    Port& p = ports_[mine.port];
    const session::SessionRecord* const record = manager_.registry().find({id});
    if (record == nullptr || record->origin != session::Origin::Unsolicited) return;  // look()
    if (!p.enabled() || judge_source(*p.policy, p.port.subnets, record->remote, record->local)) {
        manager_.end_unsolicited({id}, false);
        return;
    }
    const config::Session to = session_of(*p.policy, record->remote, record->local);
    const auto updated = manager_.update({id}, to, session::Origin::Unsolicited);
    if (updated) return;
    log::write(log::Level::Warn, "unsolicited", "session_ended_by_reload",
               {{"peer", to_string(record->remote)},
                {"port", p.port.name},
                {"reason", updated.error().message}});
    manager_.end_unsolicited({id}, false);
}

/// Commands without an id: nobody waits for their answers.
void Acceptor::tell_workers() {
    while (!untold_.empty()) {
        const Untold& first = untold_.front();
        if (!dataplane_.worker(first.worker).send({.id = {}, .body = first.command})) return;
        untold_.pop_front();
    }
}

void Acceptor::on_early(const message::EarlyPacket& packet) {
    if (waiting_.size() < kMostWaiting) {
        waiting_.push_back(packet);
    } else if (Port* const p = port(packet.port)) {
        refuse(*p, packet.source, Refusal::Rate);
    }
}

void Acceptor::poll() {
    if (!untold_.empty()) tell_workers();
    if (waiting_.empty()) return;
    std::vector<message::EarlyPacket> packets;
    packets.swap(waiting_);
    if (manager_.removing_all()) return;
    for (const message::EarlyPacket& packet : packets) accept(packet);
}

void Acceptor::accept(const message::EarlyPacket& packet) {
    Port* const p = port(packet.port);
    if (p == nullptr || !p->enabled()) return;  // until a moment ago
    const session::SessionRecord* const record =
        manager_.registry().find_identity(packet.port, packet.source);
    if (record != nullptr) {
        // Its worker is about to have it, or the packet was under way when it got it.
        if (record->local != packet.destination) {
            refuse(*p, packet.source, Refusal::SessionExists);
        }
        return;
    }
    if (const auto why =
            judge_source(*p->policy, p->port.subnets, packet.source, packet.destination)) {
        return refuse(*p, packet.source, *why);
    }
    bfd::ControlPacket control;
    const bool whole = bfd::decode(packet.payload(), control) == DropReason::None;
    if (!whole) return refuse(*p, packet.source, Refusal::Authentication);  // an overlong section
    if (const auto why = judge_packet(*p->policy, control)) {
        return refuse(*p, packet.source, *why);
    }
    if (!authentic(*p, packet, control)) {
        return refuse(*p, packet.source, Refusal::Authentication);
    }
    if (p->counters->sessions.get() >= p->policy->max_sessions) {
        return refuse(*p, packet.source, Refusal::Limit);
    }
    if (!creations_.allow(dataplane_.now().time_since_epoch().count() / 1000)) {
        return refuse(*p, packet.source, Refusal::Rate);
    }
    create(static_cast<std::size_t>(p - ports_.data()), packet,
           detection_time(p->policy->parameters, control));
}

/// Nothing is sent to anybody who has not shown that it knows the key, RFC 9468 6.2. Whether a
/// packet was sent before cannot be seen without a session that remembers its sequence number.
bool Acceptor::authentic(Port& p, const message::EarlyPacket& packet,
                         const bfd::ControlPacket& control) {
    const auth::Authentication& how = p.policy->auth;
    if (how.type == bfd::AuthType::None) return !control.authentication_present;
    if (!control.authentication_present || !manager_.chains().possible()) return false;
    // Both ends sign alike: it must not be one of our own packets.
    if (manager_.resolve(session::Selector{control.my_discriminator})) return false;
    const auth::WallTime now = manager_.wall_now();
    if (p.keys == nullptr || p.keys_at != now) {
        const auto& chains = manager_.chains().chains();
        const auto chain = std::ranges::find(chains, how.key_chain, &auth::KeyChain::name);
        if (chain == chains.end()) return false;
        p.keys = auth::keys_at(*chain, how.type, how.method, now);
        p.keys_at = now;
    }
    if (p.keys == nullptr) return false;
    bfd::AuthSequence sequence;
    return bfd::verify(*p.keys, packet.payload().first(control.length), sequence) ==
           DropReason::None;
}

void Acceptor::refuse(Port& p, const IpAddress& source, Refusal why) {
    p.counters->refused[static_cast<std::size_t>(why)].add();
    if (why == Refusal::PeerAdminDown) return;  // that is as it should be
    ++p.refused;
    p.last_refused = source;
    p.last_refusal = why;
}

void Acceptor::create(std::size_t index, const message::EarlyPacket& packet,
                      Nanoseconds detection_time) {
    Port& p = ports_[index];
    const config::Session session = session_of(*p.policy, packet.source, packet.destination);
    const auto id = manager_.add_unsolicited(session, packet);
    if (!id) return refuse(p, packet.source, Refusal::NoRoom);
    p.counters->created.add();
    p.counters->sessions.add();
    mine_.emplace(id.value().value, Mine{.port = index,
                                         .since = dataplane_.now(),
                                         .patience = std::max(kPatience, detection_time)});
}

void Acceptor::on_timer() {
    const Instant now = dataplane_.now();
    auto it = mine_.upper_bound(looked_at_);
    for (std::size_t n = 0; n < kLookedAt && it != mine_.end(); ++n) {
        looked_at_ = it->first;
        it = look(it->first, it->second, now) ? std::next(it) : mine_.erase(it);
    }
    if (it == mine_.end()) looked_at_ = 0;
    forget_ended(now);
}

/// False: it is not ours any more.
bool Acceptor::look(std::uint64_t id, Mine& mine, Instant now) {
    Port& p = ports_[mine.port];
    const auto gone = [&p] {
        p.counters->sessions.set(p.counters->sessions.get() - 1);
        return false;
    };
    const session::SessionRecord* const record = manager_.registry().find({id});
    // Deleted, or a configured one has taken its place.
    if (record == nullptr || record->origin != session::Origin::Unsolicited) return gone();
    if (record->admin_down) mine.since = now;
    if (!has_ended(*record, mine.since, mine.patience, now)) return true;
    p.counters->ended.add();
    keep_ended(p, *record, now);
    manager_.end_unsolicited({id}, true);
    return gone();
}

/// Only those that were Up: others were perhaps never there.
void Acceptor::keep_ended(Port& p, const session::SessionRecord& record, Instant now) {
    if (record.status.up_count == 0 || !p.policy || p.policy->linger.count() == 0) return;
    std::erase_if(p.ended, [&](const EndedSession& e) { return e.remote == record.remote; });
    if (p.ended.size() == kMostEnded) p.ended.pop_front();
    p.ended.push_back({.remote = record.remote,
                       .diag = record.status.local_diag,
                       .remote_diag = record.status.remote_diag,
                       .at = now});
}

void Acceptor::forget_ended(Instant now) {
    for (Port& p : ports_) {
        const Nanoseconds linger = p.policy ? Nanoseconds{p.policy->linger} : Nanoseconds{};
        while (!p.ended.empty() && now - p.ended.front().at >= linger) p.ended.pop_front();
    }
}

void Acceptor::report() {
    const Instant now = dataplane_.now();
    for (Port& p : ports_) {
        if (p.refused == 0 || now < p.next_report) continue;
        log::write(log::Level::Warn, "unsolicited", "refused",
                   {{"port", p.port.name},
                    {"count", p.refused},
                    {"last_source", to_string(p.last_refused)},
                    {"last_reason", kRefusalNames[static_cast<std::size_t>(p.last_refusal)]}});
        p.refused = 0;
        p.next_report = now + kReportInterval;
    }
}

std::vector<PolicyView> Acceptor::policies() const {
    std::vector<PolicyView> out;
    for (const Port& p : ports_) {
        if (!p.policy) continue;
        out.push_back({.policy = *p.policy,
                       .counters = p.counters,
                       .ended = {p.ended.rbegin(), p.ended.rend()}});
    }
    return out;
}

Acceptor::Port* Acceptor::port(PortId id) {
    const auto it = std::ranges::find(ports_, id, [](const Port& p) { return p.port.id; });
    return it == ports_.end() ? nullptr : &*it;
}

}  // namespace tocsin::control::unsolicited
