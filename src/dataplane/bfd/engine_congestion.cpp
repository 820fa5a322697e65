#include "dataplane/bfd/engine.hpp"

#include <algorithm>

namespace tocsin::bfd {

bool Engine::has_congestion_control(Slot slot) const noexcept {
    const bool multihop =
        hot_[slot.value].has(kMultiHop) && cold_[slot.value].key.type == SessionType::MultiHop;
    return !congestion_.empty() && (multihop || initiates(slot));
}

/// The interval that loss is measured with; 0 while nothing periodic is expected of the peer.
WireInterval Engine::expected_interval(Slot slot) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    const bool responds = is_initiator(cold.key.type);  // to each of our packets
    const bool asked = responds || cold.required_min_rx_interval > WireInterval{0};
    const bool sends =
        hot.session_state == SessionState::Up && !hot.has(kLingering) && !cold.silent && asked;
    if (!sends || hot.tx_interval == WireInterval{0} || cold.parameters.congestion_doublings == 0)
        return WireInterval{0};
    if (responds) return hot.tx_interval;
    return std::max(hot.rx_in_force, hot.remote_desired_min_tx_interval());
}

/// How often the intervals are doubled. While the session is not Up it sends once a second or less
/// anyhow, and what would be longer only keeps it from coming Up.
unsigned Engine::doublings_now(Slot slot) const noexcept {
    if (!has_congestion_control(slot)) return 0;
    return hot_[slot.value].session_state == SessionState::Up ? congestion_[slot.value].doublings
                                                              : 0;
}

/// bfd.DesiredMinTxInterval as it is to be sent, RFC 5880 7, but for the floor of 6.8.3.
WireInterval Engine::backed_off_tx(Slot slot) const noexcept {
    const WireInterval wanted = cold_[slot.value].parameters.desired_min_tx_interval;
    const unsigned n = doublings_now(slot);
    return n == 0 ? wanted : raised(wanted, congestion_[slot.value].tx_base, n);
}

/// bfd.RequiredMinRxInterval likewise; 0 stays 0.
WireInterval Engine::backed_off_rx(Slot slot) const noexcept {
    const WireInterval wanted = cold_[slot.value].parameters.required_min_rx_interval;
    const unsigned n = doublings_now(slot);
    if (n == 0 || wanted == WireInterval{0}) return wanted;
    return raised(wanted, congestion_[slot.value].rx_base, n);
}

/// Makes the packet counter of the steady state turn over after `packets` more, so that nothing
/// else has to be asked of each packet. `turned`: it has just done so.
void Engine::set_turn(Slot slot, std::uint8_t packets, bool turned) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCongestion& c = congestion_[slot.value];
    const int moved = 256 - packets - hot.tx_packets;
    int ahead = c.tx_ahead + moved;
    std::uint32_t turns = turned ? 1 : 0;
    if (ahead >= 256) {
        ahead -= 256;
        --turns;
    } else if (ahead < 0) {
        ahead += 256;
        ++turns;
    }
    c.tx_ahead = static_cast<std::uint8_t>(ahead);
    hot.tx_packets = static_cast<std::uint8_t>(256 - packets);
    if (turns != 0) cold_[slot.value].tx_packets += turns;
}

/// The counter turned over with a packet that is not periodic: the next periodic one is the one
/// that looks at the window.
void Engine::on_extra_turn(Slot slot) noexcept {
    if (has_congestion_control(slot)) return set_turn(slot, 1, true);
    ++cold_[slot.value].tx_packets;
}

/// It did so with a periodic packet, which is on its way while the next one is not scheduled yet.
void Engine::on_periodic_turn(Slot slot, Instant now) noexcept {
    if (!has_congestion_control(slot)) {
        ++cold_[slot.value].tx_packets;
        return;
    }
    SessionHot& hot = hot_[slot.value];
    SessionCongestion& c = congestion_[slot.value];
    if (c.expected == WireInterval{0}) {
        if (ease_unmeasured(slot, now)) {
            hot.tx_interval = tx_interval_in_force(slot);
            update_detection(slot, now);
        }
        return set_turn(slot, 255, true);
    }
    const Nanoseconds whole = kLossWindow * Nanoseconds{c.expected};
    const Nanoseconds measured = window_time(slot);
    if (measured < whole)
        return set_turn(slot, packets_in(whole - measured, hot.tx_interval), true);
    end_window(slot);
    judge_loss(slot, now);
    set_turn(slot, packets_in(kLossWindow * Nanoseconds{c.expected}, hot.tx_interval), true);
}

void Engine::begin_window(Slot slot, Instant now) noexcept {
    if (!has_congestion_control(slot)) return;
    SessionHot& hot = hot_[slot.value];
    SessionCongestion& c = congestion_[slot.value];
    const WireInterval expected = expected_interval(slot);
    if (expected == c.expected && expected == WireInterval{0}) return;  // unmeasured for longer
    c.expected = expected;
    c.window_since = tick_at(now);
    c.stalled = stalled_;
    c.rx_mark = packets_received(slot);
    if (c.expected == WireInterval{0}) return;
    set_turn(slot, packets_in(kLossWindow * Nanoseconds{c.expected}, hot.tx_interval), false);
}

