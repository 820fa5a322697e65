#pragma once

// Part of engine.hpp: what control asks for, RFC 5880 6.8.10 to 6.8.18.

#include "dataplane/bfd/engine.hpp"

namespace tocsin::bfd {

template <EngineSink Sink>
Status Engine::add(SessionHandle session, const SessionKey& key,
                   const SessionParameters& parameters, bool admin_down, Instant now,
                   Sink& sink) noexcept {
    const DiscriminatorCodec::Parts parts = config_.discriminators.decode(session.local_discr);
    if (session.slot.value >= hot_.size() || session.local_discr.value == 0 ||
        parts.slot != session.slot || parts.worker != config_.worker) {
        return Status::NoSuchSession;
    }
    SessionHot& hot = hot_[session.slot.value];
    if (hot.has(kInUse | kLingering)) return Status::SlotTaken;
    Slot other;
    if (parameters.key_chain > config_.key_chains) return Status::NoSuchKeyChain;
    if (wants_echo(parameters) && echo_.empty()) return Status::NoRoomForEcho;
    if (wants_congestion_control(key, parameters) && congestion_.empty()) {
        return Status::NoRoomForCongestionControl;
    }
    const bool known = keys_.find(
        key, [this](Slot s) -> const SessionKey& { return cold_[s.value].key; }, other);
    if (known && !hot_[other.value].has(kLingering)) return Status::KeyExists;
    if (wheel_room() < entries_per_session()) return Status::Busy;
    if (known) release_and_tell(other);  // its AdminDown would take the new session Down

    const std::uint16_t queued = hot.flags & kEventPending;
    hot = SessionHot{};
    hot.flags = queued;
    hot.set(kInUse | kPayloadStale);
    if (key.type == SessionType::MultiHop) hot.set(kMultiHop);
    if (parameters.passive) hot.set(kPassive);
    if (parameters.detect_mult == 1) hot.set(kDetectMultOne);
    hot.arrival = key.type == SessionType::MultiHop ? parameters.min_ttl
                                                    : static_cast<std::uint8_t>(key.port.value);
    hot.session_state = admin_down ? SessionState::AdminDown : SessionState::Down;
    store_be32(&hot.last_packet[kRequiredMinRxOffset], 1);  // bfd.RemoteMinRxInterval, 6.8.1
    hot.last_packet[kStateOffset] = static_cast<std::uint8_t>(SessionState::Down) << 6U;

    SessionCold& cold = cold_[session.slot.value];
    cold = SessionCold{};
    cold.key = key;
    cold.local_discr = session.local_discr;
    cold.parameters = parameters;
    store_be32(&hot.last_packet[kMyDiscriminatorOffset], cold.known_remote_discr().value);
    cold.desired_min_tx_interval = desired_min_tx(parameters.desired_min_tx_interval, false);
    cold.tx_in_force = cold.desired_min_tx_interval;
    if (!congestion_.empty()) congestion_[session.slot.value] = {};
    cold.required_min_rx_interval = required_min_rx(session.slot);
    hot.rx_in_force = cold.required_min_rx_interval;
    cold.local_diag = admin_down ? Diag::AdministrativelyDown : Diag::None;
    cold.last_state_change = now;
    cold.reported_state = hot.session_state;
    cold.source_event = tick_at(now - Nanoseconds{kSlowInterval});
    keys_.insert(key, session.slot);
    start_authentication(session.slot);
    if (!echo_.empty()) echo_[session.slot.value] = {};
    if (history_.enabled()) history_.clear(session.slot);
    ++sessions_;
    sink.set_payload(session.slot, payload(session.slot, false, false));

    // The first packets of many sessions that start together are spread over up to a second.
    hot.last_tx = tick_at(now);
    hot.tx_interval = tx_interval_in_force(session.slot);
    expect_responses(session.slot);
    if (hot.tx_interval != WireInterval{0}) {
        const std::uint32_t spread_us = std::min(sessions_ * 10U, kSlowInterval.count());
        const std::uint64_t us = static_cast<std::uint64_t>(spread_us) * random() >> 32U;
        hot.next_tx = tick_at(now + std::chrono::microseconds{us});
        arm_tx(session.slot);
    }
    return Status::Ok;
}

template <EngineSink Sink>
Status Engine::set_parameters(SessionHandle session, const SessionParameters& parameters,
                              Instant now, Sink& sink) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr || hot->has(kLingering)) return Status::NoSuchSession;
    const Slot slot = session.slot;
    SessionCold& cold = cold_[slot.value];
    if (cold.known_remote_discr().value != 0) name_peer(slot);
    if (cold.parameters == parameters) return Status::Ok;
    if (parameters.key_chain > config_.key_chains) return Status::NoSuchKeyChain;
    if (wants_echo(parameters) && echo_.empty()) return Status::NoRoomForEcho;
    if (wants_congestion_control(cold.key, parameters) && congestion_.empty()) {
        return Status::NoRoomForCongestionControl;
    }
    const SessionParameters was = cold.parameters;
    const ControlOctets said = payload(slot, false, false);
    ease_unmeasured(slot, now);
    cold.parameters = parameters;
    hot->clear(kPassive | kDetectMultOne | kSteady);
    if (parameters.passive) hot->set(kPassive);
    if (parameters.detect_mult == 1) hot->set(kDetectMultOne);
    if (parameters.key_chain != was.key_chain) hot->set(kPayloadStale);
    if (hot->has(kMultiHop)) hot->arrival = parameters.min_ttl;

    const bool up = hot->session_state == SessionState::Up;
    rebase_congestion(slot, was);
    set_desired_min_tx(slot, desired_min_tx(backed_off_tx(slot), up), now);
    set_required_min_rx(slot, required_min_rx(slot), now);
    update_demand(slot, now);
    update_echo(slot, now);
    const bool says_more = payload(slot, false, false) != said;
    if (says_more) content_changed(slot, now);
    // The next verification counts from now: the one before may be very long ago.
    const bool verify = was.demand_poll_interval != parameters.demand_poll_interval;
    if (verify && cold.demand) want_poll(slot, now);
    // What left at a slower rate may be under way longer than the new Detection Time.
    if (cold.key.type == SessionType::Echo) hot->last_rx = now;
    update_tx_interval(slot, now);
    update_detection(slot, now);
    if (says_more) send_content_change(slot, now, sink);
    raise_event(slot, EventCause::Parameters);
    return Status::Ok;
}

