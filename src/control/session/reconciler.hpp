#pragma once

#include "control/session/command_pump.hpp"
#include "control/session/early_packets.hpp"
#include "control/session/event_receiver.hpp"
#include "control/session/next_hop_scans.hpp"
#include "control/session/observer.hpp"
#include "control/session/placement.hpp"
#include "control/session/registry.hpp"
#include "control/session/totals.hpp"
#include "control/session/worker_record.hpp"
#include "dataplane/message/dataplane.hpp"

#include <cstdint>
#include <vector>

namespace tocsin::control::session {

/// Makes the workers have the sessions that the registry wants, and keeps the registry's picture of
/// their state. Level-triggered: a session is in its worker's queue at most once, with a set of
/// needs, so that any number of changes costs bounded memory and the last one always arrives.
class Reconciler {
public:
    using Done = WorkerRecord::Done;

    static constexpr std::chrono::milliseconds kRetry = EventReceiver::kRetry;

    Reconciler(Registry& registry, message::Dataplane& dataplane, NextHops& next_hops,
               Observer& observer, Totals& totals, std::uint64_t seed, std::uint32_t in_flight);
    Reconciler(const Reconciler&) = delete;
    Reconciler& operator=(const Reconciler&) = delete;

    /// Gives a new session a next hop and a place, see Placement.
    void add(SessionRecord& record);
    /// Ends a session whose record is about to be erased: AdminDown for as long as RFC 5880 6.8.16
    /// asks, then its slot is free again. `silently`: at once, and nothing is sent.
    void remove(SessionRecord& record, bool silently = false);
    /// Received by the session's worker as soon as that has it; lost when the worker does not keep
    /// up, as on any wire.
    void hear_first(const SessionRecord& record, const message::EarlyPacket& packet) {
        early_.keep(record.id, packet);
    }
    void set_parameters(SessionRecord& record, const bfd::SessionParameters& parameters);
    /// An overloaded worker keeps its sessions and gets no others.
    void set_overloaded(WorkerId worker, bool overloaded) {
        placement_.set_overloaded(worker, overloaded);
    }
    /// Once a second: places some of those that waited, not all of them at once, so that their load
    /// is seen before the next ones come.
    void admit_waiting() { placement_.admit_waiting(); }
    /// Of all sessions, waiting ones included.
    [[nodiscard]] const load::Demand& demand() const noexcept { return placement_.demand(); }
    [[nodiscard]] const load::Demand& demand(WorkerId worker) const noexcept {
        return workers_[worker.value].demand;
    }
    /// The keys of a number of SessionParameters::key_chain; workers hear of them before anything
    /// that is asked for later.
    void set_keys(std::uint16_t number, const KeySender::Keys& keys);
    /// The reflectors of S-BFD from now on; workers hear of their keys before.
    void set_reflectors(const ReflectorSender::Order& order);
    /// admin_down or dscp of the record were changed.
    void need(SessionRecord& record, Need what);
    /// Asks the worker for the variables and counters of a session; `done` is called when the
    /// record has them, or cannot get them any more.
    void query(SessionRecord& record, Done done);
    /// Asks the worker for the packets of a session; `done` is called at once for one that no
    /// worker has yet. False: too many are asking.
    [[nodiscard]] bool read_history(const SessionRecord& record, HistoryReader::Done done);
    /// The MAC of a neighbour became known, changed or was given up.
    void neighbor_changed(PortId port, const IpAddress& next_hop) {
        scans_.neighbor_changed(port, next_hop);
    }

    /// Takes events from the workers and gives them commands, bounded work. True when there is
    /// more.
    bool poll();

    /// Slots of deleted sessions that are not free yet.
    [[nodiscard]] std::size_t leaving() const noexcept { return placement_.leaving(); }
    [[nodiscard]] bool idle() const noexcept;
    /// The session with this discriminator; nullptr when there is none.
    [[nodiscard]] SessionRecord* find(Discriminator local_discr);

private:
    message::Dataplane& dataplane_;
    NextHops& next_hops_;
    Observer& observer_;
    Totals& totals_;
    std::vector<WorkerRecord> workers_;
    Placement placement_;
    NextHopScans scans_;
    EarlyPackets early_;
    CommandPump commands_;
    EventReceiver events_;
};

}  // namespace tocsin::control::session
