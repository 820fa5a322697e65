#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/auth.hpp"
#include "dataplane/bfd/diag.hpp"
#include "dataplane/bfd/echo.hpp"
#include "dataplane/bfd/fsm.hpp"
#include "dataplane/bfd/packet.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/poll.hpp"
#include "dataplane/bfd/timers.hpp"

#include <array>
#include <cstdint>
#include <type_traits>

namespace tocsin::bfd {

/// Bits of SessionHot::flags.
enum Flag : std::uint16_t {
    kInUse = 1U << 0U,
    kSteady = 1U << 1U,        ///< the last packet again would change nothing but last_rx
    kMultiHop = 1U << 2U,      ///< the session's type; of an LSP: how the last packet came
    kTxArmed = 1U << 3U,       ///< tx_armed is valid: an entry for transmission is in the wheel
    kDetectArmed = 1U << 4U,   ///< detect_armed is valid: likewise for detection
    kPayloadStale = 1U << 5U,  ///< the template must be rewritten before the next periodic packet
    kPollAttention =
        1U << 6U,          ///< the Poll Sequence must be looked at with the next periodic packet
    kTxFailed = 1U << 7U,  ///< the last periodic packet could not leave
    kDetectMultOne = 1U << 8U,  ///< bfd.DetectMult is 1, RFC 5880 6.8.7
    kPassive = 1U << 9U,
    kLingering =
        1U << 10U,  ///< deleted, telling the peer AdminDown; without kInUse: to be told to control
    kEventPending = 1U << 11U,  ///< in the engine's event queue
    kExtraSent = 1U << 12U,     ///< a packet between periodic ones has left in this interval
    kEarlyMoves =
        7U << 13U,  ///< three bits: entries left behind in the wheel by moves to earlier ticks
};
inline constexpr std::uint16_t kOneEarlyMove = 1U << 13U;

/// What a steady-state packet or deadline reads or writes. Owner: one engine.
///
/// `last_packet` is the last accepted packet with P and F cleared and is itself the store of the
/// remote state variables of RFC 5880 6.8.1; all zero but RemoteMinRxInterval before the first one.
struct alignas(64) SessionHot {
    ControlOctets last_packet{};
    Instant last_rx{};           ///< arrival of the last accepted packet
    Tick next_tx{};              ///< next periodic packet, jitter included
    Tick last_tx{};              ///< departure that the next periodic packet counts from
    Tick tx_armed{};             ///< where the one valid transmit entry sits in the wheel
    Tick detect_armed{};         ///< likewise for detection
    WireInterval tx_interval{};  ///< in force before jitter; 0 = no periodic packets
    WireInterval rx_in_force{};  ///< bfd.RequiredMinRxInterval in the Detection Time, 6.8.3
    std::uint16_t source_tag{};  ///< keyed hash of the origin of `last_packet`
    std::uint16_t flags{};       ///< Flag
    std::uint8_t rx_packets{};   ///< low octet; the rest is in SessionCold
    std::uint8_t tx_packets{};   ///< likewise
    std::uint8_t arrival{};      ///< the port in its key; with kMultiHop: least TTL
    SessionState session_state = SessionState::Down;

    [[nodiscard]] bool has(std::uint16_t flag) const noexcept { return (flags & flag) != 0; }
    void set(std::uint16_t flag) noexcept { flags = static_cast<std::uint16_t>(flags | flag); }
    void clear(std::uint16_t flag) noexcept { flags = static_cast<std::uint16_t>(flags & ~flag); }

