#include "invariants.hpp"

#include "dataplane/bfd/packet.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::property {

using bfd::ControlPacket;
using bfd::Diag;
using bfd::SessionSnapshot;
using bfd::SessionState;
using simulation::Sent;

namespace {

/// The engine acts when its wheel's tick begins; the simulation calls it in that nanosecond.
constexpr Nanoseconds kTolerance = bfd::kTickLength + Nanoseconds{1000};
constexpr std::chrono::seconds kSlow{1};

/// What an event promises to carry; counters and arrival times go on without events.
SessionSnapshot without_counters(SessionSnapshot s) {
    s.rx_packets = s.tx_packets = 0;
    s.last_rx = {};
    return s;
}

bool same(const SessionSnapshot& a, const SessionSnapshot& b) {
    const SessionSnapshot x = without_counters(a);
    const SessionSnapshot y = without_counters(b);
    // A verification in Demand mode begins and ends without an event.
    const bool demand = x.demand_mode || x.remote_demand_mode;
    return x.session == y.session && x.session_state == y.session_state &&
           x.remote_session_state == y.remote_session_state && x.local_diag == y.local_diag &&
           x.remote_diag == y.remote_diag && x.remote_discr == y.remote_discr &&
           x.desired_min_tx_interval == y.desired_min_tx_interval &&
           x.required_min_rx_interval == y.required_min_rx_interval &&
           x.remote_min_rx_interval == y.remote_min_rx_interval &&
           x.remote_desired_min_tx_interval == y.remote_desired_min_tx_interval &&
           (demand || x.tx_interval == y.tx_interval) && x.detection_time == y.detection_time &&
           x.detect_mult == y.detect_mult && x.remote_detect_mult == y.remote_detect_mult &&
           x.remote_demand_mode == y.remote_demand_mode && x.demand_mode == y.demand_mode &&
           x.echo_tx_interval == y.echo_tx_interval &&
           x.remote_control_plane_independent == y.remote_control_plane_independent &&
           (demand || x.poll_in_progress == y.poll_in_progress) && x.up_count == y.up_count &&
           x.down_count == y.down_count && x.last_state_change == y.last_state_change;
}

/// RFC 5880 6.2 and 6.8.16.
bool is_legal(SessionState was, SessionState is) {
    using enum SessionState;
    if (is == AdminDown) return was != AdminDown;
    if (was == AdminDown) return is == Down;
    if (was == Down) return is == Init || is == Up;
    if (was == Init) return is == Up || is == Down;
    return is == Down;
}

}  // namespace

Invariants::Track* Invariants::track(Node& node, Index index) {
    auto& all = tracks(node);
    const auto at = all.find(node.handle(index).slot.value);
    if (at == all.end() || at->second.handle != node.handle(index)) return nullptr;
    return &at->second;
}

void Invariants::added(Node& node, Index index, Instant now) {
    Track t;
    t.handle = node.handle(index);
    t.index = index;
    t.seen = t.settled = t.reported = node.snapshot(index);
    t.interval = t.shortest = t.seen.tx_interval;
    t.interval_changed = t.detection_changed = now;
    t.state_sent = SessionState::Down;
    tracks(node)[t.handle.slot.value] = t;
}

/// Takes note of what a packet or a command has changed.
void Invariants::look(Node& node, Track& t, Instant now) {
    SessionSnapshot s;
    if (node.engine().snapshot(t.handle, s) != bfd::Status::Ok) return;
    // A peer that had nothing to send begins when it has heard that it shall.
    const bool listens_again = t.seen.verified_by_poll && !s.verified_by_poll;
    if (s.detection_time != t.seen.detection_time) t.detection_changed = now;
    if (listens_again) t.listening = now;
    if (s.tx_interval != t.interval) {
        t.interval = s.tx_interval;
        t.interval_changed = now;
        t.shortest = std::min(t.shortest, t.interval);
    }
    if (s.session_state != SessionState::Up || s.tx_interval == WireInterval{0}) t.all_up = false;
    t.seen = s;
}

