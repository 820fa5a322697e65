#pragma once

#include "control/session/next_hops.hpp"
#include "control/session/registry.hpp"

#include <cstddef>
#include <deque>
#include <functional>

namespace tocsin::control::session {

/// Finds the sessions behind a neighbour whose MAC has changed. Without gateways a next hop is the
/// remote itself; otherwise all sessions are looked through, a piece at a time.
class NextHopScans {
public:
    /// Sessions that one call of run() looks through.
    static constexpr std::size_t kScannedPerPoll = 4096;
    /// The headers of a session are to be made anew.
    using Found = std::function<void(SessionRecord&)>;

    NextHopScans(Registry& registry, const NextHops& next_hops, Found found);

    /// The MAC of a neighbour became known, changed or was given up.
    void neighbor_changed(PortId port, const IpAddress& next_hop);
    /// True when there is more.
    bool run();
    [[nodiscard]] bool idle() const noexcept { return scans_.empty(); }

private:
    /// Sessions above `done` are still to be told.
    struct Scan {
        PortId port;
        IpAddress next_hop;
        SessionId done{};
    };

    Registry& registry_;
    const NextHops& next_hops_;
    Found found_;
    std::deque<Scan> scans_;  ///< the first one is under way
};

}  // namespace tocsin::control::session
