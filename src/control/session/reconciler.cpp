#include "control/session/reconciler.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::session {

namespace {

std::vector<WorkerRecord> records_of(message::Dataplane& dataplane, std::uint32_t in_flight) {
    std::vector<WorkerRecord> out;
    const auto workers = static_cast<std::uint16_t>(dataplane.workers());
    out.reserve(workers);
    for (std::uint16_t i = 0; i < workers; ++i) {
        const WorkerId id{i};
        message::WorkerLink& link = dataplane.worker(id);
        out.push_back({.id = id,
                       .link = &link,
                       .slots = {id, dataplane.slots_per_worker(), dataplane.discriminators()},
                       .commands = {link, in_flight},
                       .keys = {dataplane, link},
                       .reflectors = {dataplane, link},
                       .histories = HistoryReader{link},
                       .queue = {},
                       .demand = {},
                       .queries = {},
                       .asked = {}});
    }
    return out;
}

}  // namespace

Reconciler::Reconciler(Registry& registry, message::Dataplane& dataplane, NextHops& next_hops,
                       Observer& observer, Totals& totals, std::uint64_t seed,
                       std::uint32_t in_flight)
    : dataplane_{dataplane},
      next_hops_{next_hops},
      observer_{observer},
      totals_{totals},
      workers_{records_of(dataplane, in_flight)},
      placement_{registry, workers_, totals, seed},
      scans_{registry, next_hops, [this](SessionRecord& record) { need(record, kNeedHeaders); }},
      commands_{registry, next_hops, early_, totals},
      events_{dataplane, workers_, placement_, observer, totals} {}

void Reconciler::add(SessionRecord& record) {
    // Packets of a member link need no next hop, RFC 7130 2.3.
    const auto hop = record.type == SessionType::Micro
                         ? std::nullopt
                         : next_hops_.next_hop(record.port, record.remote);
    if (hop) {
        record.next_hop = *hop;
        next_hops_.track(record.port, *hop);
        scans_.joined(record);
    }
    Counter& count = totals_.sessions[static_cast<std::size_t>(record.status.session_state)];
    count.set(count.get() + 1);
    placement_.add(record);
    observer_.added(record);
}

void Reconciler::remove(SessionRecord& record, bool silently) {
    early_.forget(record.id);
    if (record.next_hop.family != AddressFamily::None) {
        next_hops_.untrack(record.port, record.next_hop);
        scans_.left(record);
    }
    Counter& count = totals_.sessions[static_cast<std::size_t>(record.status.session_state)];
    count.set(count.get() - 1);
    totals_.congestion(record.status.congestion_factor, 1);
    observer_.deleted(record);
    placement_.remove(record, silently);
}

void Reconciler::set_parameters(SessionRecord& record, const bfd::SessionParameters& parameters) {
    placement_.change_demand(record, parameters);
    record.parameters = parameters;
    need(record, kNeedParameters);
}

void Reconciler::set_keys(std::uint16_t number, const KeySender::Keys& keys) {
    for (WorkerRecord& w : workers_) w.keys.set(number, keys);
}

void Reconciler::set_reflectors(const ReflectorSender::Order& order) {
    for (WorkerRecord& w : workers_) w.reflectors.set(order);
}

void Reconciler::need(SessionRecord& record, Need what) {
    if (record.handle.local_discr.value == 0) return;  // AddSession will carry it
    workers_[record.worker.value].enqueue(record.handle.slot, what);
}

void Reconciler::query(SessionRecord& record, Done done) {
    if (record.handle.local_discr.value == 0) return done();
    WorkerRecord& w = workers_[record.worker.value];
    w.asked[record.handle.slot.value].push_back(std::move(done));
    w.enqueue(record.handle.slot, kNeedQuery);
}

bool Reconciler::read_history(const SessionRecord& record, HistoryReader::Done done) {
    if (record.handle.local_discr.value == 0) {
        done(std::nullopt);
        return true;
    }
    return workers_[record.worker.value].histories.ask(record.handle, std::move(done));
}

bool Reconciler::poll() {
    events_.retry();
    bool more = scans_.run();
    for (WorkerRecord& w : workers_) {
        more |= events_.run(w);
        commands_.run(w);
        w.histories.pump();
    }
    return more;
}

bool Reconciler::idle() const noexcept {
    return placement_.idle() && events_.idle() && scans_.idle() &&
           std::ranges::all_of(workers_, [](const WorkerRecord& w) {
               return w.queue.empty() && w.commands.in_flight() == 0 && w.keys.idle() &&
                      w.reflectors.idle() && w.histories.idle();
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

}  // namespace tocsin::control::session
