#include "control/session/watch_hub.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::control::session {

namespace {

constexpr std::size_t kPrefetched = 8;  ///< messages ahead

inline void prefetch(const SessionRecord& record) {
    constexpr std::size_t kLine = 64;
    const auto* const octets = reinterpret_cast<const char*>(&record);
    for (std::size_t at = 0; at < sizeof record; at += kLine) __builtin_prefetch(octets + at);
    // gcc takes a function that only prefetches for one without effect, and leaves the call out.
    asm volatile("");
}

}  // namespace

WatchHub::WatchHub(const RecordTable& records, MakeView view, WallClock wall, Totals& totals)
    : records_{records}, view_{std::move(view)}, wall_{std::move(wall)}, totals_{totals} {}

Result<WatcherId> WatchHub::open(Filter filter, bool skip_snapshot,
                                 std::shared_ptr<WatchSink> sink) {
    if (watchers_.size() >= kMostWatchers) {
        return Error{.kind = ErrorKind::ResourceExhausted,
                     .message = "there are " + std::to_string(kMostWatchers) +
                                " watchers already, which is the limit: end one of them first",
                     .where = {}};
    }
    Watcher& w = watchers_[++last_watcher_];
    w.filter = std::move(filter);
    w.sink = std::move(sink);
    w.in_snapshot = !skip_snapshot;
    w.snapshot_sequence = sequence_;
    w.snapshot_end = last_id_;
    totals_.watchers.set(watchers_.size());
    return WatcherId{last_watcher_};
}

void WatchHub::close(WatcherId id) {
    auto watcher = watchers_.extract(id.value);
    if (!watcher) return;
    watcher.mapped().sink.reset();
    closed_.push_back(std::move(watcher));
    totals_.watchers.set(watchers_.size());
}

/// A piece at a time, since a million messages may have been pending. True when there is more.
bool WatchHub::free_closed() {
    if (closed_.empty()) return false;
    if (!closed_.front().mapped().pending.clear_some(kFreedPerPump)) closed_.pop_front();
    return !closed_.empty();
}

void WatchHub::added(const SessionRecord& record) {
    ++sequence_;
    last_id_ = record.id.value;
    for (auto& [id, w] : watchers_) {
        if (!w.filter.matches(record)) continue;
        bool merged = false;
        Pending& p = pend(w, record, WatchKind::Added, merged);
        p.told = false;
        p.previous_state = record.status.session_state;
    }
}

void WatchHub::changed(const SessionRecord& record, const bfd::SessionEvent& event) {
    ++sequence_;
    for (auto& [id, w] : watchers_) {
        if (w.snapshot_will_tell(record.id.value) || !w.filter.matches_identity(record)) continue;
        const bool known = w.pending.contains(record.id.value);
        if (!known && !w.filter.matches_state(record.status.session_state) &&
            !w.filter.matches_state(event.reported_state) &&
            !(event.downs != 0 && w.filter.matches_state(bfd::SessionState::Down))) {
            continue;
        }
        bool merged = false;
        Pending& p = pend(w, record, WatchKind::Changed, merged);
        if (!merged) {
            p.previous_state = event.reported_state;
            p.told = w.filter.matches_state(event.reported_state);
        }
        if (event.transitions != 0) {
            const auto last = wall_(event.last_at);
            if (p.transitions == 0) {
                p.first_change = event.first_at == event.last_at ? last : wall_(event.first_at);
            }
            p.last_change = last;
            p.transitions += event.transitions;
            p.downs += event.downs;
            if (event.downs != 0) p.down_diag = event.down_diag;
            const Instant rx = event.now.last_rx;
            const bool known_rx = rx != Instant{} && rx <= event.last_at;
            p.last_rx = known_rx ? wall_(rx) : std::chrono::system_clock::time_point{};
        }
        p.loop_gap = std::max(p.loop_gap, event.loop_gap);
        if (event.evidence.known) p.evidence = event.evidence;
    }
}

void WatchHub::deleted(const SessionRecord& record) {
    ++sequence_;
    std::shared_ptr<const SessionView> last;
    for (auto& [id, w] : watchers_) {
        if (w.snapshot_will_tell(record.id.value) || !w.filter.matches_identity(record)) continue;
        const Pending* const waiting = w.pending.find(record.id.value);
        if (waiting != nullptr && !waiting->told) {
            forget(w, record.id.value);  // it was never told of
            totals_.watch_merged.add();
            continue;
        }
        if (waiting == nullptr && !w.filter.matches_state(record.status.session_state)) continue;
        bool merged = false;
        Pending& p = pend(w, record, WatchKind::Deleted, merged);
        if (!merged) p.previous_state = record.status.session_state;
        p.kind = WatchKind::Deleted;
        if (!last) last = std::make_shared<const SessionView>(view_(record));
        p.deleted = last;
    }
}

