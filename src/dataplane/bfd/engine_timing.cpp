#include "dataplane/bfd/engine.hpp"

#include <algorithm>

namespace tocsin::bfd {

/// RFC 5880 6.8.7, the three cases in which nothing periodic is sent.
bool Engine::may_send_periodic(const SessionHot& hot, const SessionCold& cold) const noexcept {
    if (cold.key.type == SessionType::Echo) return hot.session_state != SessionState::AdminDown;
    // A reflector keeps no state: there is nobody to tell of AdminDown.
    const bool disabled = hot.session_state == SessionState::AdminDown;
    if (is_initiator(cold.key.type) && disabled) return false;
    if (hot.has(kPassive) && hot.remote_discr().value == 0) return false;
    if (hot.remote_min_rx_interval() == WireInterval{0}) return false;
    return !hot.remote_demand_active() || sends_poll(cold.poll);
}

/// Draws the gap after a packet that left at `sent`.
void Engine::schedule_from(Slot slot, Tick sent) noexcept {
    SessionHot& hot = hot_[slot.value];
    hot.last_tx = sent;
    const Nanoseconds gap = jittered(hot.tx_interval, hot.has(kDetectMultOne), random());
    hot.next_tx = sent + static_cast<Tick>(gap / kTickLength);
    if (config_.gather) gather(hot);
    arm_tx(slot);
}

/// Entries that the wheel can take beyond those that the sessions that there are may always add.
std::uint32_t Engine::wheel_room() const noexcept {
    const std::uint32_t promised = entries_per_session() * sessions_ - armed_;
    const std::uint32_t taken = wheel_.size() + promised;
    return taken < wheel_.capacity() ? wheel_.capacity() - taken : 0;
}

/// An entry that is moved to an earlier tick leaves one behind that is dropped when its tick comes.
/// Each session may do so seven times until one of its own entries fires, while there is room.
bool Engine::may_move_earlier(SessionHot& hot) noexcept {
    if ((hot.flags & kEarlyMoves) == kEarlyMoves || wheel_room() == 0) return false;
    hot.flags = static_cast<std::uint16_t>(hot.flags + kOneEarlyMove);
    return true;
}

/// Sees to it that an entry fires at next_tx or before; one that fires before is put off then.
void Engine::arm_tx(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (hot.has(kTxArmed)) {
        if (earlier(hot.next_tx, wheel_.earliest())) hot.next_tx = wheel_.earliest();
        if (!earlier(hot.next_tx, hot.tx_armed) || !may_move_earlier(hot)) return;
    } else {
        hot.set(kTxArmed);
        ++armed_;
    }
    hot.tx_armed = wheel_.insert(hot.next_tx, slot.value);
    if (earlier(hot.next_tx, hot.tx_armed)) hot.next_tx = hot.tx_armed;  // already past
}

/// Sees to it that an entry fires at `deadline` or before. `wait` is roughly how far away that is:
/// what lies beyond the order of ticks is looked at again at the wheel's horizon. A packet to be
/// sent before then is such an entry: cover_detection() looks at the deadline again when it leaves.
/// In the steady state there is therefore no other.
void Engine::arm_detection(Slot slot, Instant deadline, Nanoseconds wait) noexcept {
    arm_detection_at(slot, wait < std::chrono::hours{30} ? tick_after(deadline) : wheel_.horizon());
}

void Engine::arm_detection_at(Slot slot, Tick tick) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (earlier(tick, wheel_.earliest())) tick = wheel_.earliest();
    if (hot.has(kTxArmed) && earlier(hot.tx_armed, tick) && !hot.has(kLingering)) return;
    if (hot.has(kDetectArmed)) {
        if (!earlier(tick, hot.detect_armed) || !may_move_earlier(hot)) return;
    } else {
        hot.set(kDetectArmed);
        ++armed_;
    }
    hot.detect_armed = wheel_.insert(tick, slot.value | kDetectEntry);
}

/// In Demand mode by what we send, since only what we ask for is answered, RFC 5880 6.8.4.
Nanoseconds Engine::detection_time(Slot slot) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    if (!cold.silent) return hot.detection_time();
    const WireInterval agreed =
        std::max(cold.desired_min_tx_interval, hot.remote_min_rx_interval());
    return cold.parameters.detect_mult * Nanoseconds{agreed};
}

