#pragma once

#include "control/config/schema.hpp"
#include "control/session/record.hpp"

#include <chrono>
#include <string>

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
    std::chrono::system_clock::time_point last_state_change;  ///< epoch = never
    std::chrono::system_clock::time_point last_rx;            ///< epoch = never
};

}  // namespace tocsin::control::session
