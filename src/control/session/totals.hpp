#pragma once

#include "dataplane/base/counter.hpp"

#include <array>

namespace tocsin::control::session {

/// What control counts. Written by the control thread, read by any.
struct Totals {
    std::array<Counter, 4> sessions;  ///< by bfd::SessionState, as last heard of from the workers
    Counter waiting;                  ///< wanted, but no worker has them yet
    Counter leaving;                  ///< deleted, but still telling the peer AdminDown
    Counter commands;                 ///< sent to workers
    Counter commands_refused;         ///< answered with another status than Ok
    Counter events;                   ///< session events received
    Counter watchers;
    Counter watch_events;  ///< handed to watchers
    Counter watch_merged;  ///< changes that a slow watcher got merged into another
};

}  // namespace tocsin::control::session
