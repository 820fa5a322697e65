#pragma once

#include "control/session/reconciler.hpp"
#include "control/session/watch_hub.hpp"

#include <cstddef>
#include <functional>
#include <utility>

namespace tocsin::control::session {

/// Sessions that one poll only looks at.
inline constexpr std::size_t kScannedPerPoll = 8192;

/// Cuts work on many sessions that must be done in one go into pieces, between which the workers'
/// events are taken.
class Pieces {
public:
    Pieces(Reconciler& reconciler, WatchHub& hub) : reconciler_{reconciler}, hub_{hub} {}

    /// Is called between two pieces as well, about every millisecond.
    void set_between(std::function<void()> f) { between_ = std::move(f); }
    /// To be told after each session how many are done.
    void done(std::size_t sessions);

private:
    Reconciler& reconciler_;
    WatchHub& hub_;
    std::function<void()> between_;
};

}  // namespace tocsin::control::session