    [[nodiscard]] SessionState remote_session_state() const noexcept {
        return static_cast<SessionState>(last_packet[kStateOffset] >> 6U);
    }
    [[nodiscard]] bool remote_demand_mode() const noexcept {
        return (last_packet[kStateOffset] & kDemandBit) != 0;
    }
    /// Demand mode is active on the remote system, RFC 5880 6.8.6.
    [[nodiscard]] bool remote_demand_active() const noexcept {
        return remote_demand_mode() && session_state == SessionState::Up &&
               remote_session_state() == SessionState::Up;
    }
    [[nodiscard]] std::uint8_t remote_detect_mult() const noexcept {
        return last_packet[kDetectMultOffset];
    }
    [[nodiscard]] Discriminator remote_discr() const noexcept {
        return {load_be32(&last_packet[kMyDiscriminatorOffset])};
    }
    [[nodiscard]] WireInterval remote_desired_min_tx_interval() const noexcept {
        return WireInterval{load_be32(&last_packet[kDesiredMinTxOffset])};
    }
    /// Required Min Echo RX Interval as last received.
    [[nodiscard]] WireInterval remote_min_echo_rx_interval() const noexcept {
        return WireInterval{load_be32(&last_packet[kRequiredMinEchoRxOffset])};
    }
    [[nodiscard]] WireInterval remote_min_rx_interval() const noexcept {
        return WireInterval{load_be32(&last_packet[kRequiredMinRxOffset])};
    }
    [[nodiscard]] Nanoseconds detection_time() const noexcept {
        return bfd::detection_time(remote_detect_mult(), rx_in_force,
                                   remote_desired_min_tx_interval());
    }
};
static_assert(sizeof(SessionHot) == 64 && std::is_trivially_copyable_v<SessionHot>);

/// Whether sessions of this type ask a reflector of S-BFD, whose answers repeat what they said:
/// SBFDInitiator of bfd.SessionType, RFC 7880 6.1.
[[nodiscard]] constexpr bool is_initiator(SessionType type) noexcept {
    return type == SessionType::Sbfd;
}

/// An address that is not given: any peer of a point-to-point port, a source as expected.
inline constexpr std::array<std::uint8_t, 16> kNoAddress{};

/// A session without a Detection Time.
inline constexpr std::uint8_t kUnhurried = kMostLeisure + 1;

/// Of a deleted session whose peer is being told.
struct Lingering {
    Tick until;
    Tick at_least;
};

/// The rest of a session, touched when something changes.
struct SessionCold {
    SessionKey key;
    Discriminator local_discr;
    SessionParameters parameters;
    WireInterval desired_min_tx_interval{};  ///< bfd.DesiredMinTxInterval, as sent
    WireInterval tx_in_force{};  ///< lags behind while Up and a raise is being polled, 6.8.3
    /// bfd.RequiredMinRxInterval, as sent: sedate while Echo is active, 6.8.3
    WireInterval required_min_rx_interval{};
    union {
        std::uint32_t up_count{};
        std::uint32_t next_deleted;  ///< of a slot that control is to be told of: the slot after it
    };
    std::uint32_t down_count{};
    std::uint16_t transitions{};  ///< since the last event; the most: as many or more
    std::uint8_t downs{};         ///< of them out of Up; likewise
    Diag down_diag = Diag::None;  ///< of the last of these
    std::uint32_t loop_gap_us{};  ///< of the worker before the last Down by detection
    std::uint32_t rx_packets{};   ///< in units of 256; wraps after 34 years at 1,000 a second
    std::uint32_t tx_packets{};   ///< likewise
    Instant last_state_change{};
    Instant first_transition{};  ///< since the last event
    Tick poll_since{};           ///< the sequence was asked for, its first P left, or
                                 ///< Poll::Separating began
    Tick finals_until{};         ///< Finals of the sequence that ended last may arrive up to here
    Tick source_event{};         ///< last EventCause::Source
    union {
        std::array<std::uint8_t, 16> source{};  ///< of the last packet when not the remote address
        Lingering linger;
    };
    /// Packets that still name a peer that was known beforehand, RFC 7726 2.3; 0 = all.
    std::uint8_t partings{};
    Poll poll : 4 {Poll::Idle};
    Diag local_diag : 4 {Diag::None};  ///< of ours only, all of which are assigned
    SessionState reported_state : 2 {SessionState::Down};
    bool demand : 1 {};      ///< Demand mode is active here and D is sent, 6.6
    bool silent : 1 {};      ///< the peer was told so, and has not confirmed yet that it is over
    bool echo : 1 {};        ///< the Echo function is active, 6.8
    bool owes_final : 1 {};  ///< of an initiator of S-BFD: its next packet has F, RFC 7880 7.5
    bool quiet : 1 {};       ///< deleted, and the peer is to take that for no failure, RFC 7726 2.3
    std::uint8_t causes : 4 {};  ///< EventCause bits of the pending event
    std::uint8_t leisure : 4 {
        kUnhurried};  ///< of its Detection Time as counted; kUnhurried when it has none

    /// bfd.RemoteDiscr that is known before the first packet, RFC 5884 6; 0 = it is learned.
    [[nodiscard]] Discriminator known_remote_discr() const noexcept {
        return {key.type == SessionType::Mpls ? key.instance : 0U};
    }
};
static_assert(sizeof(SessionCold) <= 160 && std::is_trivially_copyable_v<SessionCold>);

/// What authentication knows of a session, RFC 5880 6.8.1.
struct SessionAuth {
    Instant sequence_until{};       ///< bfd.AuthSeqKnown is 0 from here on, 6.8.1
    std::uint32_t xmit_auth_seq{};  ///< bfd.XmitAuthSeq, of the packet that left last
    AuthSequence received{};
    std::uint32_t contents{};  ///< tag of the 24 octets that were signed last
    std::uint32_t failures{};
    DropReason last_failure = DropReason::None;
};
static_assert(sizeof(SessionAuth) <= 32 && std::is_trivially_copyable_v<SessionAuth>);

/// The Echo function of a session: the packets that we send and the peer loops, RFC 5880 6.4.
struct SessionEcho {
    std::uint64_t tx_packets{};
    std::uint64_t rx_packets{};  ///< that came back and were ours
    EchoRoundTrip round_trip;
    Tick next_tx{};
    Tick armed_at{};              ///< where its one valid entry sits in the wheel, with `armed`
    std::uint32_t tx_sequence{};  ///< of the packet that left last
    std::uint32_t rx_sequence{};  ///< of the last one that came back
    WireInterval interval{};      ///< in force before jitter; 0 = not active
    bool armed = false;
};
static_assert(sizeof(SessionEcho) <= 64 && std::is_trivially_copyable_v<SessionEcho>);

}  // namespace tocsin::bfd
