#pragma once

#include "control/session/reconciler.hpp"
#include "control/session/registry.hpp"

#include <list>

namespace tocsin::control::session {

/// Takes the sessions with follow_link of ports that lose their link Down, a piece in each run().
class LinkLosses {
public:
    LinkLosses(Registry& registry, Reconciler& reconciler)
        : registry_{registry}, reconciler_{reconciler} {}

    /// The first piece at once.
    void on_link(PortId port, bool up);
    /// True when there is more.
    bool run();
    [[nodiscard]] bool idle() const noexcept { return losses_.empty(); }

private:
    struct LinkLoss {
        PortId port;
        SessionId next{};  ///< sessions up to here were told
        SessionId last;    ///< and those after this one are not meant
    };

    Registry& registry_;
    Reconciler& reconciler_;
    std::list<LinkLoss> losses_;  ///< the first one is under way
};

}  // namespace tocsin::control::session
