#include "control/session/reconciler.hpp"

#include "overlay/single_hop.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace tocsin::control::session {

namespace {

/// Of those that wait, in a second: so many, or this part of those that were placed.
constexpr std::size_t kAdmittedAtLeast = 64;
constexpr std::size_t kAdmittedPart = 20;

constexpr std::uint64_t slot_key(WorkerId worker, Slot slot) {
    return static_cast<std::uint64_t>(worker.value) << 32U | slot.value;
}

/// The sessions of a million events lie all over the memory: it is asked for those of all `events`
/// before the first is looked at.
void prefetch(const WorkerSlots& slots, std::span<const message::Event> events) {
    constexpr std::size_t kLine = 64;
    const auto slot_of = [&slots](const message::Event& e) -> const SlotEntry* {
        const auto* const event = std::get_if<bfd::SessionEvent>(&e.body);
        return event == nullptr ? nullptr : slots.place(event->now.session.slot);
    };
    for (const message::Event& e : events) {
        if (const SlotEntry* const entry = slot_of(e)) __builtin_prefetch(entry);
    }
    for (const message::Event& e : events) {
        const SlotEntry* const entry = slot_of(e);
        if (entry == nullptr || entry->owner == nullptr) continue;
        const auto* const record = reinterpret_cast<const char*>(entry->owner);
        for (std::size_t at = 0; at < sizeof(SessionRecord); at += kLine) {
            __builtin_prefetch(record + at, 1);
        }
    }
    // gcc takes a function that only prefetches for one without effect, and leaves the call out.
    asm volatile("");
}

constexpr const char* command_name(Need about) {
    switch (about) {
        case kNeedAdd:
            return "AddSession";
        case kNeedParameters:
            return "SetParameters";
        case kNeedAdmin:
            return "SetAdmin";
        case kNeedHeaders:
            return "SetHeaders";
        case kNeedPathDown:
            return "SignalPathDown";
        case kNeedQuery:
            return "QuerySession";
        case kNeedDelete:
        case kNeedDeleteNow:
            return "DeleteSession";
    }
    return "";
}

}  // namespace

Reconciler::Reconciler(Registry& registry, message::Dataplane& dataplane, NextHops& next_hops,
                       Observer& observer, Totals& totals, std::uint64_t seed,
                       std::uint32_t in_flight)
    : registry_{registry},
      dataplane_{dataplane},
      next_hops_{next_hops},
      observer_{observer},
      totals_{totals},
      source_ports_{seed} {
    workers_.reserve(dataplane.workers());
    const auto workers = static_cast<std::uint16_t>(dataplane.workers());
    for (std::uint16_t i = 0; i < workers; ++i) {
        const WorkerId id{i};
        message::WorkerLink& link = dataplane.worker(id);
        workers_.push_back({.id = id,
                            .link = &link,
                            .slots = {id, dataplane.slots_per_worker(), dataplane.discriminators()},
                            .commands = {link, in_flight},
                            .queue = {},
                            .demand = {},
                            .queries = {},
                            .asked = {}});
    }
}

void Reconciler::add(SessionRecord& record) {
    if (const auto hop = next_hops_.next_hop(record.port, record.remote)) {
        record.next_hop = *hop;
        next_hops_.track(record.port, *hop);
    }
    Counter& count = totals_.sessions[static_cast<std::size_t>(record.status.session_state)];
    count.set(count.get() + 1);
    demand_ += load::demand_of(record.parameters);
    if ((pacing_ && waiting_ != 0) || !place(record)) {
        if (record.waiting == Waiting::No) record.waiting = Waiting::ForLoad;
        unplaced_.push_back(record.id);
        totals_.waiting.set(++waiting_);
    }
    observer_.added(record);
}

void Reconciler::set_parameters(SessionRecord& record, const bfd::SessionParameters& parameters) {
    const load::Demand before = load::demand_of(record.parameters);
    const load::Demand now = load::demand_of(parameters);
    demand_ -= before;
    demand_ += now;
    if (record.waiting == Waiting::No) {
        load::Demand& of_worker = workers_[record.worker.value].demand;
        of_worker -= before;
        of_worker += now;
    }
    record.parameters = parameters;
    need(record, kNeedParameters);
}

