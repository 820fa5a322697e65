#pragma once

#include "control/base/result.hpp"
#include "control/session/filter.hpp"
#include "control/session/totals.hpp"
#include "control/session/view.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <unordered_map>

namespace tocsin::control::session {

enum class WatchKind : std::uint8_t { Snapshot, SnapshotEnd, Added, Changed, Deleted };

/// One message to a watcher.
struct WatchItem {
    std::uint64_t sequence = 0;
    WatchKind kind{};
    SessionView session;  ///< not set for SnapshotEnd
    bfd::SessionState previous_state{};
    std::uint32_t transitions = 0;
    std::chrono::system_clock::time_point first_change;
    std::chrono::system_clock::time_point last_change;
    /// Arrival of the last packet before the change; epoch: none, or more came before it was told.
    std::chrono::system_clock::time_point last_rx;
    Nanoseconds loop_gap{};
};

/// Where a watcher's messages go. May be called as long as the hub knows the watcher.
class WatchSink {
public:
    virtual ~WatchSink() = default;
    /// How many more messages it takes now.
    [[nodiscard]] virtual std::size_t room() const = 0;
    virtual void deliver(WatchItem item) = 0;
};

using WatcherId = Id<struct WatcherIdTag, std::uint64_t>;

/// Tells watchers about sessions, level-triggered: per watcher each session has at most one pending
/// message, which later changes merge into. A watcher that is slow therefore costs memory bounded
/// by the number of sessions and still gets the last state of each. Control thread only.
///
/// Sequence numbers count the changes of this daemon run. A message carries the number of its first
/// change; those of the changes merged into it are missing. Snapshot messages carry the number of
/// the last change before the watch began.
class WatchHub {
public:
    static constexpr std::size_t kMostWatchers = 64;
    /// Snapshot messages for one watcher in one turn of the loop.
    static constexpr std::size_t kSnapshotPerTurn = 512;

    using Records = std::map<std::uint64_t, SessionRecord>;
    using MakeView = std::function<SessionView(const SessionRecord&)>;
    using WallClock = std::function<std::chrono::system_clock::time_point(Instant)>;

    WatchHub(const Records& records, MakeView view, WallClock wall, Totals& totals);

    [[nodiscard]] Result<WatcherId> open(Filter filter, bool skip_snapshot,
                                         std::shared_ptr<WatchSink> sink);
    void close(WatcherId id);

    void added(const SessionRecord& record);
    void changed(const SessionRecord& record, const bfd::SessionEvent& event);
    void deleted(const SessionRecord& record);

    /// Hands out what watchers have room for. True when there is more to do without anybody's help.
    bool pump();
    [[nodiscard]] std::size_t watchers() const noexcept { return watchers_.size(); }

private:
    struct Pending {
        WatchItem item;  ///< `session` only for Deleted; else the record is read
        std::list<std::uint64_t>::iterator place;  ///< in Watcher::order
        bool told = true;                          ///< the watcher heard of the session before
    };
    struct Watcher {
        Filter filter;
        std::shared_ptr<WatchSink> sink;
        bool in_snapshot = false;
        std::uint64_t snapshot_sequence = 0;
        std::uint64_t snapshot_next = 0;  ///< session ids below were sent
        std::uint64_t snapshot_end = 0;   ///< the last id of the snapshot
        std::list<std::uint64_t> order;   ///< ids with something pending, by first change
        std::unordered_map<std::uint64_t, Pending> pending;

        [[nodiscard]] bool snapshot_will_tell(std::uint64_t id) const noexcept {
            return in_snapshot && id >= snapshot_next && id <= snapshot_end;
        }
    };

    void deliver(Watcher& w, WatchItem item);
    bool pump_snapshot(Watcher& w);
    void pump_pending(Watcher& w);
    Pending& pend(Watcher& w, std::uint64_t id, WatchKind kind, bool& merged);

    const Records& records_;
    MakeView view_;
    WallClock wall_;
    Totals& totals_;
    std::uint64_t sequence_ = 0;
    std::uint64_t last_watcher_ = 0;
    std::map<std::uint64_t, Watcher> watchers_;
};

}  // namespace tocsin::control::session
