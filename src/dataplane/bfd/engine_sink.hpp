#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/bfd/fsm.hpp"
#include "dataplane/bfd/packet.hpp"

#include <concepts>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

/// A Control packet, with its Authentication Section if there is one: 24 to 52 octets.
using ControlPayload = std::span<const std::uint8_t>;

/// Where the engine's packets and observations go. The owner of the sink keeps one packet template
/// per slot: headers, then a Control packet.
///
/// - set_payload: this is the Control packet of every transmit() of this slot from now on.
/// - transmit: send the template as it stands. False: it could not leave (no next hop, no buffer,
/// full
///   queue); the engine does not repeat it.
/// - transmit_once: send this payload behind the template's headers; the template stays (Finals),
///   unless this one has another length: then set_payload() comes before the next transmit().
/// - transmit_echo, if there is one: send this Echo packet by the template's link, to be looped by
///   the peer, RFC 5881 4. False as above.
/// - state_changed: bfd.SessionState changed; for counters only, events come from next_event().
/// - late_tx, late_detection: how long after its scheduled instant a periodic packet left, or after
/// its
///   deadline a detection was judged.
/// - missing, if there is one: for how long another owner of packets for this engine has stood
///   still; above 0, detection waits.
template <class S>
concept EngineSink = requires(S& sink, Slot slot, ControlPayload payload, SessionState state,
                              Nanoseconds late) {
    requires noexcept(sink.set_payload(slot, payload));
    { sink.transmit(slot) }
    noexcept->std::same_as<bool>;
    { sink.transmit_once(slot, payload) }
    noexcept->std::same_as<bool>;
    requires noexcept(sink.state_changed(slot, state, state));
    requires noexcept(sink.late_tx(late));
    requires noexcept(sink.late_detection(late));
};

}  // namespace tocsin::bfd
