#pragma once

#include "control/auth/chains.hpp"
#include "control/config/schema.hpp"
#include "control/session/registry.hpp"
#include "dataplane/message/dataplane.hpp"

#include <chrono>

namespace tocsin::control::session {

/// A copy of a session that any thread may keep and read.
struct SessionView {
    SessionId id;
    Origin origin{};
    WorkerId worker;
    config::Session spec;  ///< complete: defaults and profile applied
    bfd::SessionSnapshot status;
    IpAddress next_hop;
    bool next_hop_resolved = false;
    Waiting waiting = Waiting::No;
    IpAddress seen_source;
    notify::Told told;  ///< what clients know
    notify::Initiator initiator{};
    bool dampened = false;
    std::uint32_t penalty = 0;                                ///< of dampening, now
    std::chrono::milliseconds reuse_in{};                     ///< until the dampening ends
    std::chrono::system_clock::time_point last_state_change;  ///< epoch = never
    std::chrono::system_clock::time_point last_rx;            ///< epoch = never
};

/// Of a record in `registry`; `dataplane` knows the time of day, `chains` what its number means.
[[nodiscard]] SessionView view_of(const SessionRecord& record, Registry& registry,
                                  const auth::Chains& chains, const message::Dataplane& dataplane);

}  // namespace tocsin::control::session
