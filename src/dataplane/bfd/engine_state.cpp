#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/engine.hpp"

#include <limits>

namespace tocsin::bfd {

ControlOctets Engine::payload(Slot slot, bool poll, bool final) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    // What we say to ourselves has no use for intervals, RFC 9747 2.
    const bool looped = cold.key.type == SessionType::Echo;
    // D tells requests from responses; the entity that is asked is never forgotten, RFC 7880 7.3.2.
    const bool initiator = is_initiator(cold.key.type);
    return encode(
        {.diag = cold.local_diag,
         .state = cold.quiet ? SessionState::Down : hot.session_state,
         .poll = poll,
         .final = final,
         .control_plane_independent = cold.parameters.control_plane_independent,
         .demand = cold.demand || initiator,
         .detect_mult = cold.parameters.detect_mult,
         .my_discriminator = cold.local_discr,
         .your_discriminator = initiator ? Discriminator{cold.key.instance} : hot.remote_discr(),
         .desired_min_tx_interval = looped ? kSlowInterval : cold.desired_min_tx_interval,
         .required_min_rx_interval = looped ? kSlowInterval : cold.required_min_rx_interval,
         .required_min_echo_rx_interval = required_min_echo_rx(cold)});
}

/// What the next scheduled packet says. P and F are never together, RFC 5880 6.5.
ControlOctets Engine::periodic_payload(Slot slot) const noexcept {
    const SessionCold& cold = cold_[slot.value];
    return payload(slot, sends_poll(cold.poll) && !cold.owes_final, cold.owes_final);
}

/// The peer is known again, unless it was heard meanwhile.
void Engine::name_peer(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (hot.remote_discr().value != 0) return;
    SessionCold& cold = cold_[slot.value];
    cold.partings = 0;
    store_be32(&hot.last_packet[kMyDiscriminatorOffset], cold.known_remote_discr().value);
    hot.set(kPayloadStale);
}

/// A packet has left after a Down: the last of DetectMult that name the peer, RFC 7726 2.3.
void Engine::note_parting(Slot slot) noexcept {
    SessionCold& cold = cold_[slot.value];
    if (cold.partings == 0 || --cold.partings != 0) return;
    SessionHot& hot = hot_[slot.value];
    store_be32(&hot.last_packet[kMyDiscriminatorOffset], 0);
    hot.clear(kSteady);
    hot.set(kPayloadStale);
}

void Engine::set_poll(Slot slot, Poll poll, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    if (sends_poll(poll) != sends_poll(cold.poll)) hot.set(kPayloadStale);
    const bool begins = poll != cold.poll && (poll == Poll::Requested || poll == Poll::Active);
    if (begins) cold.poll_since = tick_at(now);
    if (poll == Poll::Separating) {
        cold.poll_since = tick_at(now);
        hot.clear(kSteady);  // the next packet matters even if it is the last one again
    }
    cold.poll = poll;
    hot.clear(kPollAttention);
    if (poll == Poll::Requested || poll == Poll::Separating) hot.set(kPollAttention);
}

/// The next packet differs from the last by more than P and F. Where either side is in Demand mode
/// it is told by a Poll Sequence, RFC 5880 6.6.
void Engine::content_changed(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    hot.set(kPayloadStale);
    if (hot.remote_demand_active() || cold_[slot.value].demand) want_poll(slot, now);
}

/// A parameter changed that needs a Poll Sequence.
void Engine::want_poll(Slot slot, Instant now) noexcept {
    const Poll poll = cold_[slot.value].poll;
    if (cold_[slot.value].key.type == SessionType::Echo) return;  // nobody answers
    const bool wait = poll == Poll::Idle && finals_under_way(slot, now);
    set_poll(slot, wait ? Poll::Separating : on_poll_wanted(poll), now);
}

/// Whether a Final that arrives now may answer the sequence before. Where the path is longer than
/// the interval several P are under way at once, each with its Final, and packets with F clear
/// between them separate nothing: only a round trip does (choice 2 of RFC 5880 6.8.3). The time
/// from the first P to the first Final is at least that.
bool Engine::finals_under_way(Slot slot, Instant now) const noexcept {
    const Tick left = cold_[slot.value].finals_until - tick_at(now);
    return left - 1U < kLongestRoundTrip;  // 0 and what lies back wrap
}