bool WatchHub::pump() {
    bool more = free_closed();
    if (watchers_.empty()) return more;
    Budget budget;
    // Each in turn is the first, so that a busy one does not use up what the others need.
    auto it = watchers_.upper_bound(served_);
    for (std::size_t i = 0; i < watchers_.size(); ++i, ++it) {
        if (it == watchers_.end()) it = watchers_.begin();
        more |= pump(it->second, budget);
        it->second.sink->delivered();
        if (budget.messages != 0 && budget.scanned != 0) continue;
        served_ = it->first;
        return true;
    }
    return more;
}

/// True when there is more to do without anybody's help.
bool WatchHub::pump(Watcher& w, Budget& budget) {
    if (w.in_snapshot && pump_snapshot(w, budget)) return true;
    return !w.in_snapshot && pump_pending(w, budget);
}

void WatchHub::deliver(Watcher& w, WatchItem item) {
    totals_.watch_events.add();
    w.sink->deliver(std::move(item));
}

bool WatchHub::pump_snapshot(Watcher& w, Budget& budget) {
    std::size_t room = w.sink->room();
    auto it = records_.after({w.snapshot_next - 1});
    for (; it != records_.end() && it->id.value <= w.snapshot_end; ++it) {
        if (budget.scanned == 0 || budget.messages == 0) return true;
        if (room == 0) return false;
        w.snapshot_next = it->id.value + 1;
        --budget.scanned;
        if (!w.filter.matches(*it)) continue;
        WatchItem item;
        item.sequence = w.snapshot_sequence;
        item.kind = WatchKind::Snapshot;
        item.session = view_(*it);
        item.previous_state = it->status.session_state;
        deliver(w, std::move(item));
        --budget.messages;
        --room;
    }
    if (room == 0) return false;
    WatchItem end;
    end.sequence = w.snapshot_sequence;
    end.kind = WatchKind::SnapshotEnd;
    deliver(w, std::move(end));
    w.in_snapshot = false;
    return false;
}

bool WatchHub::pump_pending(Watcher& w, Budget& budget) {
    std::size_t room = w.order.empty() ? 0 : w.sink->room();
    while (!w.order.empty() && room != 0) {
        if (budget.messages == 0) return true;
        // When many wait, their records are no longer in the cache.
        if (w.order.size() > kPrefetched) prefetch(*w.order[kPrefetched].record);
        const Turn turn = w.order.front();
        w.order.pop_front();
        const auto pending = w.pending.take(turn.id);
        if (!pending) continue;
        const Pending& p = *pending;
        WatchItem item;
        if (p.deleted) {
            item.session = *p.deleted;
        } else {
            if (turn.record->id.value != turn.id) continue;
            item.session = view_(*turn.record);
        }
        item.sequence = p.sequence;
        item.kind = p.kind;
        item.previous_state = p.previous_state;
        item.transitions = p.transitions;
        item.downs = p.downs;
        item.down_diag = p.down_diag;
        item.first_change = p.first_change;
        item.last_change = p.last_change;
        item.last_rx = p.last_rx;
        item.loop_gap = p.loop_gap;
        item.evidence = p.evidence;
        deliver(w, std::move(item));
        --budget.messages;
        --room;
    }
    return false;
}

/// Nothing is pending for a session any more. Its place in the order stays until there are too many
/// of such.
void WatchHub::forget(Watcher& w, std::uint64_t id) {
    constexpr std::size_t kFew = 1024;
    w.pending.erase(id);
    if (w.order.size() < 2 * w.pending.size() + kFew) return;
    std::erase_if(w.order, [&w](const Turn& turn) { return !w.pending.contains(turn.id); });
}

WatchHub::Pending& WatchHub::pend(Watcher& w, const SessionRecord& record, WatchKind kind,
                                  bool& merged) {
    const std::uint64_t id = record.id.value;
    const auto [pending, fresh] = w.pending.try_emplace(id);
    merged = !fresh;
    if (fresh) {
        pending->kind = kind;
        pending->sequence = sequence_;
        w.order.push_back({.id = id, .record = &record});
    } else {
        totals_.watch_merged.add();
    }
    return *pending;
}

}  // namespace tocsin::control::session
