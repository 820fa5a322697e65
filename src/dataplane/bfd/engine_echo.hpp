#pragma once

// Part of engine.hpp: transmission of Echo packets and what their absence means, RFC 5880 6.8.5 and
// 6.8.9.

#include "dataplane/bfd/engine.hpp"

namespace tocsin::bfd {

template <EngineSink Sink>
[[gnu::noinline]] void Engine::on_echo_entry(Slot slot, Tick tick, Instant now,
                                             Nanoseconds loop_gap, Sink& sink) noexcept {
    SessionEcho& echo = echo_[slot.value];
    if (!echo.armed || echo.armed_at != tick) return;  // left behind by an earlier move
    echo.armed = false;
    --armed_;
    if (echo.interval == WireInterval{0}) return;
    if (earlier(tick_at(now), echo.next_tx)) return arm_echo(slot);

    SessionCold& cold = cold_[slot.value];
    // As many as Detect Mult have left in a row and none of them has come back. All that was
    // received by now has been heard.
    if (echo.tx_sequence - echo.rx_sequence >= cold.parameters.detect_mult) {
        if constexpr (requires { sink.missing(now); }) {
            if (const Nanoseconds missing = sink.missing(now); missing > Nanoseconds{0}) {
                const Nanoseconds interval = echo.interval;
                echo.next_tx = tick_after(now + std::min({missing, interval, kLongestPause}));
                return arm_echo(slot);
            }
        }
        cold.loop_gap_us =
            static_cast<std::uint32_t>(std::min<std::int64_t>(loop_gap.count() / 1000, UINT32_MAX));
        return change_state(slot, SessionState::Down, Diag::EchoFunctionFailed, now, sink);
    }
    if constexpr (requires(const EchoOctets& octets) { sink.transmit_echo(slot, octets); }) {
        const EchoOctets packet = encode_echo(
            {.local_discr = cold.local_discr, .sequence = echo.tx_sequence + 1, .departure = now},
            config_.echo_secret);
        const bool left = sink.transmit_echo(slot, packet);
        note_echo_sent(slot, packet, left, now);
        if (left) {
            ++echo.tx_sequence;
            ++echo.tx_packets;
        }
    }
    const bool one = hot_[slot.value].has(kDetectMultOne);
    echo.next_tx = tick_at(now + jittered(echo.interval, one, random()));
    arm_echo(slot);
}

}  // namespace tocsin::bfd