/// The peer has confirmed what we sent: it takes effect, RFC 5880 6.8.3.
void Engine::poll_ended(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    // In Demand mode it may have been to verify the path alone, RFC 5880 6.6: nobody need hear of
    // it.
    const bool verified = cold.silent && cold.demand &&
                          cold.tx_in_force == cold.desired_min_tx_interval &&
                          hot.rx_in_force == cold.required_min_rx_interval;
    cold.tx_in_force = cold.desired_min_tx_interval;
    hot.rx_in_force = cold.required_min_rx_interval;
    cold.silent = cold.demand;
    update_tx_interval(slot, now);
    if (!verified) raise_event(slot, EventCause::Parameters);
}

/// A change of bfd.DesiredMinTxInterval, RFC 5880 6.8.3.
void Engine::set_desired_min_tx(Slot slot, WireInterval wanted, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    const bool at_once = hot.session_state != SessionState::Up || wanted < cold.tx_in_force ||
                         cold.key.type == SessionType::Echo;
    if (at_once) cold.tx_in_force = wanted;
    if (wanted == cold.desired_min_tx_interval) return;
    cold.desired_min_tx_interval = wanted;
    hot.set(kPayloadStale);
    want_poll(slot, now);
}

/// A change of bfd.RequiredMinRxInterval. A reduction waits for the Poll Sequence while Up, 6.8.3;
/// all else takes effect at once.
void Engine::set_required_min_rx(Slot slot, WireInterval wanted, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    if (wanted == cold.required_min_rx_interval) return;
    cold.required_min_rx_interval = wanted;
    const bool at_once = hot.session_state != SessionState::Up || wanted > hot.rx_in_force ||
                         cold.key.type == SessionType::Echo;
    if (at_once) hot.rx_in_force = wanted;
    hot.set(kPayloadStale);
    want_poll(slot, now);
}

/// Demand mode of ours, RFC 5880 6.6 and 6.8: wished, and both sides Up.
void Engine::update_demand(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    const bool active = cold.parameters.demand_mode && hot.session_state == SessionState::Up &&
                        hot.remote_session_state() == SessionState::Up &&
                        cold.key.type != SessionType::Echo;
    if (active == cold.demand) return;
    cold.demand = active;
    cold.silent = cold.silent || active;
    expect_first_poll(slot, now);
    set_required_min_rx(slot, required_min_rx(slot), now);
    hot.set(kPayloadStale);
    want_poll(slot, now);
    raise_event(slot, EventCause::Parameters);
}

/// It is time to see whether a peer that sends nothing unasked is there, 6.6.
void Engine::verify_demand(Slot slot, Instant now) noexcept {
    if (cold_[slot.value].poll == Poll::Separating) {
        separated(slot, now);
    } else {
        want_poll(slot, now);
    }
    update_tx_interval(slot, now);
    watch(slot, now);
}

Status Engine::start_poll(SessionHandle session, Instant now) noexcept {
    const SessionHot* const hot = session_at(session);
    if (hot == nullptr || hot->has(kLingering)) return Status::NoSuchSession;
    if (hot->session_state != SessionState::Up) return Status::Ok;
    want_poll(session.slot, now);
    update_tx_interval(session.slot, now);
    watch(session.slot, now);
    return Status::Ok;
}

/// Whether the same packet again would change nothing.
void Engine::update_steady(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    hot.clear(kSteady);
    const SessionState state = hot.session_state;
    if (state == SessionState::AdminDown || hot.has(kLingering)) return;
    if (cold.key.type == SessionType::Echo) return;  // last_packet is not what came
    // Of an initiator the tag tells the source, as in a tunnel, but nothing the TTL.
    const bool initiator = is_initiator(cold.key.type);
    if (!initiator && on_receive(state, hot.remote_session_state()) != state) return;
    if (cold.poll == Poll::Separating) return;
    if (initiator ? cold.parameters.min_ttl > 1 : bool{cold.parameters.match_source}) return;
    if (load_be32(&hot.last_packet[kYourDiscriminatorOffset]) != cold.local_discr.value) return;
    if (hot.last_packet[kLengthOffset] != kControlPacketLength) return;  // a payload may be shorter
    if (!hot.has(kDetectArmed) && !hot.has(kTxArmed) && hot.detection_time() > Nanoseconds{0})
        return;
    // A run of these has to begin with a packet that is noted.
    if (history_.enabled() && !history_.receives(slot, hot.last_packet)) return;
    hot.set(kSteady);
}

