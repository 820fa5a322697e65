#pragma once

#include "control/session/next_hops.hpp"
#include "control/session/registry.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <utility>

namespace tocsin::control::session {

/// Finds the sessions behind a neighbour whose MAC has changed. Of a single-hop peer the next hop
/// is the remote itself; where there are others behind the neighbour, all sessions are looked
/// through, a piece at a time.
class NextHopScans {
public:
    /// Sessions that one call of run() looks through.
    static constexpr std::size_t kScannedPerPoll = 4096;
    /// The headers of a session are to be made anew.
    using Found = std::function<void(SessionRecord&)>;

    NextHopScans(Registry& registry, const NextHops& next_hops, Found found);

    /// A session has its next hop, or is about to lose it.
    void joined(const SessionRecord& record);
    void left(const SessionRecord& record);
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

    using Hop = std::pair<PortId, IpAddress>;

    [[nodiscard]] bool is_direct(const SessionRecord& record) const;

    std::map<Hop, std::size_t> behind_;  ///< sessions that neighbor_changed() does not find at once
    Registry& registry_;
    const NextHops& next_hops_;
    Found found_;
    std::deque<Scan> scans_;  ///< the first one is under way
};

}  // namespace tocsin::control::session
