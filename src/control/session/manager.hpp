#pragma once

#include "control/auth/chains.hpp"
#include "control/base/result.hpp"
#include "control/config/diff.hpp"
#include "control/session/admission.hpp"
#include "control/session/desired_set.hpp"
#include "control/session/filter.hpp"
#include "control/session/history_view.hpp"
#include "control/session/link_losses.hpp"
#include "control/session/listings.hpp"
#include "control/session/neighbor_proof.hpp"
#include "control/session/notifier.hpp"
#include "control/session/pieces.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/reflectors.hpp"
#include "control/session/reload.hpp"
#include "control/session/removals.hpp"
#include "control/session/selector.hpp"
#include "control/session/watch_hub.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tocsin::control::session {

/// What became of sessions that were added each by itself.
struct AddedEach {
    struct Refusal {
        std::size_t index = 0;  ///< in what was given
        Error error;            ///< `where` is the member: name, remote, port; empty = all of it
    };
    std::size_t added = 0;
    std::vector<Refusal> refused;
};

/// The desired sessions and all that is asked of them. Control thread only; long work is cut into
/// pieces, between which the workers' events are taken.
class Manager final : private Observer {
public:
    struct Settings {
        std::uint32_t max_sessions = 0;
        std::uint64_t seed = 0;          ///< of source ports
        std::uint32_t in_flight = 512;   ///< unanswered commands for each worker
        bool authentication = false;     ///< the dataplane has room for it
        bool echo = false;               ///< likewise, for Echo packets of our own
        bool congestion_control = true;  ///< likewise
        bool overlays = false;           ///< likewise, for the longest headers
        bool history = false;            ///< likewise
    };
    using Listing = session::Listing;

    static constexpr std::chrono::milliseconds kRefreshTime = Listings::kRefreshTime;

    Manager(std::vector<SessionPort> ports, message::Dataplane& dataplane, NextHops& next_hops,
            Settings settings);
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    /// Is told of everything after the watchers; for logs. nullptr: nobody.
    void set_listener(Observer* listener) noexcept { listener_ = listener; }
    /// Is called between two pieces of long work, about every millisecond.
    void set_between_pieces(std::function<void()> f) { pieces_.set_between(std::move(f)); }

    /// All or none. ALREADY_EXISTS for a second session of a name or of port, family and remote
    /// (RFC 5881 3); RESOURCE_EXHAUSTED above max_sessions, and for sessions of the API that ask
    /// for more than the capacity. Errors name `list`[index], or the session itself when `list` is
    /// empty.
    [[nodiscard]] Result<std::vector<SessionId>> add(std::span<const config::Session> sessions,
                                                     Origin origin, std::string_view list);
    /// Each session by itself, in order; at most a few thousand, since the loop waits for it. The
    /// errors are those of add().
    [[nodiscard]] AddedEach add_each(std::span<const config::Session> sessions, Origin origin);
    /// A session of origin Unsolicited; `first`, which asked for it, is what it receives first. The
    /// errors are those of add().
    [[nodiscard]] Result<SessionId> add_unsolicited(const config::Session& session,
                                                    const message::EarlyPacket& first);
    /// Ends one if it is still of origin Unsolicited. `silently`: its peer is not told, nothing is
    /// sent any more.
    void end_unsolicited(SessionId id, bool silently);
    /// The peer of an egress session has said again who it is: RFC 5884 6,
    /// Engine::set_parameters().
    void name_peer(SessionId id);
    /// Is given packets that found no session, from within poll(): it must not change sessions.
    void set_on_early(std::function<void(const message::EarlyPacket&)> f) {
        on_early_ = std::move(f);
    }
    /// All or none. FAILED_PRECONDITION when one belongs to another origin.
    [[nodiscard]] Result<Ok> remove(std::span<const SessionId> ids, Origin origin,
                                    std::string_view list);
    /// The sessions of this origin that exist now and match when their turn comes; `done` is called
    /// from poll().
    void remove_matching(const Filter& filter, Origin origin, Removals::Done done) {
        removals_.remove_matching(filter, origin, std::move(done));
    }
    /// How many sessions the ends of a tunnel may have between them, from now on.
    void set_tunnels(const config::TunnelSettings& tunnels) { admission_.set_tunnels(tunnels); }
    /// New intervals, detect_mult, match_source, passive, min_ttl, dscp, padding, authentication,
    /// follow_link, interval alignment and when clients are told; intervals by a Poll Sequence, RFC
    /// 5880 6.8.3.
    [[nodiscard]] Result<Ok> update(SessionId id, const config::Session& to, Origin origin);
    /// RFC 5880 6.8.16. Any origin: it is an operator's decision of the moment. Unknown ids are
    /// skipped.
    void set_admin(std::span<const SessionId> ids, bool down);
    /// A Poll Sequence on those that are Up, RFC 5880 6.5. Unknown ids are skipped.
    void start_poll(std::span<const SessionId> ids);
    /// Ends the dampening of these sessions, of any origin. Unknown ids are skipped.
    void clear_dampening(std::span<const SessionId> ids) { notifier_.clear_dampening(ids); }
    /// Takes the sessions of origin Config to a new file, all or nothing: on an error nothing has
    /// changed.
    [[nodiscard]] Result<Applied> apply(const config::Diff& diff) { return reload_.apply(diff); }
    /// From now on every session is removed, a piece at a time by poll(); see finished().
    void remove_all() noexcept {
        admission_.close();
        removals_.remove_all();
    }
    /// Nothing is added any more.
    [[nodiscard]] bool removing_all() const noexcept { return admission_.closed(); }
    [[nodiscard]] bool finished() const noexcept {
        return registry_.size() == 0 && reconciler_.leaving() == 0;
    }

