#pragma once

// Part of engine.hpp: periodic transmission and detection, RFC 5880 6.8.4 and 6.8.7.

#include "dataplane/bfd/engine.hpp"

namespace tocsin::bfd {

/// The one way into another state: variables, timers, counters, event, and the packet that tells
/// the peer at once (6.8.7).
template <EngineSink Sink>
void Engine::change_state(Slot slot, SessionState state, Diag diag, Instant now,
                          Sink& sink) noexcept {
    const SessionState was = hot_[slot.value].session_state;
    enter_state(slot, state, diag, now);
    sink.state_changed(slot, was, state);
    send_between(slot, now, sink);
}

/// A packet off the schedule that tells of a change, 6.8.7. It never carries P: a Poll Sequence
/// uses scheduled packets only (6.5). The next periodic packet counts from it.
template <EngineSink Sink>
void Engine::send_between(Slot slot, Instant now, Sink& sink) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (hot.tx_interval == WireInterval{0}) return;  // passive without a peer, or asked not to send
    if (initiates(slot)) return reschedule(slot, now);
    hot.set(kExtraSent);
    const ControlOctets octets = payload(slot, false, false);
    note_sending(slot, octets, now);
    const SignedPacket packet = outgoing(slot, octets);
    if (packet.length != 0 && sink.transmit_once(slot, packet.span())) {
        hot.clear(kTxFailed);
        if (++hot.tx_packets == 0) on_extra_turn(slot);
        note_parting(slot);
    } else {
        hot.set(kTxFailed);
        note_not_sent(slot, now);
    }
    schedule_from(slot, tick_at(now));
}

/// The contents changed but not the state: at most one such packet in an interval, and none that
/// would have to carry P.
template <EngineSink Sink>
void Engine::send_content_change(Slot slot, Instant now, Sink& sink) noexcept {
    SessionHot& hot = hot_[slot.value];
    const Poll poll = cold_[slot.value].poll;
    if (hot.has(kExtraSent) || poll == Poll::Active || poll == Poll::ActiveAgain) return;
    if (hot.tx_interval == WireInterval{0}) return;
    const Tick next = hot.next_tx;
    send_between(slot, now, sink);
    // Not later than it was scheduled anyway: this packet is an addition.
    if (earlier(next, hot.next_tx)) {
        hot.next_tx = next;
        arm_tx(slot);
    }
}

inline std::uint32_t Engine::random() noexcept {  // xorshift64*
    random_state_ ^= random_state_ >> 12U;
    random_state_ ^= random_state_ << 25U;
    random_state_ ^= random_state_ >> 27U;
    return static_cast<std::uint32_t>((random_state_ * 0x2545f4914f6cdd1dU) >> 32U);
}

template <EngineSink Sink>
[[gnu::always_inline]] inline void Engine::on_tx_entry(Slot slot, Tick tick, Instant now,
                                                       Sink& sink) noexcept {
    SessionHot& hot = hot_[slot.value];
    constexpr std::uint16_t kSpecial = kTxArmed | kPollAttention | kPayloadStale | kTxFailed;
    const bool usual = (hot.flags & kSpecial) == kTxArmed && hot.tx_armed == tick &&
                       hot.next_tx == tick && hot.tx_interval != WireInterval{0};
    if (!usual) [[unlikely]]
        return on_tx_entry_slow(slot, tick, now, sink);
    static_cast<void>(send_periodic(slot, tick, now, true, sink));
}

/// The packet that is due, and the next one drawn. False: it could not leave.
template <EngineSink Sink>
[[gnu::always_inline]] inline bool Engine::send_periodic(Slot slot, Tick tick, Instant now,
                                                         bool may_leave, Sink& sink) noexcept {
    SessionHot& hot = hot_[slot.value];
    const bool sent = may_leave && sink.transmit(slot);
    if (!sent) [[unlikely]] {
        hot.set(kTxFailed);
        note_not_sent(slot, now);
    } else if (++hot.tx_packets == 0) [[unlikely]] {
        on_periodic_turn(slot, now);
    }
    sink.late_tx(since(tick, now));
    hot.clear(kExtraSent | kEarlyMoves);
    hot.last_tx = tick_at(now);
    Nanoseconds gap = jittered(hot.tx_interval, hot.has(kDetectMultOne), random());
    hot.next_tx = tick_at(now + gap);
    if (extras_ != 0) {
        if ((extras_ & kGathers) != 0) {
            gather(hot);
            gap = (hot.next_tx - hot.last_tx) * kTickLength;
        }
        if ((extras_ & kWatches) != 0) watch_runs(slot, since(tick, now), now);
    }
    hot.tx_armed = wheel_.insert(hot.next_tx, slot.value);
    if (earlier(hot.next_tx, hot.tx_armed)) [[unlikely]]
        hot.next_tx = hot.tx_armed;  // interval below one tick
    cover_detection(slot, now, gap);
    return sent;
}