/// The peer is expected to send by another interval, or again, or no longer.
void Engine::update_window(Slot slot, Instant now) noexcept {
    if (!has_congestion_control(slot)) return;
    if (expected_interval(slot) != congestion_[slot.value].expected) begin_window(slot, now);
}

std::uint32_t Engine::packets_received(Slot slot) const noexcept {
    return cold_[slot.value].rx_packets << 8U | hot_[slot.value].rx_packets;
}

/// From its beginning to the packet that arrived last, less what we stood still: that long packets
/// may have been lost at our own door.
Nanoseconds Engine::window_time(Slot slot) const noexcept {
    const SessionCongestion& c = congestion_[slot.value];
    const Tick end = tick_at(hot_[slot.value].last_rx);
    if (earlier(end, c.window_since)) return Nanoseconds{0};
    const std::int64_t stood = std::int64_t{stalled_ - c.stalled} * kTickLength.count();
    const Nanoseconds slack =
        stood > 0 ? Nanoseconds{stood} + Nanoseconds{c.expected} : Nanoseconds{0};
    return (end - c.window_since) * kTickLength - slack;
}

/// The next one begins where this one ends. What is missing since then is judged when the session
/// has outlived it: a failure is no congestion.
void Engine::end_window(Slot slot) noexcept {
    SessionCongestion& c = congestion_[slot.value];
    const std::uint32_t expected = fewest_packets(window_time(slot), c.expected);
    const std::uint32_t received = packets_received(slot) - c.rx_mark;
    c.debt = loss_debt(c.debt, expected, received);
    if (c.debt != 0) {
        c.clean = 0;
    } else if (c.clean != 255) {
        ++c.clean;
    }
    const Tick end = tick_at(hot_[slot.value].last_rx);
    if (!earlier(end, c.window_since)) c.window_since = end;
    c.stalled = stalled_;
    c.rx_mark = packets_received(slot);
}

/// No change before the peer has confirmed the one before: until then it has had no effect.
void Engine::judge_loss(Slot slot, Instant now) noexcept {
    const SessionCold& cold = cold_[slot.value];
    SessionCongestion& c = congestion_[slot.value];
    if (sends_poll(cold.poll) || cold.poll == Poll::Separating) return;
    if (c.clean >= kProbation) c.eased = false;
    if (c.debt >= (c.eased ? kCongestedAgain : kCongested)) {
        if (c.doublings >= cold.parameters.congestion_doublings) return;
        back_off(slot);
    } else if (c.doublings != 0 && c.clean >= kLeastClean << c.patience) {
        c.doublings = static_cast<std::uint8_t>(c.doublings - 1U) & 0xfU;
        c.clean = 0;
        c.eased = true;
    } else {
        if (c.clean == 255) c.patience = 0;
        return;
    }
    apply_backoff(slot, now);
}

void Engine::back_off(Slot slot) noexcept {
    SessionCongestion& c = congestion_[slot.value];
    if (c.doublings == 0) set_backoff_base(slot);
    c.doublings = (c.doublings + 1U) & 0xfU;
    c.backoffs = std::min(c.backoffs + 1U, kMostBackoffs) & kMostBackoffs;
    if (c.eased && c.patience < kMostPatience) c.patience = (c.patience + 1U) & 0xfU;
    c.eased = false;
    c.debt = 0;
    c.clean = 0;
}

/// What is in force counts: doubling a wish that the peer does not grant would change nothing. A
/// peer that is not Up says a second at least, whatever it wants, RFC 5880 6.8.3.
void Engine::set_backoff_base(Slot slot) noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionParameters& p = cold_[slot.value].parameters;
    SessionCongestion& c = congestion_[slot.value];
    c.tx_base = p.desired_min_tx_interval;
    c.rx_base = p.required_min_rx_interval;
    if (hot.remote_session_state() != SessionState::Up) return;
    c.tx_base = std::max(c.tx_base, hot.remote_min_rx_interval());
    c.rx_base = std::max(c.rx_base, hot.remote_desired_min_tx_interval());
}

/// Both intervals as they are to be from now on.
void Engine::set_backed_off(Slot slot, Instant now) noexcept {
    set_desired_min_tx(slot, backed_off_tx(slot), now);
    set_required_min_rx(slot, required_min_rx(slot), now);
}

/// Called while a periodic packet is on its way: it schedules the next one itself.
void Engine::apply_backoff(Slot slot, Instant now) noexcept {
    set_backed_off(slot, now);
    hot_[slot.value].tx_interval = tx_interval_in_force(slot);
    update_detection(slot, now);
    begin_window(slot, now);
    raise_event(slot, EventCause::Parameters);
    raise_event(slot, EventCause::Congestion);
}

