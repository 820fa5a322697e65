#include "dataplane/bfd/engine.hpp"

#include <algorithm>
#include <cstdint>

namespace tocsin::bfd {

/// RFC 7880 7.3.3: what has D is a request, and may be our own. Only Up and AdminDown are states of
/// a reflector, 5.
DropReason Engine::check_response(const ControlPacket& control) noexcept {
    if (control.demand) return DropReason::InitiatorDemandSet;
    const bool known =
        control.state == SessionState::Up || control.state == SessionState::AdminDown;
    return known ? DropReason::None : DropReason::InitiatorState;
}

/// A response repeats the Sequence Number of its request, RFC 7880 11: one that was never sent, or
/// long ago, is not ours. `packet` was verified.
DropReason Engine::check_sequence_sent(Slot slot,
                                       std::span<const std::uint8_t> packet) const noexcept {
    const SessionAuth& auth = auth_[slot.value];
    const std::uint32_t back = auth.xmit_auth_seq - sequence_of(packet);
    return back < kLatestSent ? DropReason::None : DropReason::AuthSequence;
}

/// A reflector sends nothing by itself, so that an initiator expects what it asks for: as in Demand
/// mode its own interval and Detect Mult make the Detection Time, RFC 5880 6.8.4. It counts from
/// the first request that was not answered, which left up to an interval after the last one that
/// was: each request has as long to come back as the first one missing, whatever the jitter. The
/// Detect Mult that multiplies it is the one that the response repeats.
void Engine::expect_responses(Slot slot) noexcept {
    if (!initiates(slot)) return;
    SessionHot& hot = hot_[slot.value];
    if (hot.tx_interval == WireInterval{0}) return;
    const std::uint64_t mult = cold_[slot.value].parameters.detect_mult;
    const std::uint64_t spread = (hot.tx_interval.count() * (mult + 1) + mult - 1) / mult;
    hot.rx_in_force =
        WireInterval{static_cast<std::uint32_t>(std::min<std::uint64_t>(spread, UINT32_MAX))};
}

/// The next request by the interval in force, counted from the last one. A reflector keeps no
/// state: nothing is told it off the schedule, and after its AdminDown a second has to pass, RFC
/// 7880 7.3.3.
void Engine::reschedule(Slot slot, Instant now) noexcept {
    SessionHot& hot = hot_[slot.value];
    if (since(hot.last_tx, now) > hot.tx_interval) hot.last_tx = tick_at(now - hot.tx_interval);
    schedule_from(slot, hot.last_tx);
}

}  // namespace tocsin::bfd
