#pragma once

#include "dataplane/base/counter.hpp"
#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/histogram.hpp"
#include "dataplane/base/session_key.hpp"

#include <array>
#include <cstdint>

namespace tocsin::message {

/// Devices; they have the ids below.
inline constexpr std::size_t kMaxPorts = 32;
/// Ports on VLANs of a device; they have the ids behind.
inline constexpr std::size_t kMaxVlanPorts = 200;
inline constexpr std::size_t kPortIds = kMaxPorts + kMaxVlanPorts;
static_assert(kPortIds <= kPseudoPorts);
inline constexpr std::size_t kReflectorCounters = 64;  ///< bfd::ReflectorTable::kCapacity

/// Packets and octets of one port as one worker saw them.
struct PortStats {
    Counter rx_packets;
    Counter rx_bytes;
    Counter tx_packets;
    Counter tx_bytes;
};

/// Requests to one S-BFD reflector.
struct ReflectorStats {
    Counter answered;  ///< as far as the transmit queue had room to spare
    Counter refused;   ///< source, authentication or rate
};

/// Everything a worker counts. Worker: wo, control: ro.
struct alignas(64) WorkerStats {
    Counter heartbeat;    ///< turns of the poll loop; stands still only if the worker does
    Counter rx_control;   ///< Control packets accepted
    Counter tx_control;   ///< Control packets handed to a driver
    Counter rx_fast;      ///< of rx_control, those equal to the one before
    Counter rx_echo;      ///< Echo packets of ours that came back
    Counter tx_echo;      ///< Echo packets of sessions with Control packets, handed to a driver
    Counter echo_looped;  ///< Echo packets of peers, sent back
    Counter reflected;    ///< answers of S-BFD reflectors, handed to a driver
    Counter sessions;     ///< in the table, lingering ones included
    Counter sessions_up;
    Counter transitions_up;
    Counter transitions_down;
    Counter punted;
    Counter frames_sent;      ///< slow-path frames from control
    Counter events_deferred;  ///< turns in which the event ring had no room
    Counter busy_ns;          ///< time in turns that did work
    Counter idle_ns;          ///< time in turns that did not, sleep included
    Counter rx_cycles;        ///< TSC cycles of reception, in turns that received something
    Counter tx_cycles;        ///< of timers and transmission, in turns that sent something
    Counter control_cycles;   ///< of commands, slow-path frames and events, likewise
    Counter
        backlog_turns;  ///< turns that left due work (a queue, timers), beyond the 64th in a row
    Counter loop_gaps;  ///< turns longer than a millisecond
    DurationHistogram loop_gap;        ///< duration of every turn that took longer than 100 us
    DurationHistogram late_tx;         ///< periodic packets: departure minus scheduled instant
    DurationHistogram late_detection;  ///< detection: verdict minus deadline
    std::array<Counter, kDropReasons> drops;
    std::array<PortStats, kMaxPorts> ports;
    std::array<ReflectorStats, kReflectorCounters> reflectors;  ///< by ReflectorEntity::counter
};

}  // namespace tocsin::message
