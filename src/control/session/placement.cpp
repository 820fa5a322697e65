#include "control/session/placement.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tocsin::control::session {

namespace {

/// Of those that wait, in a second: so many, or this part of those that were placed.
constexpr std::size_t kAdmittedAtLeast = 64;
constexpr std::size_t kAdmittedPart = 20;

constexpr std::uint64_t slot_key(WorkerId worker, Slot slot) {
    return static_cast<std::uint64_t>(worker.value) << 32U | slot.value;
}

}  // namespace

Placement::Placement(Registry& registry, std::vector<WorkerRecord>& workers, Totals& totals,
                     std::uint64_t seed)
    : registry_{registry},
      workers_{workers},
      totals_{totals},
      source_ports_{seed},
      initiator_ports_{~seed, SourcePorts::kFirstOfInitiators} {}

void Placement::add(SessionRecord& record) {
    demand_ += load::demand_of(record.parameters);
    if ((pacing_ && waiting_ != 0) || !place(record)) {
        if (record.waiting == Waiting::No) record.waiting = Waiting::ForLoad;
        unplaced_.push_back(record.id);
        totals_.waiting.set(++waiting_);
    }
}

void Placement::remove(SessionRecord& record, bool silently) {
    demand_ -= load::demand_of(record.parameters);
    if (record.waiting != Waiting::No) {  // its id stays in the queue and is skipped there
        totals_.waiting.set(--waiting_);
        return;
    }
    WorkerRecord& w = workers_[record.worker.value];
    w.demand -= load::demand_of(record.parameters);
    const Slot slot = record.handle.slot;
    SlotEntry& entry = w.slots.at(slot);
    if (const auto waiting = w.asked.extract(slot.value)) {
        for (const WorkerRecord::Done& done : waiting.mapped()) done();
    }
    if (entry.phase == SlotPhase::Wanted) {  // the worker has never heard of it
        release(w, slot);
        return;
    }
    entry.owner = nullptr;
    entry.phase = SlotPhase::Leaving;
    entry.needs = 0;
    const auto identity = registry_.identity(record);
    *leaving_by_identity_.try_emplace(identity).first = {.worker = w.id, .slot = slot};
    *leaving_identities_.try_emplace(slot_key(w.id, slot)).first = identity;
    totals_.leaving.set(++leaving_);
    w.enqueue(slot, silently ? kNeedDeleteNow : kNeedDelete);
}

void Placement::release(WorkerRecord& w, Slot slot) {
    SlotEntry& entry = w.slots.at(slot);
    source_ports_.release(entry.source_port);  // one of the two
    initiator_ports_.release(entry.source_port);
    if (entry.phase == SlotPhase::Leaving) {
        totals_.leaving.set(--leaving_);
        if (const auto identity = leaving_identities_.take(slot_key(w.id, slot))) {
            const Place* const place = leaving_by_identity_.find(*identity);
            if (place != nullptr && place->worker == w.id && place->slot == slot) {
                leaving_by_identity_.erase(*identity);
            }
        }
    }
    w.slots.free(slot);
    if (!pacing_) place_waiting(waiting_);
}

void Placement::change_source_port(SessionRecord& record) {
    SlotEntry& entry = workers_[record.worker.value].slots.at(record.handle.slot);
    record.source_port = source_ports_.acquire();
    source_ports_.release(entry.source_port);
    entry.source_port = record.source_port;
}

void Placement::change_demand(const SessionRecord& record,
                              const bfd::SessionParameters& parameters) {
    const load::Demand before = load::demand_of(record.parameters);
    const load::Demand now = load::demand_of(parameters);
    demand_ -= before;
    demand_ += now;
    if (record.waiting == Waiting::No) {
        load::Demand& of_worker = workers_[record.worker.value].demand;
        of_worker -= before;
        of_worker += now;
    }
}

void Placement::set_overloaded(WorkerId worker, bool overloaded) {
    WorkerRecord& w = workers_[worker.value];
    pacing_ |= w.overloaded && !overloaded && waiting_ != 0;
    w.overloaded = overloaded;
}

void Placement::admit_waiting() {
    std::size_t placed = 0;
    for (const WorkerRecord& w : workers_) placed += w.slots.in_use();
    place_waiting(std::max(kAdmittedAtLeast, placed / kAdmittedPart));
    pacing_ &= waiting_ != 0;
}

bool Placement::idle() const noexcept {
    // For those that wait for their load there may be nothing to do for hours.
    return waiting_ == 0 || pacing_ || std::ranges::all_of(workers_, &WorkerRecord::overloaded);
}

void Placement::place_waiting(std::size_t at_most) {
    for (std::size_t n = 0; waiting_ != 0 && n < at_most;) {
        SessionRecord* const record = registry_.find(unplaced_.front());
        if (record != nullptr) {
            if (!place(*record)) return;
            totals_.waiting.set(--waiting_);
            ++n;
        }
        unplaced_.pop_front();
    }
    if (waiting_ == 0) unplaced_.clear();
}

WorkerRecord* Placement::lightest() {
    const auto rank = [](const WorkerRecord& w) {
        return std::pair{w.demand.rx + w.demand.tx, w.slots.in_use()};
    };
    WorkerRecord* best = nullptr;
    for (WorkerRecord& w : workers_) {
        if (w.overloaded || w.slots.in_use() == w.slots.capacity()) continue;
        if (best == nullptr || rank(w) < rank(*best)) best = &w;
    }
    return best;
}

bool Placement::place(SessionRecord& record) {
    WorkerRecord* chosen = nullptr;
    const Place* const before = leaving_by_identity_.find(registry_.identity(record));
    if (before != nullptr) {
        // The session before must be gone first, or both would talk to the peer: same worker, whose
        // queue keeps the order; when that one is full, its slot will be free in a moment.
        WorkerRecord& w = workers_[before->worker.value];
        w.enqueue(before->slot, kNeedDeleteNow);
        chosen = &w;
    } else {
        chosen = lightest();
    }
    const auto handle = chosen == nullptr ? std::nullopt : chosen->slots.take();
    if (!handle) {
        const bool load =
            chosen == nullptr && std::ranges::any_of(workers_, &WorkerRecord::overloaded);
        record.waiting = load ? Waiting::ForLoad : Waiting::ForSlot;
        return false;
    }
    record.waiting = Waiting::No;
    chosen->demand += load::demand_of(record.parameters);
    record.worker = chosen->id;
    record.handle = *handle;
    record.status.session = *handle;
    const bool initiator = record.type == SessionType::Sbfd;
    record.source_port = initiator ? initiator_ports_.acquire() : source_ports_.acquire();
    SlotEntry& entry = chosen->slots.at(handle->slot);
    entry.owner = &record;
    entry.source_port = record.source_port;
    chosen->enqueue(handle->slot, kNeedAdd);
    return true;
}

}  // namespace tocsin::control::session