/// What a run in progress does not tell by itself: a departure that was late, a gap in what
/// arrives.
inline void Engine::watch_runs(Slot slot, Nanoseconds late, Instant now) noexcept {
    if (late > kLateDeparture) [[unlikely]]
        note_late(slot, late);
    watch_silence(slot, now);
}

/// A packet is missing: the next one is not passed over, so that its instant is noted.
inline void Engine::watch_silence(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    const Nanoseconds agreed = std::max(hot.rx_in_force, hot.remote_desired_min_tx_interval());
    if (extras_ >= kWatches && now - hot.last_rx > agreed + agreed / 2) [[unlikely]]
        hot.clear(kSteady);
}

/// The transmit entry that stood in for one of detection has fired, the next one does so in `gap`.
inline void Engine::cover_detection(Slot slot, Instant now, Nanoseconds gap) noexcept {
    const SessionHot& hot = hot_[slot.value];
    const Nanoseconds detection = hot.detection_time();
    const Nanoseconds left = hot.last_rx + detection - now;
    if (left > gap + kTickLength || detection <= Nanoseconds{0}) [[likely]]
        return;
    watch(slot, now);
}

/// Everything but a packet that leaves as the one before.
template <EngineSink Sink>
[[gnu::noinline]] void Engine::on_tx_entry_slow(Slot slot, Tick tick, Instant now,
                                                Sink& sink) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (!hot.has(kTxArmed) || hot.tx_armed != tick) return;  // left behind by an earlier move
    hot.clear(kEarlyMoves);
    if (hot.tx_interval == WireInterval{0}) {
        hot.clear(kTxArmed);
        --armed_;
        return cover_detection(slot, now, kLongestWait);
    }
    if (earlier(tick, hot.next_tx)) {
        hot.tx_armed = wheel_.insert(hot.next_tx, slot.value);
        return cover_detection(slot, now, kLongestWait);
    }
    if (hot.has(kPollAttention)) {
        SessionCold& cold = cold_[slot.value];
        // No packet with F clear for a second: the peer sends none, do not wait for ever.
        if (cold.poll == Poll::Separating) separated(slot, now);
    }
    bool may_leave = true;
    const bool final = cold_[slot.value].owes_final;
    if (hot.has(kPayloadStale)) {
        const SessionCold& cold = cold_[slot.value];
        const SignedPacket packet = outgoing(slot, periodic_payload(slot));
        // What is signed is signed anew each time; what is counted comes here each time.
        if (cold.parameters.key_chain == 0 && cold.partings == 0) hot.clear(kPayloadStale);
        may_leave = packet.length != 0;
        if (may_leave) sink.set_payload(slot, packet.span());
    }
    hot.clear(kTxFailed);
    if (history_.enabled()) note_periodic(slot, now);
    const bool polls =
        hot.has(kPollAttention) && cold_[slot.value].poll == Poll::Requested && !final;
    // Where there was no entry at next_tx itself, this one is late.
    const bool left = send_periodic(slot, hot.next_tx, now, may_leave, sink);
    if (left && polls) set_poll(slot, Poll::Active, now);  // a Final answers only what has left
    if (final) {
        cold_[slot.value].owes_final = !left;
        hot.set(kPayloadStale);  // the next one has no F
    }
    if (left) note_parting(slot);
}

/// A packet of the peer that arrives now, with F clear, would have allowed the next sequence; it
/// may send none, so that nobody waits for ever.
inline void Engine::separated(Slot slot, Instant now) noexcept {
    const SessionCold& cold = cold_[slot.value];
    if (finals_under_way(slot, now)) return;
    if (since(cold.poll_since, now) < Nanoseconds{kSlowInterval}) return;
    set_poll(slot, on_final_clear(cold.poll), now);
}

