#include "control/session/watch_hub.hpp"

#include "fixture.hpp"
#include "scripted_dataplane.hpp"

namespace tocsin::control::session {
namespace {

using bfd::SessionState;

class WatchHubTest : public testing::Test {
protected:
    SessionId add(std::string_view remote) {
        const config::Session s = spec(remote);
        const SessionId id = manager.add({&s, 1}, Origin::Api, "sessions").value().front();
        poll();
        return id;
    }
    void remove(SessionId id) {
        ASSERT_TRUE(manager.remove({&id, 1}, Origin::Api, "sessions").ok());
    }
    void poll() {
        static_cast<void>(manager.poll());
        dataplane.reply_to_all();
    }
    void change(SessionId id, SessionState to, std::uint32_t transitions = 1) {
        dataplane.time += std::chrono::seconds{1};
        bfd::SessionEvent event;
        event.reported_state = manager.view(id)->status.session_state;
        event.now = manager.view(id)->status;
        event.now.session_state = to;
        event.causes = static_cast<std::uint8_t>(bfd::EventCause::State);
        event.transitions = transitions;
        const bool was_up = event.reported_state == SessionState::Up;
        if (was_up && (to != SessionState::Up || transitions > 1)) {
            event.downs = 1;
            event.down_diag = bfd::Diag::ControlDetectionTimeExpired;
        }
        event.first_at = event.last_at = dataplane.time;
        dataplane.events.push_back({.id = {}, .body = event});
        poll();
    }
    std::shared_ptr<RecordingWatch> watch(Filter filter = {}, bool skip_snapshot = false) {
        auto sink = std::make_shared<RecordingWatch>();
        EXPECT_TRUE(manager.hub().open(std::move(filter), skip_snapshot, sink).ok());
        poll();
        return sink;
    }

