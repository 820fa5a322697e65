#include "dataplane/bfd/engine.hpp"

#include <algorithm>

namespace tocsin::bfd {

/// While Echo is active, control packets need not come often, RFC 5880 6.8.3; not at all in Demand
/// mode, RFC 9747 3. What is looped comes as we send it.
WireInterval Engine::required_min_rx(Slot slot) const noexcept {
    const SessionCold& cold = cold_[slot.value];
    if (cold.key.type == SessionType::Echo) return cold.desired_min_tx_interval;
    if (is_initiator(cold.key.type)) return WireInterval{0};  // RFC 7880 7.3.2
    const WireInterval wanted = backed_off_rx(slot);
    const bool sedate = cold.echo && !cold.demand && wanted > WireInterval{0};
    return sedate ? std::max(wanted, kSlowInterval) : wanted;
}

/// Nothing is looped over several hops, RFC 5883 3, nor for ourselves.
WireInterval Engine::required_min_echo_rx(const SessionCold& cold) noexcept {
    return cold.key.type == SessionType::SingleHop ? cold.parameters.required_min_echo_rx_interval
                                                   : WireInterval{0};
}

/// The interval of our Echo packets by RFC 5880 6.8.9; 0 when none may be sent.
WireInterval Engine::echo_interval(Slot slot) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    const WireInterval allowed = hot.remote_min_echo_rx_interval();
    const bool may = hot.session_state == SessionState::Up && allowed > WireInterval{0} &&
                     cold.key.type == SessionType::SingleHop && !hot.has(kLingering);
    if (!may || !wants_echo(cold.parameters)) return WireInterval{0};
    return std::max(cold.parameters.desired_min_echo_tx_interval, allowed);
}

void Engine::update_echo(Slot slot, Instant now) noexcept {
    if (echo_.empty()) return;
    SessionEcho& echo = echo_[slot.value];
    const WireInterval interval = echo_interval(slot);
    if (interval == echo.interval) return;
    SessionCold& cold = cold_[slot.value];
    const bool begins = echo.interval == WireInterval{0};
    const Tick before = echo.next_tx;
    const bool slower = interval > echo.interval;
    echo.interval = interval;
    cold.echo = interval != WireInterval{0};
    if (begins) {
        // What an earlier run has on its way is not waited for, and does not count as returned.
        const std::uint64_t own = secret_ ^ cold.local_discr.value;
        echo.tx_sequence = static_cast<std::uint32_t>(fold(own, std::uint64_t{random()} | 1U));
        echo.rx_sequence = echo.tx_sequence;
        echo.next_tx = tick_at(now + Nanoseconds{interval} * (random() >> 16U) / 65536);
    } else if (cold.echo) {
        const Nanoseconds gap = jittered(interval, hot_[slot.value].has(kDetectMultOne), random());
        echo.next_tx = tick_at(now + gap);
        if (!slower && earlier(before, echo.next_tx)) echo.next_tx = before;
    }
    if (cold.echo) arm_echo(slot);
    set_required_min_rx(slot, required_min_rx(slot), now);
    raise_event(slot, EventCause::Parameters);
}

/// As arm_tx().
void Engine::arm_echo(Slot slot) noexcept {
    SessionEcho& echo = echo_[slot.value];
    if (earlier(echo.next_tx, wheel_.earliest())) echo.next_tx = wheel_.earliest();
    if (echo.armed) {
        if (!earlier(echo.next_tx, echo.armed_at)) return;
        if (!may_move_earlier(hot_[slot.value])) return;
    } else {
        echo.armed = true;
        ++armed_;
    }
    echo.armed_at = wheel_.insert(echo.next_tx, slot.value | kEchoEntry);
}

void Engine::forget_echo(Slot slot) noexcept {
    if (echo_.empty()) return;
    if (echo_[slot.value].armed) --armed_;
    echo_[slot.value] = {};
}

/// Cheap checks first: only what may be the packet that is waited for costs a digest.
DropReason Engine::on_echo(const ReceivedPacket& packet, Instant now) noexcept {
    const std::span<const std::uint8_t> payload{packet.payload, packet.payload_length};
    if (echo_.empty() || !looks_like_echo(payload)) return DropReason::EchoNotOurs;
    const EchoPacket sent = decode_echo(payload, config_.echo_secret);
    const DiscriminatorCodec::Parts parts = config_.discriminators.decode(sent.local_discr);
    if (parts.worker != config_.worker) return DropReason::EchoNotOurs;
    const SessionHot* const hot = session_at({parts.slot, sent.local_discr});
    if (hot == nullptr) return DropReason::EchoNotOurs;
    const SessionKey& key = cold_[parts.slot.value].key;
    if (key.type != SessionType::SingleHop || key.family != packet.family ||
        key.domain != packet.domain) {
        return note_echo(parts.slot, packet, DropReason::SessionType, now);
    }
    if (key.port != packet.port) return note_echo(parts.slot, packet, DropReason::WrongPort, now);
    if (packet.ttl < kLoopedOnceTtl) return note_echo(parts.slot, packet, DropReason::EchoTtl, now);
    SessionEcho& echo = echo_[parts.slot.value];
    if (echo.interval == WireInterval{0})
        return note_echo(parts.slot, packet, DropReason::EchoInactive, now);
    const std::uint32_t outstanding = echo.tx_sequence - echo.rx_sequence;
    if (echo.tx_sequence - sent.sequence >= outstanding)
        return note_echo(parts.slot, packet, DropReason::EchoSequence, now);
    if (!echo_is_ours(payload, config_.echo_secret))
        return note_echo(parts.slot, packet, DropReason::EchoForged, now);
    echo.rx_sequence = sent.sequence;
    ++echo.rx_packets;
    echo.round_trip.record(now - sent.departure);
    return note_echo(parts.slot, packet, DropReason::None, now);
}

void Engine::fill_echo(Slot slot, SessionSnapshot& out) const noexcept {
    out.remote_min_echo_rx_interval = hot_[slot.value].remote_min_echo_rx_interval();
    const SessionEcho echo = echo_.empty() ? SessionEcho{} : echo_[slot.value];
    out.echo_tx_interval = echo.interval;
    out.echo_tx_packets = echo.tx_packets;
    out.echo_rx_packets = echo.rx_packets;
    out.echo_round_trip = echo.round_trip;
}

}  // namespace tocsin::bfd