/// While nothing periodic is expected of the peer, or sent to it, nothing shows how the path is:
/// its time counts as windows without loss, or a session that leaves Demand mode would begin with
/// what was true hours ago. True: intervals were halved; the caller sees to what follows from them.
bool Engine::ease_unmeasured(Slot slot, Instant now) noexcept {
    if (!has_congestion_control(slot)) return false;
    const SessionHot& hot = hot_[slot.value];
    SessionCongestion& c = congestion_[slot.value];
    if (c.doublings == 0 || c.expected != WireInterval{0}) return false;
    // To a peer that wants no packets a change cannot be told either: it waits until it does.
    if (hot.session_state != SessionState::Up || hot.remote_min_rx_interval() == WireInterval{0})
        return false;
    const unsigned before = c.doublings;
    // A session that is not Up keeps what it has.
    Nanoseconds quiet = std::min<Nanoseconds>((tick_at(now) - c.window_since) * kTickLength,
                                              now - cold_[slot.value].last_state_change);
    for (; c.doublings != 0; c.doublings = (c.doublings - 1U) & 0xfU) {
        const WireInterval interval = std::max(backed_off_tx(slot), backed_off_rx(slot));
        const Nanoseconds stretch =
            (kLeastClean << c.patience) * kLossWindow * Nanoseconds{interval};
        if (quiet < stretch) break;
        quiet -= stretch;
    }
    if (c.doublings == before) return false;
    c.window_since = tick_at(now - quiet);
    c.debt = 0;
    c.clean = 0;
    c.eased = true;
    set_backed_off(slot, now);
    raise_event(slot, EventCause::Parameters);
    raise_event(slot, EventCause::Congestion);
    return true;
}

/// A Detection Time is over, here or at the peer. RFC 5880 7 names session failure as a sign of
/// congestion; it is taken for one where packets had been missing before the silence, or soon after
/// the session came Up, or each failure would slow its session down.
void Engine::judge_failure(Slot slot) noexcept {
    if (!has_congestion_control(slot) || hot_[slot.value].session_state != SessionState::Up) return;
    SessionCongestion& c = congestion_[slot.value];
    if (c.expected == WireInterval{0}) return;
    end_window(slot);
    const Nanoseconds lasted = hot_[slot.value].last_rx - cold_[slot.value].last_state_change;
    const bool congested = c.debt >= kLossBeforeFailure ||
                           lasted < kShortLived * kLossWindow * Nanoseconds{c.expected};
    c.debt = 0;
    c.clean = 0;
    if (!congested || c.doublings >= cold_[slot.value].parameters.congestion_doublings) return;
    back_off(slot);
    raise_event(slot, EventCause::Congestion);
}

/// What an operator sets is doubled from now on; ended by an administrator, all is forgotten.
void Engine::rebase_congestion(Slot slot, const SessionParameters& was) noexcept {
    if (!has_congestion_control(slot)) return;
    const SessionParameters& is = cold_[slot.value].parameters;
    SessionCongestion& c = congestion_[slot.value];
    if (c.doublings == 0) return;
    // What the peer says now may have both ends' doublings in it: its part stays as it was.
    const auto rebase = [](WireInterval& base, WireInterval from, WireInterval to) noexcept {
        if (from != to) base = base == from ? to : std::max(base, to);
    };
    rebase(c.tx_base, was.desired_min_tx_interval, is.desired_min_tx_interval);
    rebase(c.rx_base, was.required_min_rx_interval, is.required_min_rx_interval);
    if (c.doublings <= is.congestion_doublings) return;
    c.doublings = is.congestion_doublings & 0xfU;
    raise_event(slot, EventCause::Congestion);
}

void Engine::forget_congestion(Slot slot) noexcept {
    if (!has_congestion_control(slot)) return;
    SessionCongestion& c = congestion_[slot.value];
    if (c.doublings != 0) raise_event(slot, EventCause::Congestion);
    c = {.backoffs = c.backoffs, .tx_ahead = c.tx_ahead};
}

std::uint64_t Engine::packets_sent(Slot slot) const noexcept {
    const std::uint8_t ahead = has_congestion_control(slot) ? congestion_[slot.value].tx_ahead : 0;
    return (std::uint64_t{cold_[slot.value].tx_packets} << 8U) + hot_[slot.value].tx_packets -
           ahead;
}

void Engine::fill_congestion(Slot slot, SessionSnapshot& out) const noexcept {
    const bool controlled = has_congestion_control(slot);
    const SessionCongestion c = controlled ? congestion_[slot.value] : SessionCongestion{};
    out.congestion_factor = static_cast<std::uint8_t>(1U << c.doublings);
    out.congestion_backoffs = c.backoffs;
}

}  // namespace tocsin::bfd