/// A Detection Time without packets: bfd.RemoteDiscr and bfd.RemoteMinRxInterval return to their
/// initial values, RFC 5880 6.8.1 and 6.8.18; one that was known beforehand stays known.
/// bfd.RemoteSessionState stays what was last reported.
void Engine::forget_peer(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    const std::uint8_t state = hot.last_packet[kStateOffset] & 0xc0U;
    const bool known = cold_[slot.value].known_remote_discr().value != 0;
    const Discriminator remote_discr = hot.remote_discr();
    hot.last_packet = {};
    if (known) store_be32(&hot.last_packet[kMyDiscriminatorOffset], remote_discr.value);
    hot.last_packet[kStateOffset] = state;
    store_be32(&hot.last_packet[kRequiredMinRxOffset], 1);
    hot.clear(kSteady);
    hot.set(kPayloadStale);
    count_leisure(slot, kUnhurried);
    raise_event(slot, EventCause::Parameters);
}

void Engine::enter_state(Slot slot, SessionState state, Diag diag, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    SessionCold& cold = cold_[slot.value];
    const SessionState was = hot.session_state;
    hot.session_state = state;
    hot.clear(kSteady);
    cold.local_diag = diag;
    if (state == SessionState::Up && was != SessionState::Up) {
        ++cold.up_count;
        ++sessions_up_;
    } else if (was == SessionState::Up && state != SessionState::Up) {
        ++cold.down_count;
        if (cold.downs != std::numeric_limits<decltype(cold.downs)>::max()) ++cold.downs;
        cold.down_diag = diag;
        --sessions_up_;
        note_down(slot, state, diag, now);
    }
    const bool parts = state == SessionState::Down && was != SessionState::AdminDown &&
                       cold.known_remote_discr().value != 0;
    cold.partings = parts ? cold.parameters.detect_mult : std::uint8_t{0};
    cold.last_state_change = now;
    if (cold.transitions == 0) cold.first_transition = now;
    if (cold.transitions != std::numeric_limits<decltype(cold.transitions)>::max()) {
        ++cold.transitions;
    }
    raise_event(slot, EventCause::State);

    const bool up = state == SessionState::Up;
    if (state == SessionState::AdminDown) forget_congestion(slot);
    set_poll(slot, on_abandoned(cold.poll), now);
    update_demand(slot, now);
    update_echo(slot, now);
    set_desired_min_tx(slot, desired_min_tx(backed_off_tx(slot), up), now);
    set_required_min_rx(slot, required_min_rx(slot), now);
    if (!up) {                               // only Up waits for a Poll Sequence, RFC 5880 6.8.3
        if (cold.silent) hot.last_rx = now;  // the peer begins to send when it has heard of it
        cold.silent = false;
        cold.tx_in_force = cold.desired_min_tx_interval;
        hot.rx_in_force = cold.required_min_rx_interval;
        update_detection(slot, now);
    }
    content_changed(slot, now);
    hot.tx_interval =
        tx_interval_in_force(slot);  // the packet that tells of the state schedules the next
    expect_responses(slot);
    begin_window(slot, now);
}

void Engine::release(Slot slot) noexcept {
    SessionHot& hot = hot_[slot.value];
    const auto key_of = [this](Slot s) -> const SessionKey& { return cold_[s.value].key; };
    keys_.erase(cold_[slot.value].key, slot, key_of);
    if (hot.session_state == SessionState::Up) --sessions_up_;
    --sessions_;
    count_leisure(slot, kUnhurried);
    armed_ -= (hot.has(kTxArmed) ? 1U : 0U) + (hot.has(kDetectArmed) ? 1U : 0U);
    forget_echo(slot);
    const std::uint16_t queued = hot.flags & kEventPending;
    hot = SessionHot{};
    hot.flags = queued;  // still in the event queue
    cold_[slot.value] = SessionCold{};
}

/// As release(), and next_deleted() tells of it; until it has, the slot is not free.
void Engine::release_and_tell(Slot slot) noexcept {
    const Discriminator local_discr = cold_[slot.value].local_discr;
    release(slot);
    hot_[slot.value].set(kLingering);
    cold_[slot.value].local_discr = local_discr;
    cold_[slot.value].next_deleted = kNowhere.value;
    if (first_deleted_ == kNowhere) {
        first_deleted_ = slot;
    } else {
        cold_[last_deleted_.value].next_deleted = slot.value;
    }
    last_deleted_ = slot;
}

Status Engine::headers_changed(SessionHandle session, Instant now) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr) return Status::NoSuchSession;
    if (hot->has(kTxFailed) && hot->tx_interval != WireInterval{0}) {
        hot->next_tx = tick_at(now);
        arm_tx(session.slot);
    }
    return Status::Ok;
}

}  // namespace tocsin::bfd
