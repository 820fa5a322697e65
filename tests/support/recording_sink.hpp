#pragma once

#include "dataplane/bfd/engine_sink.hpp"

#include <algorithm>
#include <vector>

namespace tocsin::test {

/// Time that only a test moves.
struct ManualTime {
    Instant now{};
};

/// A Control packet that the engine sent.
struct Sent {
    Instant at;
    Slot slot;
    bfd::ControlOctets octets{};
    bfd::ControlPacket packet;
    bool periodic = false;  ///< the template on its schedule; otherwise a Final or a change
};

struct StateChange {
    Instant at;
    Slot slot;
    bfd::SessionState from{};
    bfd::SessionState to{};
};

/// An EngineSink that keeps all it is given.
class RecordingSink {
public:
    RecordingSink(const ManualTime& time, std::uint32_t slots) : time_{&time}, templates_(slots) {}

    void set_payload(Slot slot, bfd::ControlPayload payload) noexcept {
        std::copy(payload.begin(), payload.end(), templates_[slot.value].begin());
    }
    bool transmit(Slot slot) noexcept { return record(slot, templates_[slot.value], true); }
    bool transmit_once(Slot slot, bfd::ControlPayload payload) noexcept {
        bfd::ControlOctets octets{};
        std::copy(payload.begin(), payload.end(), octets.begin());
        return record(slot, octets, false);
    }
    void state_changed(Slot slot, bfd::SessionState from, bfd::SessionState to) noexcept {
        state_changes.push_back({time_->now, slot, from, to});
    }
    void late_tx(Nanoseconds late) noexcept { late_transmissions.push_back(late); }
    void late_detection(Nanoseconds late) noexcept { late_detections.push_back(late); }

    std::vector<Sent> sent;
    std::vector<Sent> refused;  ///< offered while `can_send` was false
    std::vector<StateChange> state_changes;
    std::vector<Nanoseconds> late_transmissions;
    std::vector<Nanoseconds> late_detections;
    bool can_send = true;

private:
    bool record(Slot slot, const bfd::ControlOctets& octets, bool periodic) noexcept {
        Sent s{
            .at = time_->now, .slot = slot, .octets = octets, .packet = {}, .periodic = periodic};
        // A packet of ours that our own decoder refuses stays all zero; tests look at version 1.
        static_cast<void>(bfd::decode(octets, s.packet));
        (can_send ? sent : refused).push_back(s);
        return can_send;
    }

    const ManualTime* time_;
    std::vector<bfd::ControlOctets> templates_;
};
static_assert(bfd::EngineSink<RecordingSink>);

}  // namespace tocsin::test