    test::ScriptedDataplane dataplane{2048};
    FakeNextHops next_hops;
    Manager manager{two_ports(), dataplane, next_hops,
                    Manager::Settings{.max_sessions = 2048, .seed = 1, .in_flight = 512}};
};

TEST_F(WatchHubTest, SendsASnapshotThenItsEndThenEvents) {
    const SessionId a = add("10.0.0.2");
    add("10.0.0.3");
    const auto w = watch();
    ASSERT_EQ(w->items.size(), 3U);
    EXPECT_EQ(w->items[0].kind, WatchKind::Snapshot);
    EXPECT_EQ(w->items[0].session.id, a);
    EXPECT_EQ(w->items[2].kind, WatchKind::SnapshotEnd);
    change(a, SessionState::Up);
    ASSERT_EQ(w->items.size(), 4U);
    EXPECT_EQ(w->items[3].kind, WatchKind::Changed);
    EXPECT_EQ(w->items[3].previous_state, SessionState::Down);
    EXPECT_EQ(w->items[3].session.status.session_state, SessionState::Up);
    EXPECT_EQ(w->items[3].transitions, 1U);
    EXPECT_GT(w->items[3].sequence, w->items[2].sequence);
}

TEST_F(WatchHubTest, TellsOfAdditionsAndDeletions) {
    const auto w = watch();
    const SessionId id = add("10.0.0.2");
    remove(id);
    poll();
    ASSERT_EQ(w->items.size(), 3U);
    EXPECT_EQ(w->items[1].kind, WatchKind::Added);
    EXPECT_EQ(w->items[2].kind, WatchKind::Deleted);
    EXPECT_EQ(w->items[2].session.id, id);
    EXPECT_EQ(w->items[2].session.spec.remote, ip("10.0.0.2"));
}

TEST_F(WatchHubTest, LeavesTheSnapshotOutOnDemand) {
    add("10.0.0.2");
    EXPECT_TRUE(watch({}, true)->items.empty());
}

TEST_F(WatchHubTest, MergesWhatASlowWatcherMissesAndKeepsTheLastState) {
    const SessionId a = add("10.0.0.2");
    const SessionId b = add("10.0.0.3");
    const auto w = watch();
    w->items.clear();
    w->room_left = 0;
    change(a, SessionState::Up);
    const auto first = std::chrono::system_clock::time_point{dataplane.time.time_since_epoch()};
    change(b, SessionState::Up);
    change(a, SessionState::Down);
    change(a, SessionState::Up, 2);
    change(a, SessionState::Down);
    const auto last = std::chrono::system_clock::time_point{dataplane.time.time_since_epoch()};
    EXPECT_TRUE(w->items.empty());
    w->room_left = 100;
    poll();
    ASSERT_EQ(w->items.size(), 2U);
    const WatchItem& merged = w->items[0];
    EXPECT_EQ(merged.session.id, a);
    EXPECT_EQ(merged.previous_state, SessionState::Down);
    EXPECT_EQ(merged.session.status.session_state, SessionState::Down);
    EXPECT_EQ(merged.transitions, 5U);
    EXPECT_EQ(merged.first_change, first);
    EXPECT_EQ(merged.last_change, last);
    EXPECT_EQ(w->items[1].session.id, b);
    EXPECT_GT(w->items[1].sequence, merged.sequence);
    change(b, SessionState::Down);
    EXPECT_GT(w->items[2].sequence, w->items[1].sequence + 1) << "a gap tells of merged changes";
}

TEST_F(WatchHubTest, TellsOfADownThatWasOverBeforeItCouldBeTold) {
    const SessionId id = add("10.0.0.2");
    change(id, SessionState::Up);
    const auto w = watch({}, true);
    change(id, SessionState::Up, 2);  // merged by its worker
    ASSERT_EQ(w->items.size(), 1U);
    EXPECT_EQ(w->items[0].downs, 1U);
    EXPECT_EQ(w->items[0].down_diag, bfd::Diag::ControlDetectionTimeExpired);
    EXPECT_TRUE(w->items[0].interrupted());
    w->items.clear();
    w->room_left = 0;
    change(id, SessionState::Down);
    change(id, SessionState::Up);  // merged for a watcher that is slow
    w->room_left = 100;
    poll();
    ASSERT_EQ(w->items.size(), 1U);
    EXPECT_TRUE(w->items[0].interrupted());
    EXPECT_EQ(w->items[0].downs, 1U);
    EXPECT_EQ(w->items[0].transitions, 2U);
    EXPECT_GT(w->items[0].last_change, w->items[0].first_change);
}

TEST_F(WatchHubTest, CallsNothingAnInterruptionThatShowsByItself) {
    const SessionId id = add("10.0.0.2");
    const auto w = watch({}, true);
    change(id, SessionState::Up);
    change(id, SessionState::Down);
    change(id, SessionState::Up);
    ASSERT_EQ(w->items.size(), 3U);
    for (const WatchItem& item : w->items) EXPECT_FALSE(item.interrupted());
    EXPECT_EQ(w->items[1].downs, 1U);
    w->items.clear();
    w->room_left = 0;
    change(id, SessionState::Down);
    change(id, SessionState::Up);
    change(id, SessionState::Down);
    w->room_left = 100;
    poll();
    ASSERT_EQ(w->items.size(), 1U);
    EXPECT_FALSE(w->items[0].interrupted()) << "it says that the path failed";
    EXPECT_EQ(w->items[0].downs, 2U);
}

TEST_F(WatchHubTest, AMergedDownIsToldToThoseWhoWatchForDowns) {
    const SessionId id = add("10.0.0.2");
    change(id, SessionState::Up);
    Filter downs;
    downs.states = 1U << static_cast<unsigned>(SessionState::Down);
    const auto w = watch(downs, true);
    change(id, SessionState::Up, 2);
    ASSERT_EQ(w->items.size(), 1U);
    EXPECT_TRUE(w->items[0].interrupted());
}

TEST_F(WatchHubTest, SaysNothingOfASessionThatCameAndWentUnseen) {
    const auto w = watch();
    w->items.clear();
    w->room_left = 0;
    remove(add("10.0.0.2"));
    poll();
    w->room_left = 100;
    poll();
    EXPECT_TRUE(w->items.empty());
}

TEST_F(WatchHubTest, TurnsAPendingChangeIntoTheDeletionThatFollowsIt) {
    const SessionId a = add("10.0.0.2");
    const auto w = watch();
    w->items.clear();
    w->room_left = 0;
    change(a, SessionState::Up);
    remove(a);
    w->room_left = 100;
    poll();
    ASSERT_EQ(w->items.size(), 1U);
    EXPECT_EQ(w->items[0].kind, WatchKind::Deleted);
    EXPECT_EQ(w->items[0].previous_state, SessionState::Down);
    EXPECT_EQ(w->items[0].session.status.session_state, SessionState::Up);
}

TEST_F(WatchHubTest, DoesNotRepeatAsEventWhatTheSnapshotStillHasToTell) {
    std::vector<SessionId> ids;
    for (int i = 0; i < 1000; ++i) {
        ids.push_back(
            add("10.0." + std::to_string(1 + i / 200) + '.' + std::to_string(1 + i % 200)));
    }
    auto w = std::make_shared<RecordingWatch>();
    w->room_left = 10;
    ASSERT_TRUE(manager.hub().open({}, false, w).ok());
    poll();
    ASSERT_EQ(w->items.size(), 10U);
    change(ids[5], SessionState::Up);    // told already: an event follows
    change(ids[500], SessionState::Up);  // the snapshot will tell
    remove(ids[600]);                    // never told
    w->room_left = 10'000;
    for (int i = 0; i < 10; ++i) poll();
    const auto told = [&](SessionId id) {
        return std::ranges::count(w->items, id, [](const WatchItem& i) { return i.session.id; });
    };
    EXPECT_EQ(told(ids[5]), 2);
    EXPECT_EQ(told(ids[500]), 1);
    EXPECT_EQ(told(ids[600]), 0);
    EXPECT_EQ(w->items.size(), 999U + 1U + 1U);
    EXPECT_EQ(w->items.back().kind, WatchKind::Changed);
    EXPECT_TRUE(std::ranges::is_sorted(w->items, {}, &WatchItem::sequence));
}

TEST_F(WatchHubTest, TellsOfSessionsThatEnterOrLeaveTheFilteredState) {
    const SessionId a = add("10.0.0.2");
    const auto w = watch({.states = 1U << static_cast<unsigned>(SessionState::Up)});
    EXPECT_EQ(w->items.size(), 1U) << "only the end: nothing is Up";
    change(a, SessionState::Init);
    EXPECT_EQ(w->items.size(), 1U);
    change(a, SessionState::Up);
    EXPECT_EQ(w->items.size(), 2U);
    change(a, SessionState::Down);
    EXPECT_EQ(w->items.size(), 3U);
    change(a, SessionState::Init);
    EXPECT_EQ(w->items.size(), 3U);
}

TEST_F(WatchHubTest, RefusesMoreWatchersThanTheLimit) {
    std::vector<std::shared_ptr<RecordingWatch>> sinks;
    for (std::size_t i = 0; i < WatchHub::kMostWatchers; ++i) sinks.push_back(watch());
    const auto refused = manager.hub().open({}, false, std::make_shared<RecordingWatch>());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::ResourceExhausted);
    EXPECT_EQ(manager.totals().watchers.get(), WatchHub::kMostWatchers);
    manager.hub().close(WatcherId{1});
    EXPECT_TRUE(manager.hub().open({}, false, std::make_shared<RecordingWatch>()).ok());
}

TEST_F(WatchHubTest, ForgetsSessionsThatASlowWatcherNeverHeardOf) {
    Filter filter;
    filter.states = 1U << static_cast<unsigned>(SessionState::AdminDown);
    const auto w = watch(filter, true);
    w->room_left = 0;
    for (int i = 0; i < 50; ++i) {
        const SessionId id = add("10.0.0.9");
        change(id, SessionState::AdminDown);
        remove(id);
        poll();
    }
    const SessionId stays = add("10.0.0.2");
    change(stays, SessionState::AdminDown);
    w->room_left = 1000;
    poll();
    poll();
    ASSERT_EQ(w->items.size(), 1U) << "nothing waits for sessions that came and went unheard of";
    EXPECT_EQ(w->items[0].session.id, stays);
}

TEST_F(WatchHubTest, TellsTheLastPacketOfTheChangeAndNotOfTheMoment) {
    const SessionId id = add("10.0.0.2");
    const auto w = watch();
    w->room_left = 0;
    bfd::SessionEvent event;
    event.reported_state = SessionState::Up;
    event.now = manager.view(id)->status;
    event.now.session_state = SessionState::Down;
    event.now.last_rx = dataplane.time - std::chrono::milliseconds{150};
    event.causes = static_cast<std::uint8_t>(bfd::EventCause::State);
    event.transitions = 1;
    event.first_at = event.last_at = dataplane.time;
    dataplane.events.push_back({.id = {}, .body = event});
    poll();
    event.causes = static_cast<std::uint8_t>(bfd::EventCause::Parameters);
    event.transitions = 0;
    event.reported_state = SessionState::Down;
    event.now.last_rx = dataplane.time + std::chrono::seconds{1};
    dataplane.events.push_back({.id = {}, .body = event});
    w->room_left = 10;
    poll();
    poll();
    ASSERT_FALSE(w->items.empty());
    const WatchItem& item = w->items.back();
    EXPECT_EQ(item.last_change - item.last_rx, std::chrono::milliseconds{150});
}

}  // namespace
}  // namespace tocsin::control::session
