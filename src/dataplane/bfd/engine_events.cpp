#include "dataplane/bfd/engine.hpp"

namespace tocsin::bfd {

void Engine::raise_event(Slot slot, EventCause cause) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (hot.has(kLingering)) return;
    SessionCold& cold = cold_[slot.value];
    cold.causes |= static_cast<std::uint8_t>(cause) & 0xfU;
    if (hot.has(kEventPending)) return;
    hot.set(kEventPending);
    events_.push(slot);
}

Status Engine::snapshot(SessionHandle session, SessionSnapshot& out) const noexcept {
    if (session.slot.value >= hot_.size() || !hot_[session.slot.value].has(kInUse) ||
        cold_[session.slot.value].local_discr != session.local_discr) {
        return Status::NoSuchSession;
    }
    fill(session.slot, out);
    return Status::Ok;
}

void Engine::fill(Slot slot, SessionSnapshot& out) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    out.session = {slot, cold.local_discr};
    out.session_state = hot.session_state;
    out.remote_session_state = hot.remote_session_state();
    out.local_diag = cold.local_diag;
    out.remote_diag = static_cast<Diag>(hot.last_packet[0] & 0x1fU);
    const bool initiator = is_initiator(cold.key.type);
    out.remote_discr = initiator ? Discriminator{cold.key.instance} : hot.remote_discr();
    out.desired_min_tx_interval = cold.desired_min_tx_interval;
    out.required_min_rx_interval = cold.required_min_rx_interval;
    out.remote_min_rx_interval = hot.remote_min_rx_interval();
    out.remote_desired_min_tx_interval = hot.remote_desired_min_tx_interval();
    out.tx_interval = hot.tx_interval;
    out.detection_time = detection_time(slot);
    out.detect_mult = cold.parameters.detect_mult;
    out.remote_detect_mult = hot.remote_detect_mult();
    out.demand_mode = cold.demand || initiator;
    out.verified_by_poll = cold.silent;
    out.remote_demand_mode = hot.remote_demand_mode();
    out.remote_control_plane_independent =
        (hot.last_packet[kStateOffset] & kControlPlaneIndependentBit) != 0;
    out.poll_in_progress = sends_poll(cold.poll) || cold.poll == Poll::Separating;
    out.rx_packets = (std::uint64_t{cold.rx_packets} << 8U) + hot.rx_packets;
    out.tx_packets = packets_sent(slot);
    out.up_count = cold.up_count;
    out.down_count = cold.down_count;
    out.last_rx = hot.last_rx;
    out.last_state_change = cold.last_state_change;
    fill_auth(slot, out);
    fill_echo(slot, out);
    fill_congestion(slot, out);
}

bool Engine::next_event(SessionEvent& out) noexcept {
    while (!events_.empty()) {
        const Slot slot = events_.pop();
        SessionHot& hot = hot_[slot.value];
        SessionCold& cold = cold_[slot.value];
        hot.clear(kEventPending);
        if (!hot.has(kInUse) || cold.causes == 0) continue;  // the slot was given up meanwhile
        fill(slot, out.now);
        out.reported_state = cold.reported_state;
        out.causes = cold.causes;
        out.transitions = cold.transitions;
        out.downs = cold.downs;
        out.down_diag = cold.down_diag;
        out.first_at = cold.first_transition;
        out.last_at = cold.last_state_change;
        out.loop_gap = std::chrono::microseconds{cold.loop_gap_us};
        out.evidence =
            cold.transitions == 0 ? DownEvidence{} : evidence(slot, cold.first_transition);
        out.source = {};
        if (!hot.has(kLingering) && cold.source != kNoAddress) {
            out.source.family = cold.key.family;
            out.source.octets = cold.source;
        }
        cold.reported_state = hot.session_state;
        cold.causes = 0;
        cold.transitions = 0;
        cold.downs = 0;
        cold.down_diag = Diag::None;
        cold.loop_gap_us = 0;
        return true;
    }
    return false;
}

bool Engine::next_deleted(SessionHandle& out) noexcept {
    if (first_deleted_ == kNowhere) return false;
    const Slot slot = first_deleted_;
    SessionCold& cold = cold_[slot.value];
    out = {slot, cold.local_discr};
    first_deleted_ = Slot{cold.next_deleted};
    hot_[slot.value].clear(kLingering);
    cold = SessionCold{};
    return true;
}

}  // namespace tocsin::bfd
