#pragma once

#include "control/base/result.hpp"
#include "control/config/diff.hpp"
#include "control/session/filter.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/watch_hub.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tocsin::control::session {

/// A session by its addresses; port and local may be left out while the remote is unambiguous.
struct PeerSelector {
    IpAddress remote;
    IpAddress local{};   ///< family None: any
    std::string port{};  ///< empty: any
};
/// How a person or a program names one session.
using Selector = std::variant<SessionId, std::string, Discriminator, PeerSelector>;

struct Page {
    std::vector<SessionView> sessions;  ///< by id
    SessionId next_after;               ///< continue behind this one; 0 = that was all
    std::uint64_t total = 0;            ///< sessions that match
};

/// What became of sessions that were added each by itself.
struct AddedEach {
    struct Refusal {
        std::size_t index = 0;  ///< in what was given
        Error error;            ///< `where` is the member: name, remote, port; empty = all of it
    };
    std::size_t added = 0;
    std::vector<Refusal> refused;
};

/// What became of sessions that a filter chose.
struct RemovedMatching {
    std::size_t removed = 0;
    std::size_t kept = 0;  ///< match, but belong to another origin
};

/// What a reload did.
struct Applied {
    std::size_t added = 0;
    std::size_t removed = 0;
    std::size_t changed = 0;
};

/// The desired sessions and all that is asked of them. Control thread only; long work is cut into
/// pieces, between which the workers' events are taken.
class Manager final : private Observer {
public:
    struct Settings {
        std::uint32_t max_sessions = 0;
        std::uint64_t seed = 0;         ///< of source ports
        std::uint32_t in_flight = 512;  ///< unanswered commands for each worker
    };
    using PageDone = std::function<void(Page)>;
    using RemovedDone = std::function<void(RemovedMatching)>;

    /// What to list. `after` and `total` are those of the page before.
    struct Listing {
        Filter filter{};
        SessionId after{};
        std::uint64_t total = 0;  ///< for a later page; the first one counts
        std::size_t limit = 0;
        bool fresh = true;  ///< ask the workers for counters first
    };

    /// How long a list waits for the workers' counters before it shows what is known.
    static constexpr std::chrono::milliseconds kRefreshTime{500};

    Manager(std::vector<SessionPort> ports, message::Dataplane& dataplane, NextHops& next_hops,
            Settings settings);

    /// Is told of everything after the watchers; for logs. nullptr: nobody.
    void set_listener(Observer* listener) noexcept { listener_ = listener; }
    /// Is called between two pieces of long work, about every millisecond.
    void set_between_pieces(std::function<void()> f) { between_pieces_ = std::move(f); }

    /// All or none. ALREADY_EXISTS for a second session of a name or of port, family and remote
    /// (RFC 5881 3); RESOURCE_EXHAUSTED above max_sessions, and for sessions of the API that ask
    /// for more than the capacity. Errors name `list`[index], or the session itself when `list` is
    /// empty.
    [[nodiscard]] Result<std::vector<SessionId>> add(std::span<const config::Session> sessions,
                                                     Origin origin, std::string_view list);
    /// Each session by itself, in order; at most a few thousand, since the loop waits for it. The
    /// errors are those of add().
    [[nodiscard]] AddedEach add_each(std::span<const config::Session> sessions, Origin origin);
    /// All or none. FAILED_PRECONDITION when one belongs to another origin.
    [[nodiscard]] Result<Ok> remove(std::span<const SessionId> ids, Origin origin,
                                    std::string_view list);
    /// The sessions of this origin that exist now and match when their turn comes; `done` is called
    /// from poll().
    void remove_matching(const Filter& filter, Origin origin, RemovedDone done);
    /// New intervals, detect_mult, match_source, passive; changed intervals by a Poll Sequence, RFC
    /// 5880 6.8.3.
    [[nodiscard]] Result<Ok> update(SessionId id, const bfd::SessionParameters& parameters,
                                    Origin origin);
    /// RFC 5880 6.8.16. Any origin: it is an operator's decision of the moment. Unknown ids are
    /// skipped.
    void set_admin(std::span<const SessionId> ids, bool down);
    /// Takes the sessions of origin Config to a new file, all or nothing: on an error nothing has
    /// changed.
    [[nodiscard]] Result<Applied> apply(const config::Diff& diff);
    /// From now on every session is removed, a piece at a time by poll(); see finished().
    void remove_all() noexcept { removing_all_ = true; }
    /// Nothing is added any more.
    [[nodiscard]] bool removing_all() const noexcept { return removing_all_; }
    [[nodiscard]] bool finished() const noexcept {
        return registry_.size() == 0 && reconciler_.leaving() == 0;
    }

