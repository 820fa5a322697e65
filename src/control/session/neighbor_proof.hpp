#pragma once

#include "control/session/next_hops.hpp"
#include "control/session/registry.hpp"

namespace tocsin::control::session {

/// Tells the neighbour tables what BFD knows of a peer.
class NeighborProof {
public:
    NeighborProof(const Registry& registry, NextHops& next_hops)
        : registry_{registry}, next_hops_{next_hops} {}

    /// That peers are heard; every 100 ms, all sessions within 10 s.
    void confirm();
    /// That the session may have failed because the neighbour has moved.
    void on_change(const SessionRecord& record, const bfd::SessionEvent& event);

private:
    const Registry& registry_;
    NextHops& next_hops_;
    SessionId confirmed_;  ///< the last one of confirm()
};

}  // namespace tocsin::control::session
