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
    std::vector<std::uint8_t> whole;  ///< with its Authentication Section
    bfd::ControlPacket packet;
    bool periodic = false;  ///< the template on its schedule; otherwise a Final or a change
};

/// An Echo packet that the engine sent.
struct SentEcho {
    Instant at;
    Slot slot;
    bfd::EchoOctets octets{};
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
        templates_[slot.value].assign(payload.begin(), payload.end());
    }
    bool transmit(Slot slot) noexcept { return record(slot, templates_[slot.value], true); }
    bool transmit_once(Slot slot, bfd::ControlPayload payload) noexcept {
        return record(slot, {payload.begin(), payload.end()}, false);
    }
    bool transmit_echo(Slot slot, const bfd::EchoOctets& payload) noexcept {
        if (can_send) echoes.push_back({time_->now, slot, payload});
        return can_send;
    }
    void state_changed(Slot slot, bfd::SessionState from, bfd::SessionState to) noexcept {
        state_changes.push_back({time_->now, slot, from, to});
    }
    void late_tx(Nanoseconds late) noexcept { late_transmissions.push_back(late); }
    void late_detection(Nanoseconds late) noexcept { late_detections.push_back(late); }

    std::vector<Sent> sent;
    std::vector<SentEcho> echoes;
    std::vector<Sent> refused;  ///< offered while `can_send` was false
    std::vector<StateChange> state_changes;
    std::vector<Nanoseconds> late_transmissions;
    std::vector<Nanoseconds> late_detections;
    bool can_send = true;

private:
    bool record(Slot slot, const std::vector<std::uint8_t>& whole, bool periodic) noexcept {
        Sent s{.at = time_->now,
               .slot = slot,
               .octets = {},
               .whole = whole,
               .packet = {},
               .periodic = periodic};
        std::copy_n(whole.begin(), std::min(whole.size(), s.octets.size()), s.octets.begin());
        // A packet of ours that our own decoder refuses stays all zero; tests look at version 1.
        static_cast<void>(bfd::decode(whole, s.packet));
        (can_send ? sent : refused).push_back(s);
        return can_send;
    }

    const ManualTime* time_;
    std::vector<std::vector<std::uint8_t>> templates_;
};
static_assert(bfd::EngineSink<RecordingSink>);

}  // namespace tocsin::test
