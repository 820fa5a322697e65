#pragma once

#include "control/load/demand.hpp"
#include "control/session/registry.hpp"
#include "control/session/sharded_map.hpp"
#include "control/session/source_ports.hpp"
#include "control/session/totals.hpp"
#include "control/session/worker_record.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace tocsin::control::session {

/// Which worker and slot a session gets, and when: sessions wait while every slot is taken (others
/// are still leaving) or every worker is overloaded. Knows what all of them ask for.
class Placement {
public:
    Placement(Registry& registry, std::vector<WorkerRecord>& workers, Totals& totals,
              std::uint64_t seed);

    /// Gives a new session a worker (that with the least to do), a slot and a source port, or lets
    /// it wait.
    void add(SessionRecord& record);
    /// Of a session whose record is about to be erased: no longer waits, or leaves its slot when
    /// the worker says so, see release(). `silently`: the worker sends nothing any more.
    void remove(SessionRecord& record, bool silently = false);
    /// The worker does not have the session of this slot any more.
    void release(WorkerRecord& w, Slot slot);

    /// Another source port for a session that its worker does not have.
    void change_source_port(SessionRecord& record);

    /// `record` still has the parameters before.
    void change_demand(const SessionRecord& record, const bfd::SessionParameters& parameters);
    void set_overloaded(WorkerId worker, bool overloaded);
    /// Places some of those that wait.
    void admit_waiting();

    /// Of all sessions, waiting ones included.
    [[nodiscard]] const load::Demand& demand() const noexcept { return demand_; }
    /// Slots of deleted sessions that are not free yet.
    [[nodiscard]] std::size_t leaving() const noexcept { return leaving_; }
    /// Nobody waits, or only for admit_waiting().
    [[nodiscard]] bool idle() const noexcept;

private:
    struct Place {
        WorkerId worker;
        Slot slot;
    };

    [[nodiscard]] bool place(SessionRecord& record);
    void place_waiting(std::size_t at_most);
    [[nodiscard]] WorkerRecord* lightest();

    Registry& registry_;
    std::vector<WorkerRecord>& workers_;
    Totals& totals_;
    SourcePorts source_ports_;
    SourcePorts initiator_ports_;
    load::Demand demand_;
    std::deque<SessionId> unplaced_;  ///< waiting ones, and some that are gone
    std::size_t waiting_ = 0;
    bool pacing_ = false;  ///< those that wait are placed by admit_waiting() alone
    std::size_t leaving_ = 0;
    ShardedMap<Registry::Identity, Place, Registry::IdentityHash> leaving_by_identity_;
    ShardedMap<std::uint64_t, Registry::Identity> leaving_identities_;  ///< by worker, slot
};

}  // namespace tocsin::control::session
