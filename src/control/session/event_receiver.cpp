#include "control/session/event_receiver.hpp"

#include <array>
#include <span>

namespace tocsin::control::session {

namespace {

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
        case kNeedPoll:
            return "StartPoll";
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

EventReceiver::EventReceiver(const message::Dataplane& dataplane,
                             std::vector<WorkerRecord>& workers, Placement& placement,
                             Observer& observer, Totals& totals)
    : dataplane_{dataplane},
      workers_{workers},
      placement_{placement},
      observer_{observer},
      totals_{totals} {}

bool EventReceiver::run(WorkerRecord& w) {
    std::array<message::Event, 64> events;
    std::size_t taken = 0;
    while (taken < kEventsPerPoll) {
        const std::size_t n = w.link->receive(events);
        prefetch(w.slots, std::span{events}.first(n));
        for (const message::Event& e : std::span{events}.first(n)) {
            if (w.histories.answered(e)) continue;
            if (const auto* reply = std::get_if<message::Reply>(&e.body)) {
                on_reply(w, e.id, reply->status);
            } else if (const auto* snapshot = std::get_if<bfd::SessionSnapshot>(&e.body)) {
                on_snapshot(w, e.id, *snapshot);
            } else if (const auto* event = std::get_if<bfd::SessionEvent>(&e.body)) {
                on_event(w, *event);
            } else if (const auto* gone = std::get_if<message::SessionDeleted>(&e.body)) {
                const SlotEntry* const entry = w.slots.find(gone->session);
                if (entry != nullptr && entry->phase == SlotPhase::Leaving) {
                    placement_.release(w, gone->session.slot);
                }
            } else if (const auto* early = std::get_if<message::EarlyPacket>(&e.body)) {
                observer_.early(*early);
            } else if (const auto* lost = std::get_if<message::UnmatchedPacket>(&e.body)) {
                observer_.unmatched(*lost);
            }
        }
        taken += n;
        if (n < events.size()) return false;
    }
    return true;
}

void EventReceiver::retry() {
    while (!retries_.empty() && retries_.front().at <= dataplane_.now()) {
        const Retry retry = retries_.front();
        retries_.pop_front();
        WorkerRecord& w = workers_[retry.worker.value];
        const SlotEntry* const entry = w.slots.find(retry.session);
        if (entry != nullptr && entry->owner != nullptr) {
            w.enqueue(retry.session.slot, retry.needs);
        }
    }
}

void EventReceiver::on_reply(WorkerRecord& w, message::RequestId id, bfd::Status status) {
    if (w.keys.answered(id) || w.reflectors.answered(id)) return;
    const auto what = w.commands.answered(id);
    if (!what) return;
    SlotEntry* const entry = w.slots.find(what->session);
    if (status != bfd::Status::Ok) totals_.commands_refused.add();
    if (entry == nullptr) {
        // The session has ended meanwhile; nobody waits for the answer.
    } else if (entry->phase == SlotPhase::Leaving && what->about == kNeedDeleteNow) {
        placement_.release(w, what->session.slot);
    } else if (entry->phase == SlotPhase::Leaving && what->about == kNeedDelete) {
        if (status == bfd::Status::NoSuchSession) placement_.release(w, what->session.slot);
    } else if (status != bfd::Status::Ok) {
        on_refusal(w, *what, *entry, status);
    }
    if (what->about == kNeedQuery) answer_queries(w, id);
}

void EventReceiver::on_refusal(WorkerRecord& w, const CommandQueue::InFlight& what,
                               SlotEntry& entry, bfd::Status status) {
    if (entry.owner == nullptr) return;  // leaving: its deletion decides
    observer_.refused(*entry.owner, command_name(what.about), status);
    // Whatever was refused, the session is not as it should be. One that the worker does not have
    // is added again; one that it has, since several commands failed and each had it added again,
    // is told what it may have missed; what else failed is repeated.
    // Sessions of type echo on one port are told apart by their source ports, of which there are
    // not enough for all sessions together.
    if (status == bfd::Status::KeyExists && entry.owner->type == SessionType::Echo) {
        placement_.change_source_port(*entry.owner);
    }
    std::uint16_t needs = what.about;
    if (status == bfd::Status::NoSuchSession) needs = kNeedAdd;
    if (status == bfd::Status::SlotTaken) needs = kNeedParameters | kNeedAdmin | kNeedHeaders;
    retries_.push_back(
        {.at = dataplane_.now() + kRetry, .worker = w.id, .session = what.session, .needs = needs});
}

void EventReceiver::on_snapshot(WorkerRecord& w, message::RequestId id,
                                const bfd::SessionSnapshot& snapshot) {
    static_cast<void>(w.commands.answered(id));
    const SlotEntry* const entry = w.slots.find(snapshot.session);
    if (entry != nullptr && entry->owner != nullptr) set_status(*entry->owner, snapshot);
    answer_queries(w, id);
}

void EventReceiver::on_event(WorkerRecord& w, const bfd::SessionEvent& event) {
    totals_.events.add();
    const SlotEntry* const entry = w.slots.find(event.now.session);
    if (entry == nullptr || entry->owner == nullptr) return;  // deleted meanwhile
    SessionRecord& record = *entry->owner;
    set_status(record, event.now);
    if (event.transitions != 0) {
        record.initiator = notify::initiator(event, record.initiator);
        totals_.transitions[static_cast<std::size_t>(record.initiator)].add();
        const bool up = event.now.session_state == bfd::SessionState::Up;
        if (up && event.downs != 0) totals_.interruptions.add(event.downs);
    }
    if (!record.has_policy) {
        const notify::Indication before = record.told.indication;
        record.told.indication = notify::indication(event, before);
        totals_.told(before, record.told.indication);
    }
    if ((event.causes & static_cast<std::uint8_t>(bfd::EventCause::Source)) != 0) {
        record.seen_source = event.source == record.remote ? IpAddress{} : event.source;
    }
    observer_.changed(record, event);
}

void EventReceiver::answer_queries(WorkerRecord& w, message::RequestId id) {
    if (const auto waiting = w.queries.extract(static_cast<std::uint64_t>(id))) {
        for (const WorkerRecord::Done& done : waiting.mapped()) done();
    }
}

void EventReceiver::set_status(SessionRecord& record, const bfd::SessionSnapshot& now) {
    if (record.status.session_state != now.session_state) {
        Counter& from = totals_.sessions[static_cast<std::size_t>(record.status.session_state)];
        Counter& to = totals_.sessions[static_cast<std::size_t>(now.session_state)];
        from.set(from.get() - 1);
        to.set(to.get() + 1);
    }
    if (now.congestion_backoffs > record.status.congestion_backoffs) {
        totals_.congestion_backoffs.add(now.congestion_backoffs -
                                        record.status.congestion_backoffs);
    }
    totals_.congestion(record.status.congestion_factor, now.congestion_factor);
    record.status = now;
}

}  // namespace tocsin::control::session