    /// What the workers carry, and whether sessions that ask for more are refused: to be told again
    /// whenever it changes. Before: nothing is refused.
    void set_capacity(load::Capacity capacity, bool refuse);
    /// See Reconciler.
    void set_overloaded(WorkerId worker, bool overloaded) {
        reconciler_.set_overloaded(worker, overloaded);
    }
    void admit_waiting() { reconciler_.admit_waiting(); }
    [[nodiscard]] const load::Demand& demand() const noexcept { return reconciler_.demand(); }
    [[nodiscard]] const load::Demand& demand(WorkerId worker) const noexcept {
        return reconciler_.demand(worker);
    }

    /// Deleted sessions whose peer may not have heard of AdminDown yet.
    [[nodiscard]] std::size_t leaving() const noexcept { return reconciler_.leaving(); }

    [[nodiscard]] Result<SessionId> resolve(const Selector& selector);
    [[nodiscard]] std::optional<SessionView> view(SessionId id);
    /// Sessions with ids above `after` that match; `done` is called from poll().
    void list(Listing listing, PageDone done);
    /// These sessions with fresh counters, in this order; those that are gone are left out.
    void fetch(std::vector<SessionId> ids, PageDone done);

    void on_neighbor(PortId port, const IpAddress& next_hop) {
        reconciler_.neighbor_changed(port, next_hop);
    }
    /// A port that loses its link takes its sessions with follow_link Down at once.
    void on_link(PortId port, bool up);
    /// Tells the neighbour tables of peers that BFD hears; every 100 ms, all sessions within 10 s.
    void confirm_neighbors();

    /// Events, commands, watchers, lists. How long the loop may wait for the next call; kIdleWait
    /// when it is only to see whether a worker has something new.
    [[nodiscard]] std::chrono::microseconds poll();
    static constexpr std::chrono::microseconds kIdleWait{1000};

    [[nodiscard]] WatchHub& hub() noexcept { return hub_; }
    [[nodiscard]] Registry& registry() noexcept { return registry_; }
    [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
    [[nodiscard]] bool idle() const noexcept {
        return reconciler_.idle() && refreshes_.empty() && removals_.empty() &&
               link_losses_.empty();
    }
    [[nodiscard]] std::uint32_t max_sessions() const noexcept { return settings_.max_sessions; }

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
        PageDone done;
    };
    /// Work on many sessions, a piece in each poll().
    struct Removal {
        Filter filter;
        Origin origin{};
        SessionId next{};  ///< sessions up to here were looked at
        SessionId last;    ///< and from here on they are not meant
        RemovedMatching result;
        RemovedDone done;
    };
    struct LinkLoss {
        PortId port;
        SessionId next{};
        SessionId last;
    };

    void added(const SessionRecord& record) override;
    void changed(const SessionRecord& record, const bfd::SessionEvent& event) override;
    void deleted(const SessionRecord& record) override;
    void refused(const SessionRecord& record, const char* command, bfd::Status status) override;

    void signal_link_losses(std::size_t budget);
    void run_removals();
    [[nodiscard]] std::optional<Error> check_room(std::size_t more) const;
    /// Of what comes instead of `less`.
    [[nodiscard]] std::optional<Error> check_demand(const load::Demand& more,
                                                    const load::Demand& less) const;
    /// The same for sessions that stay on their worker.
    [[nodiscard]] std::optional<Error> check_demand(WorkerId worker, const load::Demand& more,
                                                    const load::Demand& less) const;
    [[nodiscard]] std::optional<Error> check_new(const config::Session& session);
    [[nodiscard]] std::optional<Error> check_diff(const config::Diff& diff);
    void give_up_names(const config::Diff& diff);
    SessionRecord& insert(const config::Session& session, Origin origin);
    void erase(SessionRecord& record);
    void change(SessionRecord& record, const config::SessionChange& change);
    void between_pieces(std::size_t done);
    bool choose(Refresh& refresh, std::size_t& budget);
    void ask_workers(const std::shared_ptr<Refresh>& refresh);
    bool run_refreshes();
    [[nodiscard]] SessionRecord* find(const config::Session& session);
    [[nodiscard]] SessionView make_view(const SessionRecord& record) const;

    Settings settings_;
    message::Dataplane& dataplane_;
    NextHops& next_hops_;
    Totals totals_;
    Registry registry_;
    Reconciler reconciler_;
    WatchHub hub_;
    Observer* listener_ = nullptr;
    std::function<void()> between_pieces_;
    std::list<std::shared_ptr<Refresh>> refreshes_;
    std::list<Removal> removals_;
    std::list<LinkLoss> link_losses_;
    SessionId confirmed_;  ///< the last one of confirm_neighbors()
    bool removing_all_ = false;
    std::uint32_t reloads_ = 0;  ///< that were looked at
    load::Capacity capacity_;
    bool refuse_ = false;  ///< what is above it
};

}  // namespace tocsin::control::session
