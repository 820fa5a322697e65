#include "dataplane/bfd/engine.hpp"

#include <cstring>

namespace tocsin::bfd {

namespace {

ControlOctets first_octets(const ReceivedPacket& packet) noexcept {
    ControlOctets out;
    std::memcpy(out.data(), packet.payload, out.size());
    return out;
}

}  // namespace

PacketTotals Engine::totals(Slot slot, Instant now) const noexcept {
    const SessionHot& hot = hot_[slot.value];
    const SessionCold& cold = cold_[slot.value];
    return {.rx = (std::uint64_t{cold.rx_packets} << 8U) + hot.rx_packets,
            .tx = packets_sent(slot),
            .last_rx = hot.last_rx,
            .last_tx = now - since(hot.last_tx, now)};
}

void Engine::note_accepted(Slot slot, const ReceivedPacket& packet, Instant now) noexcept {
    history_.accepted(slot, first_octets(packet), totals(slot, now), now);
}

DropReason Engine::note_dropped(Slot slot, const ReceivedPacket& packet, DropReason reason,
                                Instant now) noexcept {
    if (!history_.enabled()) return reason;
    // These count as heard: the run of accepted packets would seem to go on.
    if (reason == DropReason::AdminDown) history_.end_received_run(slot, totals(slot, now));
    history_.dropped(slot, first_octets(packet), reason, now);
    return reason;
}

void Engine::note_sending(Slot slot, const ControlOctets& octets, Instant now) noexcept {
    if (history_.enabled()) history_.sending(slot, octets, totals(slot, now), now);
}

void Engine::note_periodic(Slot slot, Instant now) noexcept {
    note_sending(slot, periodic_payload(slot), now);
}

void Engine::note_not_sent(Slot slot, Instant now) noexcept {
    if (!history_.enabled()) return;
    const ControlOctets octets = periodic_payload(slot);
    history_.not_sent(slot, octets, totals(slot, now), now);
}

void Engine::note_once(Slot slot, const ControlOctets& octets, bool left, Instant now) noexcept {
    if (!history_.enabled()) return;
    if (left) {
        history_.sent_once(slot, octets, now);
    } else {
        history_.not_sent(slot, octets, totals(slot, now), now);
        hot_[slot.value].set(kPayloadStale);  // that ended the run: the next one has to begin
    }
}

DropReason Engine::note_echo(Slot slot, const ReceivedPacket& packet, DropReason reason,
                             Instant now) noexcept {
    if (history_.enabled()) {
        history_.echo(slot, first_octets(packet), false, true, reason, now);
    }
    return reason;
}

void Engine::note_echo_sent(Slot slot, const EchoOctets& packet, bool left, Instant now) noexcept {
    if (!history_.enabled()) return;
    ControlOctets octets;
    std::memcpy(octets.data(), packet.data(), octets.size());
    history_.echo(slot, octets, true, left, DropReason::None, now);
}

void Engine::note_late(Slot slot, Nanoseconds by) noexcept { history_.late(slot, by); }

/// Nothing periodic is sent for a while; the packet that comes after it begins a run.
void Engine::note_pause(Slot slot, Instant now) noexcept {
    if (!history_.enabled()) return;
    history_.end_sent_run(slot, totals(slot, now));
    hot_[slot.value].set(kPayloadStale);
}

/// Out of Up; the state variables are still those of before.
void Engine::note_down(Slot slot, SessionState to, Diag diag, Instant now) noexcept {
    if (!history_.enabled()) return;
    const SessionHot& hot = hot_[slot.value];
    const bool by_detection = diag == Diag::ControlDetectionTimeExpired;
    history_.freeze(slot,
                    {.at = now,
                     .last_rx = hot.last_rx,
                     .to = to,
                     .diag = diag,
                     .loop_gap_us = by_detection ? cold_[slot.value].loop_gap_us : 0,
                     .evidence = {}},
                    totals(slot, now), hot.tx_interval);
}

/// What the history shows of a Down since `since`.
DownEvidence Engine::evidence(Slot slot, Instant since) const noexcept {
    if (!history_.enabled()) return {};
    const DownSummary& down = history_.last_down(slot);
    return down.at >= since ? down.evidence : DownEvidence{};
}

Status Engine::history(SessionHandle session, HistorySummary& out) const noexcept {
    if (session.slot.value >= hot_.size() || !hot_[session.slot.value].has(kInUse) ||
        cold_[session.slot.value].local_discr != session.local_discr) {
        return Status::NoSuchSession;
    }
    out = {};
    if (!history_.enabled()) return Status::Ok;
    out.down = history_.last_down(session.slot);
    for (const bool frozen : {false, true}) {
        out.size[frozen ? 1 : 0] = static_cast<std::uint8_t>(history_.size(session.slot, frozen));
        out.overwritten[frozen ? 1 : 0] = history_.overwritten(session.slot, frozen);
    }
    return Status::Ok;
}

PacketRecord Engine::history_record(Slot slot, bool frozen, std::size_t index,
                                    Instant now) const noexcept {
    return history_.at(slot, frozen, index, totals(slot, now));
}

}  // namespace tocsin::bfd