void Invariants::sent(Node& node, Index index, const simulation::Packet& packet, Sent kind,
                      Instant now) {
    ++packets;
    ControlPacket p;
    ASSERT_EQ(bfd::decode(packet.span(), p), DropReason::None)
        << "an end sent what it would not accept";
    // A lingering session keeps its slot while a new one may have its index.
    auto& all = tracks(node);
    const auto at = std::ranges::find_if(
        all, [&](const auto& e) { return e.second.handle.local_discr == p.my_discriminator; });
    if (at == all.end()) return;  // the first packets of add()
    Track& t = at->second;
    ASSERT_EQ(t.index, index);
    look(node, t, now);

    EXPECT_FALSE(p.poll && p.final);
    EXPECT_EQ(p.final, kind == Sent::Final);
    EXPECT_FALSE(p.poll && kind != Sent::Periodic) << "a poll uses scheduled packets, 6.5";
    EXPECT_FALSE(p.multipoint);
    EXPECT_EQ(p.demand, t.seen.demand_mode);
    EXPECT_TRUE(!p.demand ||
                (p.state == SessionState::Up && t.seen.remote_session_state == SessionState::Up))
        << "D before both are Up, 6.8.7";
    EXPECT_EQ(p.length, packet.length);
    check_signature(t, node.keys_of(t.handle.slot), packet, p);
    EXPECT_LE(static_cast<unsigned>(p.diag), 8U);
    EXPECT_EQ(p.state, t.seen.session_state);
    EXPECT_EQ(p.diag, t.seen.local_diag);
    EXPECT_EQ(p.your_discriminator, t.seen.remote_discr);
    EXPECT_EQ(p.desired_min_tx_interval, t.seen.desired_min_tx_interval);
    EXPECT_EQ(p.required_min_rx_interval, t.seen.required_min_rx_interval);
    EXPECT_EQ(p.detect_mult, t.seen.detect_mult);
    if (p.state != SessionState::Up) {
        EXPECT_GE(p.desired_min_tx_interval, kSlow);
    }
    if (kind == Sent::Final) {
        EXPECT_NE(node.judging(), nullptr) << "a Final without a Poll";
        return;
    }
    if (kind == Sent::Periodic) {
        EXPECT_NE(t.seen.remote_min_rx_interval, WireInterval{0});
        const bool unasked = t.seen.remote_demand_mode && p.state == SessionState::Up &&
                             t.seen.remote_session_state == SessionState::Up;
        EXPECT_TRUE(p.poll || !unasked) << "the peer is in Demand mode, 6.8.7";
        check_periodic(t, node, now);
        t.periodic = now;
        t.shortest = t.interval;
        t.detect_mult_then = t.seen.detect_mult;
        t.extras = 0;
        t.all_up = p.state == SessionState::Up;
    } else if (p.state == t.state_sent && node.has(index)) {  // a removal says so once more
        EXPECT_LE(++t.extras, 1U) << "more than one packet between scheduled ones, 6.8.7";
    }
    t.state_sent = p.state;
    t.sent = now;
}

/// RFC 5880 6.7: what leaves passes at whoever has the same keys, and counts up.
void Invariants::check_signature(Track& t, const bfd::AuthKeys& keys,
                                 const simulation::Packet& packet, const ControlPacket& p) {
    EXPECT_EQ(p.authentication_present, keys.type != bfd::AuthType::None);
    if (!p.authentication_present) return;
    ++signed_packets;
    bfd::AuthSequence unknown;
    EXPECT_EQ(bfd::verify(keys, packet.span(), unknown), DropReason::None);
    EXPECT_EQ(packet.octets[bfd::kAuthOffset + 2], keys.keys[keys.current].id);
    if (!has_sequence(keys.type)) return;
    if (t.xmit_auth_seq) {
        const std::uint32_t ahead = unknown.rcv_auth_seq - *t.xmit_auth_seq;
        // What was refused to leave has had its number.
        if (is_meticulous(keys.type)) {
            EXPECT_GE(ahead, 1U) << "a number twice, 6.7.3";
        }
        EXPECT_LE(ahead, 1U + t.refused) << "numbers that were skipped";
    }
    t.xmit_auth_seq = unknown.rcv_auth_seq;
    t.refused = 0;
}