    /// The key chains of the file, before its sessions are added; later ones come with apply().
    void set_key_chains(std::vector<auth::KeyChain> chains) {
        chains_.set(std::move(chains), wall_now());
    }
    /// About once a second: keys whose time has come are told to the workers.
    [[nodiscard]] std::vector<auth::Chains::News> look_at_keys() {
        return chains_.look(wall_now());
    }
    [[nodiscard]] const auth::Chains& chains() const noexcept { return chains_; }
    [[nodiscard]] auth::WallTime wall_now() const;

    /// The reflectors of S-BFD.
    [[nodiscard]] Reflectors& reflectors() noexcept { return reflectors_; }

    /// What the workers carry, and whether sessions that ask for more are refused: to be told again
    /// whenever it changes. Before: nothing is refused.
    void set_capacity(load::Capacity capacity, bool refuse) {
        admission_.set_capacity(std::move(capacity), refuse);
    }
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

    [[nodiscard]] Result<SessionId> resolve(const Selector& selector) {
        return session::resolve(selector, registry_, reconciler_);
    }
    [[nodiscard]] std::optional<SessionView> view(SessionId id);
    /// Sessions with ids above `after` that match; `done` is called from poll().
    void list(Listing listing, Listings::Done done) {
        listings_.list(std::move(listing), std::move(done));
    }
    /// These sessions with fresh counters, in this order; those that are gone are left out.
    void fetch(std::vector<SessionId> ids, Listings::Done done) {
        listings_.fetch(std::move(ids), std::move(done));
    }

    /// The last packets of a session. `done` is called from poll(), or at once with why not.
    void history(SessionId id, std::function<void(Result<HistoryView>)> done);

    void on_neighbor(PortId port, const IpAddress& next_hop) {
        reconciler_.neighbor_changed(port, next_hop);
    }
    /// A port that loses its link takes its sessions with follow_link Down at once.
    void on_link(PortId port, bool up) { link_losses_.on_link(port, up); }
    /// Tells the neighbour tables of peers that BFD hears; every 100 ms, all sessions within 10 s.
    void confirm_neighbors() { neighbor_proof_.confirm(); }

    /// Events, commands, watchers, lists. How long the loop may wait for the next call; kIdleWait
    /// when it is only to see whether a worker has something new.
    [[nodiscard]] std::chrono::microseconds poll();
    static constexpr std::chrono::microseconds kIdleWait{1000};

    /// Until poll() has to tell clients of something that it holds back; nullopt: nothing is.
    [[nodiscard]] std::optional<std::chrono::microseconds> holds_for() const {
        return notifier_.idle_for();
    }

    [[nodiscard]] WatchHub& hub() noexcept { return hub_; }
    [[nodiscard]] Registry& registry() noexcept { return registry_; }
    [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
    [[nodiscard]] bool idle() const noexcept {
        return reconciler_.idle() && listings_.idle() && removals_.idle() && link_losses_.idle();
    }
    [[nodiscard]] std::uint32_t max_sessions() const noexcept { return admission_.max_sessions(); }

private:
    void added(const SessionRecord& record) override;
    void changed(const SessionRecord& record, const bfd::SessionEvent& event) override;
    void deleted(const SessionRecord& record) override;
    void refused(const SessionRecord& record, const char* command, bfd::Status status) override;
    void early(const message::EarlyPacket& packet) override;
    void unmatched(const message::UnmatchedPacket& packet) override;
    /// That there is room for what the session asks for.
    [[nodiscard]] std::optional<Error> check_options(const config::Session& session) const;
    void align_intervals(const SessionRecord& record);
    void note_answered(const SessionRecord& record);

    message::Dataplane& dataplane_;
    NextHops& next_hops_;
    bool echo_;
    bool congestion_control_;
    bool overlays_;
    bool history_;
    Totals totals_;
    auth::Chains chains_;
    Registry registry_;
    Reconciler reconciler_;
    WatchHub hub_;
    Pieces pieces_;
    EchoLooping echo_looping_;
    MemberLinks member_links_;
    DesiredSet desired_;
    Reflectors reflectors_;
    Admission admission_;
    Reload reload_;
    Removals removals_;
    Listings listings_;
    LinkLosses link_losses_;
    NeighborProof neighbor_proof_;
    Notifier notifier_;
    std::unordered_set<std::uint64_t> unanswered_;  ///< initiators that never had a response
    Observer* listener_ = nullptr;
    std::function<void(const message::EarlyPacket&)> on_early_;
};

}  // namespace tocsin::control::session
