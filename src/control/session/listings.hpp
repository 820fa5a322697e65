#pragma once

#include "control/auth/chains.hpp"
#include "control/session/filter.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/registry.hpp"
#include "control/session/view.hpp"
#include "dataplane/message/dataplane.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

namespace tocsin::control::session {

struct Page {
    std::vector<SessionView> sessions;  ///< by id
    SessionId next_after;               ///< continue behind this one; 0 = that was all
    std::uint64_t total = 0;            ///< sessions that match
};

/// What to list. `after` and `total` are those of the page before.
struct Listing {
    Filter filter{};
    SessionId after{};
    std::uint64_t total = 0;  ///< for a later page; the first one counts
    std::size_t limit = 0;
    bool fresh = true;  ///< ask the workers for counters first
};

/// Lists of sessions that were asked for: chosen, refreshed by the workers and copied, a piece in
/// each run().
class Listings {
public:
    using Done = std::function<void(Page)>;

    /// How long a list waits for the workers' counters before it shows what is known.
    static constexpr std::chrono::milliseconds kRefreshTime{500};

    Listings(Registry& registry, Reconciler& reconciler, const auth::Chains& chains,
             const message::Dataplane& dataplane);

    /// Sessions with ids above `after` that match; `done` is called from run().
    void list(Listing listing, Done done);
    /// These sessions with fresh counters, in this order; those that are gone are left out.
    void fetch(std::vector<SessionId> ids, Done done);

    /// True when there is more to do at once.
    bool run();
    [[nodiscard]] bool idle() const noexcept { return refreshes_.empty(); }

private:
    struct Refresh {
        Listing listing;
        SessionId scanned;    ///< sessions up to here were looked at
        bool chosen = false;  ///< `ids` is complete
        bool asked = false;   ///< the workers were asked for what `ids` needs
        std::vector<SessionId> ids;
        std::size_t unanswered = 0;
        std::size_t viewed = 0;
        Instant deadline;
        Page page;
        Done done;
    };

    bool choose(Refresh& refresh, std::size_t& budget);
    void ask_workers(const std::shared_ptr<Refresh>& refresh);

    Registry& registry_;
    Reconciler& reconciler_;
    const auth::Chains& chains_;
    const message::Dataplane& dataplane_;
    std::list<std::shared_ptr<Refresh>> refreshes_;
};

}  // namespace tocsin::control::session