template <EngineSink Sink>
void Engine::on_detect_entry(Slot slot, Tick tick, Instant now, Nanoseconds loop_gap,
                             Sink& sink) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    if (!hot.has(kDetectArmed) || hot.detect_armed != tick) return;
    hot.clear(kDetectArmed | kEarlyMoves);
    --armed_;
    if (hot.has(kLingering)) {
        if (earlier(tick_at(now), cold.linger.until)) {
            return arm_detection_at(slot, cold.linger.until);
        }
        return release_and_tell(slot);
    }
    if (ease_unmeasured(slot, now)) update_tx_interval(slot, now);
    const Instant deadline = this->deadline(slot, now);
    if (deadline == kNever) return;
    if (now < deadline) {
        watch_silence(slot, now);
        return arm_detection(slot, deadline, deadline - now);
    }
    if (cold.silent && (cold.poll == Poll::Idle || cold.poll == Poll::Separating)) {
        return verify_demand(slot, now);
    }
    const Nanoseconds detection = detection_time(slot);
    if constexpr (requires { sink.missing(now); }) {
        if (const Nanoseconds missing = sink.missing(now); missing > Nanoseconds{0}) {
            const Nanoseconds pause = std::min({missing, detection / 4, kLongestPause});
            return arm_detection(slot, now + pause, pause);
        }
    }

    judge_failure(slot);
    forget_peer(slot);
    if (hot.session_state == SessionState::Init || hot.session_state == SessionState::Up) {
        sink.late_detection(now - deadline);
        cold.loop_gap_us =
            static_cast<std::uint32_t>(std::min<std::int64_t>(loop_gap.count() / 1000, UINT32_MAX));
        const bool looped = cold.key.type == SessionType::Echo;
        change_state(slot, SessionState::Down,
                     looped ? Diag::EchoFunctionFailed : Diag::ControlDetectionTimeExpired, now,
                     sink);
    } else {
        update_tx_interval(slot, now);
    }
}

/// The same gap is told of for several turns, and grows meanwhile when it is another worker's.
inline void Engine::note_standstill(Nanoseconds loop_gap) noexcept {
    const auto ticks = [](Nanoseconds gap) noexcept {
        return static_cast<std::uint32_t>((gap + kTickLength - Nanoseconds{1}) / kTickLength);
    };
    if (loop_gap > last_gap_) {
        stalled_ += ticks(loop_gap) - ticks(last_gap_);
    } else if (loop_gap < last_gap_) {  // another one
        stalled_ += ticks(loop_gap);
    }
    last_gap_ = loop_gap;
}

template <EngineSink Sink>
bool Engine::advance(Instant now, Nanoseconds loop_gap, std::uint32_t budget, Sink& sink) noexcept {
    note_standstill(loop_gap);
    while (now - advanced_to_ > kLongestStep) [[unlikely]] {
            if (!advance_step(advanced_to_ + kLongestStep, loop_gap, budget, sink)) return false;
            advanced_to_ += kLongestStep;
        }
    if (!advance_step(now, loop_gap, budget, sink)) return false;
    advanced_to_ = now;
    return true;
}

template <EngineSink Sink>
bool Engine::advance_step(Instant now, Nanoseconds loop_gap, std::uint32_t budget,
                          Sink& sink) noexcept {
    const auto ahead = [&](std::uint32_t entry) noexcept {
        const Slot slot{entry & kSlotMask};
        __builtin_prefetch(&hot_[slot.value], 1);
        if constexpr (requires { sink.prefetch(slot); }) {
            if ((entry & ~kSlotMask) == 0) sink.prefetch(slot);
        }
    };
    return wheel_.advance(tick_at(now), budget, ahead,
                          [&](std::uint32_t entry, Tick tick) noexcept {
                              const Slot slot{entry & kSlotMask};
                              if ((entry & ~kSlotMask) == 0) {
                                  on_tx_entry(slot, tick, now, sink);
                              } else if ((entry & kDetectEntry) != 0) {
                                  on_detect_entry(slot, tick, now, loop_gap, sink);
                              } else {
                                  on_echo_entry(slot, tick, now, loop_gap, sink);
                              }
                          });
}

}  // namespace tocsin::bfd
