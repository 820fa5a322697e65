#pragma once

#include "dataplane/bfd/session_event.hpp"
#include "dataplane/message/command.hpp"

#include <type_traits>
#include <variant>

namespace tocsin::message {

/// The answer to every command but QuerySession.
struct Reply {
    bfd::Status status{};
};

/// A lingering deletion has ended: the slot may be used again.
struct SessionDeleted {
    bfd::SessionHandle session;
};

struct Event {
    RequestId id{};  ///< of the command that Reply or SessionSnapshot answers, else 0
    std::variant<Reply, bfd::SessionSnapshot, bfd::SessionEvent, SessionDeleted> body;
};
static_assert(std::is_trivially_copyable_v<Event>, "crosses the ring by memcpy");
static_assert(sizeof(Event) <= 256 && sizeof(Event) % 4 == 0, "rte_ring element size");

}  // namespace tocsin::message