void Reconciler::set_overloaded(WorkerId worker, bool overloaded) {
    Worker& w = workers_[worker.value];
    pacing_ |= w.overloaded && !overloaded && waiting_ != 0;
    w.overloaded = overloaded;
}

void Reconciler::admit_waiting() {
    std::size_t placed = 0;
    for (const Worker& w : workers_) placed += w.slots.in_use();
    place_waiting(std::max(kAdmittedAtLeast, placed / kAdmittedPart));
    pacing_ &= waiting_ != 0;
}

void Reconciler::place_waiting(std::size_t at_most) {
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

Reconciler::Worker* Reconciler::lightest() {
    const auto rank = [](const Worker& w) {
        return std::pair{w.demand.rx + w.demand.tx, w.slots.in_use()};
    };
    Worker* best = nullptr;
    for (Worker& w : workers_) {
        if (w.overloaded || w.slots.in_use() == w.slots.capacity()) continue;
        if (best == nullptr || rank(w) < rank(*best)) best = &w;
    }
    return best;
}

bool Reconciler::place(SessionRecord& record) {
    Worker* chosen = nullptr;
    const Place* const before =
        leaving_by_identity_.find(registry_.identity(record.port, record.remote));
    if (before != nullptr) {
        // The session before must be gone first, or both would talk to the peer: same worker, whose
        // queue keeps the order; when that one is full, its slot will be free in a moment.
        Worker& w = workers_[before->worker.value];
        enqueue(w, before->slot, kNeedDeleteNow);
        chosen = &w;
    } else {
        chosen = lightest();
    }
    const auto handle = chosen == nullptr ? std::nullopt : chosen->slots.take();
    if (!handle) {
        const bool load = chosen == nullptr && std::ranges::any_of(workers_, &Worker::overloaded);
        record.waiting = load ? Waiting::ForLoad : Waiting::ForSlot;
        return false;
    }
    record.waiting = Waiting::No;
    chosen->demand += load::demand_of(record.parameters);
    record.worker = chosen->id;
    record.handle = *handle;
    record.status.session = *handle;
    record.source_port = source_ports_.acquire();
    SlotEntry& entry = chosen->slots.at(handle->slot);
    entry.owner = &record;
    entry.source_port = record.source_port;
    enqueue(*chosen, handle->slot, kNeedAdd);
    return true;
}

void Reconciler::remove(SessionRecord& record) {
    if (record.next_hop.family != AddressFamily::None) {
        next_hops_.untrack(record.port, record.next_hop);
    }
    Counter& count = totals_.sessions[static_cast<std::size_t>(record.status.session_state)];
    count.set(count.get() - 1);
    observer_.deleted(record);
    demand_ -= load::demand_of(record.parameters);
    if (record.waiting != Waiting::No) {  // its id stays in the queue and is skipped there
        totals_.waiting.set(--waiting_);
        return;
    }
    Worker& w = workers_[record.worker.value];
    w.demand -= load::demand_of(record.parameters);
    const Slot slot = record.handle.slot;
    SlotEntry& entry = w.slots.at(slot);
    if (const auto waiting = w.asked.extract(slot.value)) {
        for (const Done& done : waiting.mapped()) done();
    }
    if (entry.phase == SlotPhase::Wanted) {  // the worker has never heard of it
        release(w, slot);
        return;
    }
    entry.owner = nullptr;
    entry.phase = SlotPhase::Leaving;
    entry.needs = 0;
    const auto identity = registry_.identity(record.port, record.remote);
    *leaving_by_identity_.try_emplace(identity).first = {.worker = w.id, .slot = slot};
    *leaving_identities_.try_emplace(slot_key(w.id, slot)).first = identity;
    totals_.leaving.set(++leaving_);
    enqueue(w, slot, kNeedDelete);
}

void Reconciler::need(SessionRecord& record, Need what) {
    if (record.handle.local_discr.value == 0) return;  // AddSession will carry it
    enqueue(workers_[record.worker.value], record.handle.slot, what);
}

void Reconciler::query(SessionRecord& record, Done done) {
    if (record.handle.local_discr.value == 0) return done();
    Worker& w = workers_[record.worker.value];
    w.asked[record.handle.slot.value].push_back(std::move(done));
    enqueue(w, record.handle.slot, kNeedQuery);
}

void Reconciler::neighbor_changed(PortId port, const IpAddress& next_hop) {
    // Without gateways a next hop is the remote itself; otherwise all sessions are looked through,
    // a piece at a time.
    SessionRecord* const direct = registry_.find_identity(port, next_hop);
    if (direct != nullptr && direct->next_hop == next_hop) {
        direct->next_hop_resolved = next_hops_.mac(port, next_hop).has_value();
        return need(*direct, kNeedHeaders);
    }
    // One that is under way has passed sessions already; one that waits will see all of them.
    const auto waiting = std::ranges::find_if(scans_, [&](const Scan& s) {
        return s.port == port && s.next_hop == next_hop && s.done.value == 0;
    });
    if (waiting == scans_.end()) scans_.push_back({.port = port, .next_hop = next_hop});
    static_cast<void>(run_scans());
}

/// True when there is more.
bool Reconciler::run_scans() {
    std::size_t budget = kScannedPerPoll;
    while (!scans_.empty() && budget != 0) {
        Scan& scan = scans_.front();
        const bool resolved = next_hops_.mac(scan.port, scan.next_hop).has_value();
        RecordTable& records = registry_.records();
        auto it = records.after(scan.done);
        for (; it != records.end() && budget != 0; ++it, --budget) {
            scan.done = it->id;
            if (it->port != scan.port || it->next_hop != scan.next_hop) continue;
            it->next_hop_resolved = resolved;
            need(*it, kNeedHeaders);
        }
        if (it == records.end()) scans_.pop_front();
    }
    return !scans_.empty();
}

bool Reconciler::poll() {
    run_retries();
    bool more = run_scans();
    for (Worker& w : workers_) {
        more |= receive(w);
        more |= pump(w);
    }
    return more;
}

bool Reconciler::idle() const noexcept {
    // For those that wait for their load there may be nothing to do for hours.
    const bool held = std::ranges::all_of(workers_, &Worker::overloaded);
    return (waiting_ == 0 || held || pacing_) && retries_.empty() && scans_.empty() &&
           std::ranges::all_of(workers_, [](const Worker& w) {
               return w.queue.empty() && w.commands.in_flight() == 0;
           });
}

SessionRecord* Reconciler::find(Discriminator local_discr) {
    if (local_discr.value == 0) return nullptr;
    const auto parts = dataplane_.discriminators().decode(local_discr);
    if (parts.worker.value >= workers_.size()) return nullptr;
    const SlotEntry* const entry =
        workers_[parts.worker.value].slots.find({.slot = parts.slot, .local_discr = local_discr});
    return entry == nullptr ? nullptr : entry->owner;
}

void Reconciler::enqueue(Worker& w, Slot slot, std::uint8_t needs) {
    SlotEntry& entry = w.slots.at(slot);
    entry.needs = static_cast<std::uint8_t>(entry.needs | needs);
    if (entry.queued) return;
    entry.queued = true;
    w.queue.push_back(slot);
}

void Reconciler::set_status(SessionRecord& record, const bfd::SessionSnapshot& now) {
    if (record.status.session_state != now.session_state) {
        Counter& from = totals_.sessions[static_cast<std::size_t>(record.status.session_state)];
        Counter& to = totals_.sessions[static_cast<std::size_t>(now.session_state)];
        from.set(from.get() - 1);
        to.set(to.get() + 1);
    }
    record.status = now;
}

bool Reconciler::receive(Worker& w) {
    std::array<message::Event, 64> events;
    std::size_t taken = 0;
    while (taken < kEventsPerPoll) {
        const std::size_t n = w.link->receive(events);
        prefetch(w.slots, std::span{events}.first(n));
        for (const message::Event& e : std::span{events}.first(n)) {
            if (const auto* reply = std::get_if<message::Reply>(&e.body)) {
                on_reply(w, e.id, reply->status);
            } else if (const auto* snapshot = std::get_if<bfd::SessionSnapshot>(&e.body)) {
                on_snapshot(w, e.id, *snapshot);
            } else if (const auto* event = std::get_if<bfd::SessionEvent>(&e.body)) {
                on_event(w, *event);
            } else if (const auto* gone = std::get_if<message::SessionDeleted>(&e.body)) {
                const SlotEntry* const entry = w.slots.find(gone->session);
                if (entry != nullptr && entry->phase == SlotPhase::Leaving) {
                    release(w, gone->session.slot);
                }
            }
        }
        taken += n;
        if (n < events.size()) return false;
    }
    return true;
}

bool Reconciler::pump(Worker& w) {
    while (!w.queue.empty()) {
        const Slot slot = w.queue.front();
        SlotEntry& entry = w.slots.at(slot);
        if (entry.needs == 0 || entry.phase == SlotPhase::Free) {
            entry.needs = 0;
            entry.queued = false;
            w.queue.pop_front();
        } else if (!send_next(w, slot, entry)) {
            return false;  // no room: again with the next turn, in the same order
        }
    }
    return false;
}

bool Reconciler::send_next(Worker& w, Slot slot, SlotEntry& entry) {
    const bfd::SessionHandle session = w.slots.handle(slot);
    const auto sent = [&](const auto& body, Need about, unsigned carried) {
        if (!w.commands.send(body, about)) return false;
        entry.needs = static_cast<std::uint8_t>(entry.needs & ~carried);
        totals_.commands.add();
        return true;
    };
    if (entry.phase == SlotPhase::Leaving) {
        const bool now = (entry.needs & kNeedDeleteNow) != 0;
        return sent(message::DeleteSession{.session = session, .immediate = now},
                    now ? kNeedDeleteNow : kNeedDelete, 0xffU);
    }
    SessionRecord& record = *entry.owner;
    if ((entry.needs & kNeedAdd) != 0) {
        const overlay::HeaderTemplate h = headers(record);
        if (!sent(message::AddSession{.session = session,
                                      .key = key(record),
                                      .parameters = record.parameters,
                                      .headers = h,
                                      .tx_port = record.port,
                                      .admin_down = record.admin_down},
                  kNeedAdd, kNeedAdd | kNeedParameters | kNeedAdmin | kNeedHeaders)) {
            return false;
        }
        entry.phase = SlotPhase::Known;
        record.next_hop_resolved = h.length != 0;
        return true;
    }
    if ((entry.needs & kNeedParameters) != 0) {
        return sent(message::SetParameters{.session = session, .parameters = record.parameters},
                    kNeedParameters, kNeedParameters);
    }
    if ((entry.needs & kNeedAdmin) != 0) {
        return sent(message::SetAdmin{.session = session, .down = record.admin_down}, kNeedAdmin,
                    kNeedAdmin);
    }
    if ((entry.needs & kNeedHeaders) != 0) {
        const overlay::HeaderTemplate h = headers(record);
        record.next_hop_resolved = h.length != 0;
        return sent(message::SetHeaders{.session = session, .headers = h}, kNeedHeaders,
                    kNeedHeaders);
    }
    if ((entry.needs & kNeedPathDown) != 0) {
        return sent(message::SignalPathDown{.session = session}, kNeedPathDown, kNeedPathDown);
    }
    if ((entry.needs & kNeedQuery) != 0) return send_query(w, slot, record);
    entry.needs = 0;
    return true;
}

bool Reconciler::send_query(Worker& w, Slot slot, const SessionRecord& record) {
    const auto id = w.commands.send(message::QuerySession{record.handle}, kNeedQuery);
    if (!id) return false;
    totals_.commands.add();
    SlotEntry& entry = w.slots.at(slot);
    entry.needs = static_cast<std::uint8_t>(entry.needs & ~kNeedQuery);
    if (auto waiting = w.asked.extract(slot.value)) {
        w.queries.emplace(static_cast<std::uint64_t>(*id), std::move(waiting.mapped()));
    }
    return true;
}

void Reconciler::on_reply(Worker& w, message::RequestId id, bfd::Status status) {
    const auto what = w.commands.answered(id);
    if (!what) return;
    SlotEntry* const entry = w.slots.find(what->session);
    if (status != bfd::Status::Ok) totals_.commands_refused.add();
    if (entry == nullptr) {
        // The session has ended meanwhile; nobody waits for the answer.
    } else if (entry->phase == SlotPhase::Leaving && what->about == kNeedDeleteNow) {
        release(w, what->session.slot);
    } else if (entry->phase == SlotPhase::Leaving && what->about == kNeedDelete) {
        if (status == bfd::Status::NoSuchSession) release(w, what->session.slot);
    } else if (status != bfd::Status::Ok) {
        on_refusal(w, *what, *entry, status);
    }
    if (what->about == kNeedQuery) answer_queries(w, id);
}

void Reconciler::on_refusal(Worker& w, const CommandQueue::InFlight& what, SlotEntry& entry,
                            bfd::Status status) {
    if (entry.owner == nullptr) return;  // leaving: its deletion decides
    observer_.refused(*entry.owner, command_name(what.about), status);
    // Whatever was refused, the session is not as it should be. One that the worker does not have
    // is added again; one that it has, since several commands failed and each had it added again,
    // is told what it may have missed; what else failed is repeated.
    std::uint8_t needs = what.about;
    if (status == bfd::Status::NoSuchSession) needs = kNeedAdd;
    if (status == bfd::Status::SlotTaken) needs = kNeedParameters | kNeedAdmin | kNeedHeaders;
    retries_.push_back(
        {.at = dataplane_.now() + kRetry, .worker = w.id, .session = what.session, .needs = needs});
}

void Reconciler::on_snapshot(Worker& w, message::RequestId id,
                             const bfd::SessionSnapshot& snapshot) {
    static_cast<void>(w.commands.answered(id));
    const SlotEntry* const entry = w.slots.find(snapshot.session);
    if (entry != nullptr && entry->owner != nullptr) set_status(*entry->owner, snapshot);
    answer_queries(w, id);
}

void Reconciler::on_event(Worker& w, const bfd::SessionEvent& event) {
    totals_.events.add();
    const SlotEntry* const entry = w.slots.find(event.now.session);
    if (entry == nullptr || entry->owner == nullptr) return;  // deleted meanwhile
    SessionRecord& record = *entry->owner;
    set_status(record, event.now);
    if ((event.causes & static_cast<std::uint8_t>(bfd::EventCause::Source)) != 0) {
        record.seen_source = event.source == record.remote ? IpAddress{} : event.source;
    }
    observer_.changed(record, event);
}

void Reconciler::answer_queries(Worker& w, message::RequestId id) {
    if (const auto waiting = w.queries.extract(static_cast<std::uint64_t>(id))) {
        for (const Done& done : waiting.mapped()) done();
    }
}

void Reconciler::release(Worker& w, Slot slot) {
    SlotEntry& entry = w.slots.at(slot);
    source_ports_.release(entry.source_port);
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

void Reconciler::run_retries() {
    while (!retries_.empty() && retries_.front().at <= dataplane_.now()) {
        const Retry retry = retries_.front();
        retries_.pop_front();
        Worker& w = workers_[retry.worker.value];
        const SlotEntry* const entry = w.slots.find(retry.session);
        if (entry != nullptr && entry->owner != nullptr) {
            enqueue(w, retry.session.slot, retry.needs);
        }
    }
}

overlay::HeaderTemplate Reconciler::headers(const SessionRecord& record) const {
    const SessionPort* const port = registry_.port(record.port);
    if (port == nullptr || record.next_hop.family == AddressFamily::None) return {};
    const auto mac = next_hops_.mac(record.port, record.next_hop);
    if (!mac) return {};
    return overlay::single_hop_headers({.source_mac = port->mac,
                                        .destination_mac = *mac,
                                        .source = record.local,
                                        .destination = record.remote,
                                        .source_port = record.source_port,
                                        .dscp = record.dscp});
}

SessionKey Reconciler::key(const SessionRecord& record) const {
    SessionKey out{.family = record.remote.family, .port = record.port};
    const SessionPort* const port = registry_.port(record.port);
    if (port != nullptr && port->point_to_point) return out;
    out.local = record.local.octets;
    out.remote = record.remote.octets;
    return out;
}

}  // namespace tocsin::control::session
