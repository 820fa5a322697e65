#pragma once

#include "control/base/result.hpp"
#include "control/session/filter.hpp"
#include "control/session/record_table.hpp"
#include "control/session/sharded_map.hpp"
#include "control/session/totals.hpp"
#include "control/session/view.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace tocsin::control::session {

enum class WatchKind : std::uint8_t { Snapshot, SnapshotEnd, Added, Changed, Deleted };

/// One message to a watcher.
struct WatchItem {
    std::uint64_t sequence = 0;
    WatchKind kind{};
    SessionView session;  ///< not set for SnapshotEnd
    bfd::SessionState previous_state{};
    std::uint32_t transitions = 0;
    std::uint32_t downs = 0;  ///< of them out of Up
    bfd::Diag down_diag{};    ///< bfd.LocalDiag after the last of these
    std::chrono::system_clock::time_point first_change;
    std::chrono::system_clock::time_point last_change;
    /// Arrival of the last packet before the change; epoch: none, or more came before it was told.
    std::chrono::system_clock::time_point last_rx;
    Nanoseconds loop_gap{};
    bfd::DownEvidence evidence{};

    /// What its client last heard was Up, and so is what it hears now; in between it was not.
    [[nodiscard]] bool interrupted() const noexcept {
        return downs != 0 && previous_state == bfd::SessionState::Up &&
               session.told.indication == notify::Indication::Up;
    }
};

/// Where a watcher's messages go. May be called as long as the hub knows the watcher.
class WatchSink {
public:
    virtual ~WatchSink() = default;
    /// How many more messages it takes now.
    [[nodiscard]] virtual std::size_t room() const = 0;
    virtual void deliver(WatchItem item) = 0;
    /// What was delivered since the last call is all for now.
    virtual void delivered() {}
};

using WatcherId = Id<struct WatcherIdTag, std::uint64_t>;

/// Tells watchers about sessions, level-triggered: per watcher each session has at most one pending
/// message, which later changes merge into. A watcher that is slow therefore costs memory bounded
/// by the number of sessions (about 140 octets each, of deleted ones some 600 more for all watchers
/// together) and still gets the last state of each. Control thread only.
///
/// Sequence numbers count the changes of this daemon run. A message carries the number of its first
/// change; those of the changes merged into it are missing. Snapshot messages carry the number of
/// the last change before the watch began.
class WatchHub {
public:
    static constexpr std::size_t kMostWatchers = 64;
    /// Messages that all watchers together get from one call of pump(), so that neither many of
    /// them nor a long snapshot keep the loop from its workers.
    static constexpr std::size_t kMessagesPerPump = 1024;
    /// Sessions that one call looks at for a filter that few match.
    static constexpr std::size_t kScannedPerPump = 8192;
    /// Pending messages of watchers that are gone whose memory one call gives back, or a few more.
    static constexpr std::size_t kFreedPerPump = 4096;

    using MakeView = std::function<SessionView(const SessionRecord&)>;
    using WallClock = std::function<std::chrono::system_clock::time_point(Instant)>;

    WatchHub(const RecordTable& records, MakeView view, WallClock wall, Totals& totals);

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
    /// A WatchItem without the session, which is read from its record when its turn comes.
    struct Pending {
        std::uint64_t sequence = 0;
        std::chrono::system_clock::time_point first_change;
        std::chrono::system_clock::time_point last_change;
        std::chrono::system_clock::time_point last_rx;
        Nanoseconds loop_gap{};
        bfd::DownEvidence evidence{};
        /// Only of one that has no record any more; the same for all watchers.
        std::shared_ptr<const SessionView> deleted;
        std::uint32_t transitions = 0;
        std::uint32_t downs = 0;
        bfd::Diag down_diag{};
        WatchKind kind{};
        bfd::SessionState previous_state{};
        bool told = true;  ///< the watcher heard of the session before
    };
    struct Turn {
        std::uint64_t id = 0;
        const SessionRecord* record = nullptr;  ///< is another's, or nobody's, once its id differs
    };
    struct Budget {
        std::size_t messages = kMessagesPerPump;
        std::size_t scanned = kScannedPerPump;
    };
    struct Watcher {
        Filter filter;
        std::shared_ptr<WatchSink> sink;
        bool in_snapshot = false;
        std::uint64_t snapshot_sequence = 0;
        std::uint64_t snapshot_next = 1;  ///< session ids below were sent
        std::uint64_t snapshot_end = 0;   ///< the last id of the snapshot
        /// Sessions with something pending, by first change; also some that have nothing any more.
        std::deque<Turn> order;
        ShardedMap<std::uint64_t, Pending> pending;

        [[nodiscard]] bool snapshot_will_tell(std::uint64_t id) const noexcept {
            return in_snapshot && id >= snapshot_next && id <= snapshot_end;
        }
    };

    void deliver(Watcher& w, WatchItem item);
    bool pump(Watcher& w, Budget& budget);
    bool pump_snapshot(Watcher& w, Budget& budget);
    bool pump_pending(Watcher& w, Budget& budget);
    bool free_closed();
    static void forget(Watcher& w, std::uint64_t id);
    Pending& pend(Watcher& w, const SessionRecord& record, WatchKind kind, bool& merged);

    const RecordTable& records_;
    MakeView view_;
    WallClock wall_;
    Totals& totals_;
    std::uint64_t sequence_ = 0;
    std::uint64_t last_id_ = 0;  ///< of all sessions that were ever added
    std::uint64_t last_watcher_ = 0;
    std::map<std::uint64_t, Watcher> watchers_;
    std::deque<decltype(watchers_)::node_type> closed_;  ///< what they had pending is being freed
    std::uint64_t served_ = 0;  ///< the watcher that the last pump() ended with
};

}  // namespace tocsin::control::session
