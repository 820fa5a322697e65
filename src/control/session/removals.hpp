#pragma once

#include "control/session/desired_set.hpp"
#include "control/session/filter.hpp"
#include "control/session/registry.hpp"

#include <cstddef>
#include <functional>
#include <list>

namespace tocsin::control::session {

/// What became of sessions that a filter chose.
struct RemovedMatching {
    std::size_t removed = 0;
    std::size_t kept = 0;  ///< match, but belong to another origin
};

/// Removals of many sessions, a piece in each run().
class Removals {
public:
    using Done = std::function<void(RemovedMatching)>;

    Removals(Registry& registry, DesiredSet& desired) : registry_{registry}, desired_{desired} {}

    /// The sessions of this origin that exist now and match when their turn comes; `done` is called
    /// from run().
    void remove_matching(const Filter& filter, Origin origin, Done done);
    /// From now on every session.
    void remove_all() noexcept { all_ = true; }

    /// True when there is more.
    bool run();
    /// None that a filter chose is under way.
    [[nodiscard]] bool idle() const noexcept { return removals_.empty(); }

private:
    struct Removal {
        Filter filter;
        Origin origin{};
        SessionId next{};  ///< sessions up to here were looked at
        SessionId last;    ///< and from here on they are not meant
        RemovedMatching result;
        Done done;
    };

    void run_first();

    Registry& registry_;
    DesiredSet& desired_;
    std::list<Removal> removals_;  ///< the first one is under way
    bool all_ = false;
};

}  // namespace tocsin::control::session
