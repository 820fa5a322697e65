#pragma once

#include "control/notify/indication.hpp"
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
    Counter watch_events;                                   ///< handed to watchers
    std::array<Counter, notify::kIndications> indications;  ///< changes of what clients are told
    std::array<Counter, notify::kInitiators> transitions;   ///< events with a change of the state
    std::array<Counter, notify::kHolds> sessions_held;      ///< now; that of Held::None stays 0
    Counter dampened;                                       ///< sessions now, Up or not
    Counter dampenings;                                     ///< times that one began
    Counter congestion_backoffs;    ///< times that congestion raised a session's intervals
    Counter congested;              ///< sessions whose intervals are raised now
    Counter initiators_unanswered;  ///< of S-BFD, that had no response since they were added
    Counter watch_merged;           ///< changes that a slow watcher got merged into another
    Counter interruptions;  ///< times that one was Down and Up again before control was told

    /// What clients of a session are told has changed, if it has.
    void told(notify::Indication before, notify::Indication now) noexcept {
        if (before != now) indications[static_cast<std::size_t>(now)].add();
    }
    /// By how much congestion has raised a session's intervals has changed, if it has; 1 = it has
    /// not.
    void congestion(unsigned before, unsigned now) noexcept {
        if (before == 1 && now != 1) congested.add();
        if (before != 1 && now == 1) congested.set(congested.get() - 1);
    }
    /// Why they are not has changed, if it has.
    void held(notify::Held before, notify::Held now) noexcept {
        if (before == now) return;
        Counter& from = sessions_held[static_cast<std::size_t>(before)];
        Counter& to = sessions_held[static_cast<std::size_t>(now)];
        if (before != notify::Held::None) from.set(from.get() - 1);
        if (now != notify::Held::None) to.add();
    }
};

}  // namespace tocsin::control::session
