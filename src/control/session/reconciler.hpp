#pragma once

#include "control/load/demand.hpp"
#include "control/session/command_queue.hpp"
#include "control/session/next_hops.hpp"
#include "control/session/observer.hpp"
#include "control/session/registry.hpp"
#include "control/session/sharded_map.hpp"
#include "control/session/source_ports.hpp"
#include "control/session/totals.hpp"
#include "control/session/worker_slots.hpp"
#include "dataplane/message/dataplane.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

namespace tocsin::control::session {

/// Makes the workers have the sessions that the registry wants, and keeps the registry's picture of
/// their state. Level-triggered: a session is in its worker's queue at most once, with a set of
/// needs, so that any number of changes costs bounded memory and the last one always arrives. What
/// a worker refuses is tried again after kRetry.
class Reconciler {
public:
    using Done = std::function<void()>;

    static constexpr std::chrono::milliseconds kRetry{250};
    /// Events that one call of poll() takes from one worker.
    static constexpr std::size_t kEventsPerPoll = 1024;
    /// Sessions that one call of poll() looks through for a next hop that has changed.
    static constexpr std::size_t kScannedPerPoll = 4096;

    Reconciler(Registry& registry, message::Dataplane& dataplane, NextHops& next_hops,
               Observer& observer, Totals& totals, std::uint64_t seed, std::uint32_t in_flight);

    /// Gives a new session a worker (that with the least to do), a slot and a source port. When
    /// every slot is taken (others are still leaving) or every worker is overloaded it waits.
    void add(SessionRecord& record);
    /// Ends a session whose record is about to be erased: AdminDown for as long as RFC 5880 6.8.16
    /// asks, then its slot is free again.
    void remove(SessionRecord& record);
    void set_parameters(SessionRecord& record, const bfd::SessionParameters& parameters);
    /// An overloaded worker keeps its sessions and gets no others.
    void set_overloaded(WorkerId worker, bool overloaded);
    /// Once a second: places some of those that waited, not all of them at once, so that their load
    /// is seen before the next ones come.
    void admit_waiting();
    /// Of all sessions, waiting ones included.
    [[nodiscard]] const load::Demand& demand() const noexcept { return demand_; }
    [[nodiscard]] const load::Demand& demand(WorkerId worker) const noexcept {
        return workers_[worker.value].demand;
    }
    /// admin_down or dscp of the record were changed.
    void need(SessionRecord& record, Need what);
    /// Asks the worker for the variables and counters of a session; `done` is called when the
    /// record has them, or cannot get them any more.
    void query(SessionRecord& record, Done done);
    /// The MAC of a neighbour became known, changed or was given up.
    void neighbor_changed(PortId port, const IpAddress& next_hop);

    /// Takes events from the workers and gives them commands, bounded work. True when there is
    /// more.
    bool poll();

    /// Slots of deleted sessions that are not free yet.
    [[nodiscard]] std::size_t leaving() const noexcept { return leaving_; }
    [[nodiscard]] bool idle() const noexcept;
    /// The session with this discriminator; nullptr when there is none.
    [[nodiscard]] SessionRecord* find(Discriminator local_discr);

private:
    struct Worker {
        WorkerId id;
        message::WorkerLink* link;
        WorkerSlots slots;
        CommandQueue commands;
        std::deque<Slot> queue;
        load::Demand demand;
        bool overloaded = false;
        std::unordered_map<std::uint64_t, std::vector<Done>> queries;  ///< by request id
        std::unordered_map<std::uint32_t, std::vector<Done>> asked;    ///< by slot, not sent yet
    };
    struct Retry {
        Instant at;
        WorkerId worker;
        bfd::SessionHandle session;
        std::uint8_t needs;
    };
    /// Sessions behind a gateway whose MAC has changed, those above `done` are still to be told.
    struct Scan {
        PortId port;
        IpAddress next_hop;
        SessionId done{};
    };
    struct Place {
        WorkerId worker;
        Slot slot;
    };

    bool place(SessionRecord& record);
    void place_waiting(std::size_t at_most);
    [[nodiscard]] Worker* lightest();
    void enqueue(Worker& w, Slot slot, std::uint8_t needs);
    void set_status(SessionRecord& record, const bfd::SessionSnapshot& now);
    bool receive(Worker& w);
    bool pump(Worker& w);
    bool send_next(Worker& w, Slot slot, SlotEntry& entry);
    bool send_query(Worker& w, Slot slot, const SessionRecord& record);
    void on_reply(Worker& w, message::RequestId id, bfd::Status status);
    void on_refusal(Worker& w, const CommandQueue::InFlight& what, SlotEntry& entry,
                    bfd::Status status);
    void on_snapshot(Worker& w, message::RequestId id, const bfd::SessionSnapshot& snapshot);
    void on_event(Worker& w, const bfd::SessionEvent& event);
    void answer_queries(Worker& w, message::RequestId id);
    void release(Worker& w, Slot slot);
    void run_retries();
    bool run_scans();
    [[nodiscard]] overlay::HeaderTemplate headers(const SessionRecord& record) const;
    [[nodiscard]] SessionKey key(const SessionRecord& record) const;

    Registry& registry_;
    message::Dataplane& dataplane_;
    NextHops& next_hops_;
    Observer& observer_;
    Totals& totals_;
    SourcePorts source_ports_;
    std::vector<Worker> workers_;
    std::deque<Retry> retries_;       ///< oldest first, all wait equally long
    std::deque<SessionId> unplaced_;  ///< waiting ones, and some that are gone
    std::size_t waiting_ = 0;
    bool pacing_ = false;  ///< those that wait are placed by admit_waiting() alone
    load::Demand demand_;
    std::deque<Scan> scans_;  ///< the first one is under way
    std::size_t leaving_ = 0;
    ShardedMap<Registry::Identity, Place, Registry::IdentityHash> leaving_by_identity_;
    ShardedMap<std::uint64_t, Registry::Identity> leaving_identities_;  ///< by worker, slot
};

}  // namespace tocsin::control::session