/// When the session is to be looked at if nothing is received until then; kNever: not at all.
Instant Engine::deadline(Slot slot, Instant now) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    const Nanoseconds detection = detection_time(slot);
    if (!cold.silent) return detection > Nanoseconds{0} ? hot.last_rx + detection : kNever;
    const Instant began = now - since(cold.poll_since, now);
    switch (cold.poll) {
        case Poll::Idle: {
            const WireInterval pause = cold.parameters.demand_poll_interval;
            return pause > WireInterval{0} ? began + pause : kNever;
        }
        case Poll::Requested:  // a P that cannot leave must not keep the session Up
            return began + detection + hot.tx_interval;
        case Poll::Separating: {
            const Nanoseconds finals =
                finals_under_way(slot, now)
                    ? (cold.finals_until - tick_at(now)) * kTickLength + kTickLength
                    : Nanoseconds{0};
            return std::max(began + kSlowInterval, now + finals);
        }
        default:
            return began + detection;
    }
}

/// A P that has not left yet is due by the interval that holds now: what it was wanted under does
/// not count, or an interval that gets shorter would end the session at once.
void Engine::expect_first_poll(Slot slot, Instant now) noexcept {
    SessionCold& cold = cold_[slot.value];
    if (cold.poll == Poll::Requested) cold.poll_since = tick_at(now);
}

/// The transmit interval in force, RFC 5880 6.8.2 and 6.8.3; 0 when nothing periodic may be sent.
WireInterval Engine::tx_interval_in_force(Slot slot) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    if (!may_send_periodic(hot, cold)) return WireInterval{0};
    return std::max(cold.tx_in_force, hot.remote_min_rx_interval());
}

/// Follows a change of the transmit interval: the next packet moves with it, counted from the last
/// one.
void Engine::update_tx_interval(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    const WireInterval interval = tx_interval_in_force(slot);
    if (interval == hot.tx_interval) return;
    const bool resumed = hot.tx_interval == WireInterval{0};
    hot.tx_interval = interval;
    begin_window(slot, now);
    expect_first_poll(slot, now);
    if (interval == WireInterval{0}) return note_pause(slot, now);  // the entry ends by itself
    // Ticks wrap: a silence of many hours must not look like a departure in the future.
    if (resumed && since(hot.last_tx, now) > interval) hot.last_tx = tick_at(now - interval);
    schedule_from(slot, hot.last_tx);
}

void Engine::update_detection(Slot slot, Instant now) noexcept {
    expect_responses(slot);
    update_window(slot, now);
    if (!hot_[slot.value].has(kLingering)) watch(slot, now);
    const Nanoseconds detection = detection_time(slot);
    count_leisure(slot, detection > Nanoseconds{0} ? bfd::leisure(detection) : kUnhurried);
}

/// Sees to it that the session is looked at when its deadline has come.
void Engine::watch(Slot slot, Instant now) noexcept {
    const Instant at = deadline(slot, now);
    if (at != kNever) arm_detection(slot, at, at - now);
}

void Engine::count_leisure(Slot slot, unsigned now) noexcept {
    SessionCold& cold = cold_[slot.value];
    if (cold.leisure == now) return;
    if (cold.leisure != kUnhurried) --by_leisure_[cold.leisure];
    if (now != kUnhurried) ++by_leisure_[now];
    cold.leisure = static_cast<std::uint8_t>(now) & 0xfU;
}

unsigned Engine::leisure() const noexcept {
    for (unsigned i = 0; i < kMostLeisure; ++i) {
        if (by_leisure_[i] != 0) return i;
    }
    return by_leisure_[kMostLeisure] != 0 ? kMostLeisure : 0;
}

Instant Engine::next_due(Instant limit) const noexcept {
    limit = std::min(limit, advanced_to_ + kLongestStep);
    const Tick beyond = tick_at(limit) + 1;
    const Tick due = wheel_.next_due(beyond);
    return due == beyond ? limit : limit - since(due, limit);
}

}  // namespace tocsin::bfd