void Invariants::refused(Node& node, Slot slot, Instant now) {
    const auto at = tracks(node).find(slot.value);
    if (at == tracks(node).end()) return;
    at->second.sent = now;  // the engine did its part
    ++at->second.refused;
    at->second.periodic.reset();
    at->second.extras = 0;
}

void Invariants::check_periodic(Track& t, Node& node, Instant now) {
    if (!t.periodic || !t.all_up || t.seen.session_state != SessionState::Up) return;
    ++periodic_gaps;
    const Nanoseconds least = Nanoseconds{t.shortest} * 3 / 4;
    EXPECT_GE((now - *t.periodic).count(), least.count())
        << "shorter than 75 % of " << t.shortest.count() << " us";
    if (node.gap().count() > 0) return;
    const bool one = t.seen.detect_mult == 1 && t.detect_mult_then == 1;
    const Nanoseconds most = Nanoseconds{t.interval} * (one ? 9 : 10) / 10;
    const Instant by = std::max(*t.sent + most, t.interval_changed + kTolerance);
    EXPECT_LE((now - by).count(), 0) << "later than " << t.interval.count() << " us";
}

void Invariants::received(Node& node, const simulation::Packet& packet, DropReason reason,
                          Instant now) {
    if (reason != DropReason::None && reason != DropReason::AdminDown) return;
    ControlPacket p;
    ASSERT_EQ(bfd::decode(packet.span(), p), DropReason::None);
    for (auto& [slot, t] : tracks(node)) {
        SessionSnapshot s;
        if (node.engine().snapshot(t.handle, s) != bfd::Status::Ok || s.last_rx != now ||
            s.remote_discr != p.my_discriminator) {
            continue;
        }
        t.accepted = now;
        EXPECT_EQ(p.authentication_present, s.auth_type != bfd::AuthType::None);
        EXPECT_EQ(s.remote_session_state, p.state);
        EXPECT_EQ(s.remote_min_rx_interval, p.required_min_rx_interval);
        EXPECT_EQ(s.remote_desired_min_tx_interval, p.desired_min_tx_interval);
        EXPECT_EQ(s.remote_detect_mult, p.detect_mult);
        EXPECT_EQ(s.remote_demand_mode, p.demand);
        look(node, t, now);
    }
}

void Invariants::state_changed(Node& node, Index index, SessionState was, SessionState is,
                               Instant now) {
    EXPECT_TRUE(is_legal(was, is)) << name(was) << " to " << name(is);
    Track* const t = track(node, index);
    if (t == nullptr || t->removed) return;
    const SessionSnapshot s = node.snapshot(index);
    if (is == SessionState::Up) {
        ASSERT_NE(node.judging(), nullptr);
        ControlPacket p;
        ASSERT_EQ(bfd::decode(node.judging()->span(), p), DropReason::None);
        EXPECT_EQ(p.your_discriminator, t->handle.local_discr) << "Up without being heard";
        EXPECT_TRUE(p.state == SessionState::Init || p.state == SessionState::Up);
        EXPECT_TRUE(p.state == SessionState::Init || was == SessionState::Init);
    }
    const bool by_detection = is == SessionState::Down && node.judging() == nullptr &&
                              s.local_diag == Diag::ControlDetectionTimeExpired;
    if (by_detection) {
        ASSERT_TRUE(t->accepted.has_value());
        const Nanoseconds silence = now - *t->accepted;
        // In Demand mode only Finals count, and the time is that of the poll.
        if (!t->seen.verified_by_poll) {
            EXPECT_GE(silence, t->seen.detection_time) << "Down too early";
        }
        silence_[node.config().number] = silence;
    }
    if (was == SessionState::Up) {
        Downs& d = downs_[node.config().number];
        ++(by_detection                                        ? d.by_detection
           : s.local_diag == Diag::NeighborSignaledSessionDown ? d.by_neighbor
                                                               : d.other);
    }
    t->all_up = false;
}

