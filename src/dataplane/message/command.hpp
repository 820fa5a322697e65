#pragma once

#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/auth.hpp"
#include "dataplane/bfd/diag.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/reflector.hpp"
#include "dataplane/bfd/session_event.hpp"
#include "dataplane/message/early_packet.hpp"
#include "overlay/header_template.hpp"
#include "overlay/member_addresses.hpp"

#include <cstdint>
#include <type_traits>
#include <variant>

namespace tocsin::message {

using bfd::SessionHandle;

enum class RequestId : std::uint64_t {};  ///< chosen by control, echoed in the reply

/// Octets of the longest IP packet with padding (RFC 9764) that any port sends, whatever its MTU.
inline constexpr std::uint16_t kLargestPaddedPacket = 2000;

/// Starts a session in Down, or in AdminDown when `admin_down`. Refused (Reply::status) when the
/// slot is taken or the key exists. A slot whose deletion still lingers is not free.
struct AddSession {
    SessionHandle session;
    SessionKey key;
    bfd::SessionParameters parameters;
    overlay::HeaderTemplate headers;  ///< length 0: next hop not resolved yet, nothing is sent
    PortId tx_port;
    bool admin_down = false;
};

/// New headers for a session: its next hop was resolved, moved, or lost (length 0).
struct SetHeaders {
    SessionHandle session;
    overlay::HeaderTemplate headers;
};

/// Changed intervals start a Poll Sequence, RFC 5880 6.8.3; nothing else about the session changes.
struct SetParameters {
    SessionHandle session;
    bfd::SessionParameters parameters;
};

/// RFC 5880 6.8.16. `diag` is what the peer is told: AdministrativelyDown or PathDown.
struct SetAdmin {
    SessionHandle session;
    bool down = true;
    bfd::Diag diag = bfd::Diag::AdministrativelyDown;
};

/// The path is known to have failed (link down): Down at once with `diag`; not administrative.
struct SignalPathDown {
    SessionHandle session;
    bfd::Diag diag = bfd::Diag::PathDown;
};

/// RFC 5880 6.8.17: shown to the peer without taking the session down; None clears it.
struct SetConcatenatedDiag {
    SessionHandle session;
    bfd::Diag diag = bfd::Diag::None;
};

/// AdminDown, heard by the peer or sent long enough (RFC 5880 6.8.16), then gone; a Deleted event
/// says so and frees the slot. With `immediate` nothing is sent and the slot is free with the
/// reply.
struct DeleteSession {
    SessionHandle session;
    bool immediate = false;
};

/// The keys that are in force for chain `number`, 1..EngineConfig::key_chains. They stay where they
/// are until the answer to the next one for this chain.
struct SetKeys {
    std::uint16_t number = 0;
    const bfd::AuthKeys* keys = nullptr;  ///< nullptr: none, its sessions accept and send nothing
};

/// How many Echo packets of the peers on a port may be sent back to them.
struct SetEchoLooping {
    PortId port;
    /// What its sessions advertise together, packets a second, rounded up; 0: none is sent back.
    std::uint32_t rate = 0;
};

/// The LAG that a port is a member of has these addresses of ours; none: it is no member.
struct SetMember {
    PortId port;
    overlay::MemberAddresses addresses;
};

/// The S-BFD reflectors from now on, and how many requests are answered on each port. The table
/// stays where it is until the answer to the next one.
struct SetReflectors {
    const bfd::ReflectorTable* table = nullptr;  ///< nullptr: none
    std::uint32_t rate = 0;             ///< answers a second of this worker on a port; nonzero
    std::uint32_t rate_per_source = 0;  ///< of these to one address
};

/// A Poll Sequence, if the session is Up: in Demand mode it verifies connectivity, RFC 5880 6.6.
struct StartPoll {
    SessionHandle session;
};

/// Whether packets without a session that arrive on `port` are given to control (EarlyPacket).
struct SetUnsolicited {
    PortId port;
    bool on = false;
};

/// A packet that came before its session was there is received now.
struct Hear {
    EarlyPacket packet;
};

/// Answered with a SessionSnapshot.
struct QuerySession {
    SessionHandle session;
};

/// Answered with a HistoryBegin and then as many HistoryRecords as it takes.
struct QueryHistory {
    SessionHandle session;
};

/// Answered when every command before it was carried out.
struct Barrier {};

struct Command {
    RequestId id{};
    std::variant<Barrier, AddSession, SetHeaders, SetParameters, SetAdmin, SignalPathDown,
                 SetConcatenatedDiag, DeleteSession, SetKeys, SetEchoLooping, SetMember,
                 SetReflectors, StartPoll, SetUnsolicited, Hear, QuerySession, QueryHistory>
        body;
};
static_assert(std::is_trivially_copyable_v<Command>, "crosses the ring by memcpy");
static_assert(sizeof(Command) <= 320 && sizeof(Command) % 4 == 0, "rte_ring element size");

}  // namespace tocsin::message
