#include "control/session/watch_hub.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::control::session {

WatchHub::WatchHub(const Records& records, MakeView view, WallClock wall, Totals& totals)
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
    w.snapshot_end = records_.empty() ? 0 : records_.rbegin()->first;
    totals_.watchers.set(watchers_.size());
    return WatcherId{last_watcher_};
}

void WatchHub::close(WatcherId id) {
    watchers_.erase(id.value);
    totals_.watchers.set(watchers_.size());
}

void WatchHub::added(const SessionRecord& record) {
    ++sequence_;
    for (auto& [id, w] : watchers_) {
        if (!w.filter.matches(record)) continue;
        bool merged = false;
        Pending& p = pend(w, record.id.value, WatchKind::Added, merged);
        p.told = false;
        p.item.previous_state = record.status.session_state;
    }
}

void WatchHub::changed(const SessionRecord& record, const bfd::SessionEvent& event) {
    ++sequence_;
    for (auto& [id, w] : watchers_) {
        if (w.snapshot_will_tell(record.id.value) || !w.filter.matches_identity(record)) continue;
        const bool known = w.pending.contains(record.id.value);
        if (!known && !w.filter.matches_state(record.status.session_state) &&
            !w.filter.matches_state(event.reported_state)) {
            continue;
        }
        bool merged = false;
        Pending& p = pend(w, record.id.value, WatchKind::Changed, merged);
        if (!merged) {
            p.item.previous_state = event.reported_state;
            p.told = w.filter.matches_state(event.reported_state);
        }
        if (event.transitions != 0) {
            if (p.item.transitions == 0) p.item.first_change = wall_(event.first_at);
            p.item.last_change = wall_(event.last_at);
            p.item.transitions += event.transitions;
            const Instant rx = event.now.last_rx;
            const bool known_rx = rx != Instant{} && rx <= event.last_at;
            p.item.last_rx = known_rx ? wall_(rx) : std::chrono::system_clock::time_point{};
        }
        p.item.loop_gap = std::max(p.item.loop_gap, event.loop_gap);
    }
}

void WatchHub::deleted(const SessionRecord& record) {
    ++sequence_;
    for (auto& [id, w] : watchers_) {
        if (w.snapshot_will_tell(record.id.value) || !w.filter.matches_identity(record)) continue;
        const auto it = w.pending.find(record.id.value);
        if (it != w.pending.end() && !it->second.told) {
            w.order.erase(it->second.place);  // it was never told of
            w.pending.erase(it);
            totals_.watch_merged.add();
            continue;
        }
        if (it == w.pending.end() && !w.filter.matches_state(record.status.session_state)) continue;
        bool merged = false;
        Pending& p = pend(w, record.id.value, WatchKind::Deleted, merged);
        if (!merged) p.item.previous_state = record.status.session_state;
        p.item.kind = WatchKind::Deleted;
        p.item.session = view_(record);
    }
}

bool WatchHub::pump() {
    bool more = false;
    for (auto& [id, w] : watchers_) {
        if (w.in_snapshot) more |= pump_snapshot(w);
        if (!w.in_snapshot) pump_pending(w);
    }
    return more;
}

void WatchHub::deliver(Watcher& w, WatchItem item) {
    totals_.watch_events.add();
    w.sink->deliver(std::move(item));
}

bool WatchHub::pump_snapshot(Watcher& w) {
    std::size_t looked_at = 0;
    auto it = records_.lower_bound(w.snapshot_next);
    for (; it != records_.end() && it->first <= w.snapshot_end; ++it) {
        if (looked_at++ == kSnapshotPerTurn) return true;
        if (w.sink->room() == 0) return false;
        w.snapshot_next = it->first + 1;
        if (!w.filter.matches(it->second)) continue;
        WatchItem item;
        item.sequence = w.snapshot_sequence;
        item.kind = WatchKind::Snapshot;
        item.session = view_(it->second);
        item.previous_state = it->second.status.session_state;
        deliver(w, std::move(item));
    }
    if (w.sink->room() == 0) return false;
    WatchItem end;
    end.sequence = w.snapshot_sequence;
    end.kind = WatchKind::SnapshotEnd;
    deliver(w, std::move(end));
    w.in_snapshot = false;
    return false;
}

void WatchHub::pump_pending(Watcher& w) {
    while (!w.order.empty() && w.sink->room() != 0) {
        const std::uint64_t session = w.order.front();
        w.order.pop_front();
        const auto node = w.pending.extract(session);
        if (!node) continue;
        WatchItem& item = node.mapped().item;
        if (item.kind != WatchKind::Deleted) {
            const auto record = records_.find(session);
            if (record == records_.end()) continue;
            item.session = view_(record->second);
        }
        deliver(w, std::move(item));
    }
}

WatchHub::Pending& WatchHub::pend(Watcher& w, std::uint64_t id, WatchKind kind, bool& merged) {
    const auto [it, fresh] = w.pending.try_emplace(id);
    merged = !fresh;
    if (fresh) {
        it->second.item.kind = kind;
        it->second.item.sequence = sequence_;
        it->second.place = w.order.insert(w.order.end(), id);
    } else {
        totals_.watch_merged.add();
    }
    return it->second;
}

}  // namespace tocsin::control::session