void Invariants::event(Node& node, const bfd::SessionEvent& event, Instant) {
    const auto at = tracks(node).find(event.now.session.slot.value);
    ASSERT_NE(at, tracks(node).end());
    Track& t = at->second;
    ASSERT_EQ(t.handle, event.now.session);
    EXPECT_EQ(event.reported_state, t.reported.session_state) << "a lost event";
    EXPECT_NE(event.causes, 0);
    const bool state = (event.causes & static_cast<unsigned>(bfd::EventCause::State)) != 0;
    EXPECT_EQ(state, event.transitions > 0);
    if (event.reported_state != event.now.session_state) {
        EXPECT_GT(event.transitions, 0U);
    }
    if (state) {
        EXPECT_LE(event.first_at, event.last_at);
    }
    t.reported = event.now;
}

void Invariants::deleted(Node& node, bfd::SessionHandle handle, Instant now) {
    const auto at = tracks(node).find(handle.slot.value);
    ASSERT_NE(at, tracks(node).end());
    const Track& t = at->second;
    ASSERT_EQ(t.handle, handle);
    ASSERT_TRUE(t.removed.has_value()) << "deleted without being removed";
    const bool superseded = node.has(t.index);  // ends whenever that is
    if (!superseded) {
        EXPECT_GE(now - *t.removed, t.linger_least);
        if (node.gap().count() == 0) {
            EXPECT_LE(now - *t.removed, t.linger_most + kTolerance);
        }
    }
    tracks(node).erase(at);
}

void Invariants::commanded(Node& node, Index index, Instant now) {
    Track* const t = track(node, index);
    if (t == nullptr) return;
    SessionSnapshot s;
    if (node.engine().snapshot(t->handle, s) != bfd::Status::Ok) {
        tracks(node).erase(t->handle.slot.value);  // removed at once
        return;
    }
    if (!node.has(index) && !t->removed) {
        // Nothing periodic leaves to a peer in Demand mode, but AdminDown ends that.
        const bool hushed = t->settled.remote_demand_mode &&
                            t->settled.session_state == SessionState::Up &&
                            t->settled.remote_session_state == SessionState::Up;
        const bool can_tell = (hushed || t->settled.tx_interval != WireInterval{0}) &&
                              t->settled.remote_discr.value != 0;
        const Nanoseconds heard =
            std::min(t->settled.detect_mult * Nanoseconds{t->settled.tx_interval},
                     Nanoseconds{std::chrono::seconds{60}});
        const Nanoseconds slow = t->settled.detect_mult *
                                 std::max(Nanoseconds{kSlow}, Nanoseconds{t->settled.tx_interval});
        t->removed = now;
        t->linger_least = can_tell ? heard : Nanoseconds{0};
        t->linger_most =
            can_tell ? std::max(heard, std::min(slow, Nanoseconds{std::chrono::seconds{10}}))
                     : Nanoseconds{0};
    }
    look(node, *t, now);
    t->settled = t->seen;
    check_reported(node);
}

void Invariants::stepped(Node& node, Instant now) {
    for (auto& [slot, t] : tracks(node)) {
        look(node, t, now);
        t.settled = t.seen;
        if (t.removed || node.gap().count() > 0) continue;
        const bool alive =
            t.seen.session_state == SessionState::Up || t.seen.session_state == SessionState::Init;
        if (alive && t.accepted && t.seen.detection_time.count() > 0 && !t.seen.verified_by_poll) {
            const Instant by = std::max(std::max(*t.accepted, t.listening) + t.seen.detection_time,
                                        t.detection_changed) +
                               kTolerance;
            EXPECT_LE((now - by).count(), 0) << "silence not detected";
        }
        if (t.seen.session_state == SessionState::Up && t.sent && t.interval.count() > 0) {
            const Instant by =
                std::max(*t.sent + Nanoseconds{t.interval}, t.interval_changed) + kTolerance;
            EXPECT_LE((now - by).count(), 0) << "no packet for longer than the interval";
        }
    }
    check_reported(node);
}

/// The last event of each session is what the session is.
void Invariants::check_reported(Node& node) {
    std::uint32_t up = 0;
    for (const auto& [slot, t] : tracks(node)) {
        if (t.seen.session_state == SessionState::Up) ++up;
        if (t.removed) continue;
        EXPECT_TRUE(same(t.reported, t.seen)) << "changed without an event";
    }
    EXPECT_EQ(node.engine().sessions(), tracks(node).size());
    EXPECT_EQ(node.engine().sessions_up(), up);
}

}  // namespace tocsin::property
