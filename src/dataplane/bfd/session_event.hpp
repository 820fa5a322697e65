#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/auth.hpp"
#include "dataplane/bfd/diag.hpp"
#include "dataplane/bfd/echo.hpp"
#include "dataplane/bfd/fsm.hpp"
#include "dataplane/bfd/packet_history.hpp"

#include <cstdint>

namespace tocsin::bfd {

/// A session of one engine. Control hands out slots and computes `local_discr` from them
/// (discriminator.hpp); the engine refuses a handle whose two halves disagree.
struct SessionHandle {
    Slot slot;
    Discriminator local_discr;
    friend constexpr bool operator==(SessionHandle, SessionHandle) = default;
};

/// The variables of a session at one instant, RFC 5880 6.8.1.
struct SessionSnapshot {
    SessionHandle session;
    SessionState session_state{};
    SessionState remote_session_state{};
    Diag local_diag{};
    Diag remote_diag{};  ///< as last received, also unassigned codes
    Discriminator remote_discr;
    WireInterval desired_min_tx_interval{};   ///< bfd.DesiredMinTxInterval as sent
    WireInterval required_min_rx_interval{};  ///< bfd.RequiredMinRxInterval as sent
    WireInterval remote_min_rx_interval{};
    WireInterval remote_desired_min_tx_interval{};
    WireInterval tx_interval{};    ///< in force before jitter; 0 = no periodic packets
    Nanoseconds detection_time{};  ///< in force; 0 before the first packet
    std::uint8_t detect_mult = 0;
    std::uint8_t remote_detect_mult = 0;
    bool demand_mode = false;         ///< active here: D is sent, RFC 5880 6.6
    bool remote_demand_mode = false;  ///< D as last received
    bool verified_by_poll = false;    ///< the peer may be silent: detection_time is that of a poll
    bool remote_control_plane_independent = false;
    bool poll_in_progress = false;
    std::uint64_t rx_packets = 0;
    std::uint64_t tx_packets = 0;
    std::uint32_t up_count = 0;    ///< transitions into Up since creation
    std::uint32_t down_count = 0;  ///< transitions out of Up since creation
    Instant last_rx{};             ///< last accepted packet; epoch = none
    Instant last_state_change{};
    AuthType auth_type = AuthType::None;  ///< bfd.AuthType
    bool auth_seq_known = false;          ///< bfd.AuthSeqKnown
    std::uint8_t auth_key_id = 0;         ///< of the key that we sign with, when there is one
    bool auth_can_sign = false;           ///< false with a type: no key, nothing is sent
    DropReason last_auth_failure = DropReason::None;
    std::uint8_t control_length = kControlPacketLength;  ///< Length of our packets, without padding
    std::uint32_t xmit_auth_seq = 0;                     ///< bfd.XmitAuthSeq
    std::uint32_t rcv_auth_seq = 0;                      ///< bfd.RcvAuthSeq
    std::uint32_t auth_failures = 0;             ///< packets that did not pass, since creation
    WireInterval remote_min_echo_rx_interval{};  ///< Required Min Echo RX Interval as last received
    WireInterval echo_tx_interval{};  ///< of our Echo packets before jitter; 0 = Echo is not active
    std::uint64_t echo_tx_packets = 0;
    std::uint64_t echo_rx_packets = 0;  ///< that came back
    EchoRoundTrip echo_round_trip;
    std::uint32_t congestion_backoffs = 0;  ///< times that congestion raised intervals
    std::uint8_t congestion_factor = 1;     ///< by which it has raised them; 1 = not at present
};

/// Why a SessionEvent was raised; bits, several may be set.
enum class EventCause : std::uint8_t {
    State = 1,       ///< bfd.SessionState changed at least once
    Parameters = 2,  ///< negotiated intervals, remote variables or poll state changed
    Source = 4,      ///< the peer's source address changed, RFC 5881 6
    Congestion = 8,  ///< congestion raised intervals, or they returned by a step, RFC 5880 7
};

/// What happened to a session since its last event: level-triggered, so a flap may merge but the
/// latest state always arrives.
struct SessionEvent {
    SessionSnapshot now;
    SessionState reported_state{};  ///< state in the previous event
    std::uint8_t causes = 0;        ///< EventCause bits
    /// State changes since the previous event; 65535: as many or more.
    std::uint32_t transitions = 0;
    /// Those of them out of Up; 255: as many or more. With `now` Up the session failed and is back.
    std::uint32_t downs = 0;
    Diag down_diag{};         ///< bfd.LocalDiag after the last of these
    Instant first_at{};       ///< of the first of them
    Instant last_at{};        ///< of the last
    DownEvidence evidence{};  ///< of a Down by detection among them, with history
    Nanoseconds loop_gap{};   ///< a Down by detection that follows a gap of ours: its length
    IpAddress source;         ///< with EventCause::Source: the address now seen
};

/// Outcome of a command on a session.
enum class Status : std::uint8_t {
    Ok,
    NoSuchSession,  ///< slot free, or the discriminator disagrees
    SlotTaken,
    KeyExists,
    NoSuchKeyChain,              ///< a number beyond EngineConfig::key_chains
    NoRoomForEcho,               ///< Echo is asked for, EngineConfig::echo is off
    NoRoomForCongestionControl,  ///< likewise, EngineConfig::congestion_control
    Busy,  ///< more sessions came and went within two seconds than the wheel holds; try again
};

}  // namespace tocsin::bfd