template <EngineSink Sink>
Status Engine::set_admin(SessionHandle session, bool down, Diag diag, Instant now,
                         Sink& sink) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr || hot->has(kLingering)) return Status::NoSuchSession;
    SessionCold& cold = cold_[session.slot.value];
    const bool is_down = hot->session_state == SessionState::AdminDown;
    if (down && !is_down) {
        change_state(session.slot, SessionState::AdminDown, diag, now, sink);
    } else if (down && cold.local_diag != diag) {
        cold.local_diag = diag;
        hot->set(kPayloadStale);
        send_content_change(session.slot, now, sink);
        raise_event(session.slot, EventCause::Parameters);
    } else if (!down && is_down) {
        change_state(session.slot, SessionState::Down, cold.local_diag, now, sink);
    }
    return Status::Ok;
}

template <EngineSink Sink>
Status Engine::signal_path_down(SessionHandle session, Diag diag, Instant now,
                                Sink& sink) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr || hot->has(kLingering)) return Status::NoSuchSession;
    if (hot->session_state == SessionState::Up || hot->session_state == SessionState::Init) {
        change_state(session.slot, SessionState::Down, diag, now, sink);
    }
    return Status::Ok;
}

template <EngineSink Sink>
Status Engine::set_concatenated_diag(SessionHandle session, Diag diag, Instant now,
                                     Sink& sink) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr || hot->has(kLingering)) return Status::NoSuchSession;
    SessionCold& cold = cold_[session.slot.value];
    const bool allowed = diag == Diag::None || diag == Diag::ConcatenatedPathDown ||
                         diag == Diag::ReverseConcatenatedPathDown;
    if (!allowed || hot->session_state != SessionState::Up || cold.local_diag == diag) {
        return Status::Ok;
    }
    cold.local_diag = diag;
    content_changed(session.slot, now);
    update_tx_interval(session.slot, now);
    send_content_change(session.slot, now, sink);
    raise_event(session.slot, EventCause::Parameters);
    return Status::Ok;
}

template <EngineSink Sink>
Status Engine::remove(SessionHandle session, bool immediate, Instant now, Sink& sink) noexcept {
    SessionHot* const hot = session_at(session);
    if (hot == nullptr) return Status::NoSuchSession;
    const Slot slot = session.slot;
    SessionCold& cold = cold_[slot.value];
    if (hot->has(kLingering)) {
        if (immediate) release(slot);
        return Status::Ok;
    }
    hot->set(kLingering);
    if (immediate) {
        release(slot);
        return Status::Ok;
    }
    // What the peer waits before it gives up by itself, and what it will wait once it has heard of
    // AdminDown and of the slow interval that goes with it.
    // Nothing periodic leaves to a peer in Demand mode, but AdminDown ends that.
    const bool silent = (hot->tx_interval == WireInterval{0} && !hot->remote_demand_active()) ||
                        cold.key.type == SessionType::Echo || is_initiator(cold.key.type);
    const Nanoseconds heard_by = std::min(
        cold.parameters.detect_mult * Nanoseconds{hot->tx_interval}, Nanoseconds{kLongestHeardBy});
    const Nanoseconds slow =
        cold.parameters.detect_mult * Nanoseconds{std::max(kSlowInterval, hot->tx_interval)};
    cold.linger = {
        .until = tick_after(now + std::max(heard_by, std::min(slow, Nanoseconds{kLongestLinger}))),
        .at_least = tick_after(now + heard_by)};
    // The ingress of an LSP says Down, DetectMult times whatever the egress answers: that removes
    // its session without a failure, RFC 7726 2.3.
    cold.quiet = cold.key.type == SessionType::Mpls && cold.known_remote_discr().value == 0 &&
                 hot->session_state != SessionState::AdminDown;
    if (cold.quiet) cold.linger.at_least = cold.linger.until;
    // Nobody to tell: not allowed to send, or no peer was ever heard.
    if (silent || hot->remote_discr().value == 0) cold.linger.until = tick_at(now);
    if (hot->session_state != SessionState::AdminDown) {
        change_state(slot, SessionState::AdminDown, Diag::AdministrativelyDown, now, sink);
    } else {
        send_between(slot, now, sink);
    }
    if (hot->has(kDetectArmed)) --armed_;
    hot->clear(kDetectArmed);
    arm_detection_at(slot, cold.linger.until);
    return Status::Ok;
}

}  // namespace tocsin::bfd
