// Notification of clients from the engine to the watcher, in virtual time.

#include "control/session/notifier.hpp"

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

using bfd::SessionState;
using notify::Held;
using notify::Indication;
using notify::Initiator;
using notify::Told;

class NotifierTest : public ManagerFixture {
protected:
    /// A session with a peer that answers, and a client.
    SessionId start(const notify::Policy& policy, Origin origin = Origin::Api) {
        watch = std::make_shared<RecordingWatch>();
        EXPECT_TRUE(manager.hub().open({}, true, watch).ok());
        config::Session s = spec("10.0.0.2");
        s.notification = policy;
        dataplane.add_peer({0}, s.local, s.remote, s.parameters);
        return add(s, origin);
    }
    SessionId start_up(const notify::Policy& policy, Origin origin = Origin::Api) {
        const SessionId id = start(policy, origin);
        run(3s + policy.up_hold);
        EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
        watch->items.clear();
        return id;
    }
    Told told(SessionId id) { return manager.view(id)->told; }
    /// Of the messages since the last call, those in which the state is another than in the one
    /// before.
    std::size_t state_changes() {
        std::size_t n = 0;
        for (const WatchItem& item : watch->items) n += item.transitions != 0 ? 1 : 0;
        watch->items.clear();
        return n;
    }
    /// Silence until the session is Down, then the peer is back until it is Up.
    void flap(SessionId id) {
        dataplane.connect(false);
        run(400ms);
        EXPECT_EQ(state(id), SessionState::Down);
        dataplane.connect(true);
        run(3s);
        EXPECT_EQ(state(id), SessionState::Up);
    }
    std::shared_ptr<RecordingWatch> watch;
};

// req: RFC5882-2-06
TEST_F(NotifierTest, AFailureThatIsOverWhenItIsToldIsToldAllTheSame) {
    const SessionId id = start_up({});
    const auto alone = [this](Nanoseconds time) {  // control does not come to look
        for (Nanoseconds t{0}; t < time; t += 1ms) dataplane.advance(1ms);
    };
    dataplane.connect(false);
    alone(400ms);
    dataplane.connect(true);
    alone(3s);
    run(5ms);
    EXPECT_EQ(state(id), SessionState::Up);
    std::vector<WatchItem> changes;
    for (const WatchItem& item : watch->items) {
        if (item.transitions != 0) changes.push_back(item);
    }
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(changes[0].interrupted());
    EXPECT_EQ(changes[0].downs, 1U);
    EXPECT_EQ(changes[0].down_diag, bfd::Diag::ControlDetectionTimeExpired);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
}

// req: RFC5882-3.1-03
TEST_F(NotifierTest, AHeldUpIsUpInTheTableAndOnTheWire) {
    const SessionId id = start({.up_hold = notify::Milliseconds{60'000}});
    run(5s);
    EXPECT_EQ(state(id), SessionState::Up) << "the table shows what the session is";
    EXPECT_EQ(dataplane.peer_state(0), SessionState::Up) << "and so do its packets";
    EXPECT_EQ(told(id), (Told{Indication::None, Held::UpHold}));
    EXPECT_EQ(manager.totals().sessions_held[static_cast<std::size_t>(Held::UpHold)].get(), 1U);
    for (const WatchItem& item : watch->items) {
        EXPECT_NE(item.session.status.session_state, SessionState::Up) << "no client hears of it";
    }
    run(56s);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
    ASSERT_FALSE(watch->items.empty());
    EXPECT_EQ(watch->items.back().session.told.indication, Indication::Up);
    EXPECT_EQ(manager.totals().sessions_held[static_cast<std::size_t>(Held::UpHold)].get(), 0U);
}

// req: RFC5882-3.1-01 RFC5882-3.1-03
TEST_F(NotifierTest, AHeldDownIsDownInTheTableAndOnTheWire) {
    const SessionId id = start_up({.down_hold = notify::Milliseconds{5000}});
    dataplane.connect(true, false);
    run(400ms);
    EXPECT_EQ(state(id), SessionState::Down);
    EXPECT_EQ(dataplane.peer_state(0), SessionState::Down) << "packets carry the state";
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::DownHold}));
    dataplane.connect(true);
    run(4s);
    EXPECT_EQ(state(id), SessionState::Up);
    run(10s);
    EXPECT_EQ(state_changes(), 0U);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
}

// req: RFC5882-3.1-02
TEST_F(NotifierTest, ADownThatLastsIsToldWhenTheHoldEnds) {
    const SessionId id = start_up({.down_hold = notify::Milliseconds{5000}});
    dataplane.connect(false);
    run(400ms);
    EXPECT_EQ(state_changes(), 0U);
    run(5s);
    EXPECT_EQ(state_changes(), 1U);
    EXPECT_EQ(told(id), (Told{Indication::PathFailure, Held::None}));
}

TEST_F(NotifierTest, AFlappingSessionIsDampenedUntilItsTimeComes) {
    const notify::Policy policy{.dampening = {.half_life = notify::Milliseconds{10'000},
                                              .max_suppress = notify::Milliseconds{40'000}}};
    const SessionId id = start_up(policy);
    for (int i = 0; i < 3; ++i) flap(id);
    EXPECT_EQ(told(id), (Told{Indication::PathFailure, Held::Dampened}));
    EXPECT_GT(manager.view(id)->penalty, 1000U);
    EXPECT_GT(manager.view(id)->reuse_in, 1s);
    EXPECT_EQ(manager.totals().dampened.get(), 1U);
    EXPECT_EQ(manager.totals().dampenings.get(), 1U);
    watch->items.clear();
    run(41s);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
    EXPECT_EQ(state_changes(), 1U);
    EXPECT_EQ(manager.totals().dampened.get(), 0U);
}

TEST_F(NotifierTest, DampeningIsClearedOnRequest) {
    const notify::Policy policy{.dampening = {.half_life = notify::Milliseconds{600'000},
                                              .max_suppress = notify::Milliseconds{3'600'000}}};
    const SessionId id = start_up(policy);
    for (int i = 0; i < 3; ++i) flap(id);
    EXPECT_EQ(told(id).held, Held::Dampened);
    watch->items.clear();
    const SessionId ids[]{id, {12345}};
    manager.clear_dampening(ids);
    run(1ms);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
    EXPECT_EQ(manager.view(id)->penalty, 0U);
    EXPECT_EQ(state_changes(), 1U);
}

TEST_F(NotifierTest, DampeningOutlastsAReloadAndFollowsItsChanges) {
    const notify::Policy policy{.dampening = {.half_life = notify::Milliseconds{600'000},
                                              .max_suppress = notify::Milliseconds{3'600'000}}};
    const SessionId id = start_up(policy, Origin::Config);
    for (int i = 0; i < 3; ++i) flap(id);
    ASSERT_EQ(told(id).held, Held::Dampened);
    config::Diff other;
    other.added = {spec("10.0.0.9")};
    ASSERT_TRUE(manager.apply(other).ok());
    run(1s);
    EXPECT_EQ(told(id).held, Held::Dampened);
    EXPECT_GT(manager.view(id)->penalty, 2900U);

    config::Session from = manager.view(id)->spec;
    config::Session to = from;
    to.parameters.detect_mult = 5;
    config::Diff changed;
    changed.changed = {{.from = from, .to = to, .members = {"detect_mult"}}};
    ASSERT_TRUE(manager.apply(changed).ok());
    run(1s);
    EXPECT_EQ(told(id).held, Held::Dampened);

    from = to;
    to.notification.dampening = {};
    changed.changed = {{.from = from, .to = to, .members = {"dampening"}}};
    ASSERT_TRUE(manager.apply(changed).ok());
    run(10ms);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
    EXPECT_EQ(manager.totals().dampened.get(), 0U);
    EXPECT_EQ(manager.registry().tellings().size(), 0U) << "costs nothing any more";
    flap(id);
    EXPECT_EQ(told(id).indication, Indication::Up);
}

TEST_F(NotifierTest, APolicyMayComeLater) {
    const SessionId id = start_up({});
    config::Session s = manager.view(id)->spec;
    s.notification.up_hold = notify::Milliseconds{10'000};
    ASSERT_TRUE(manager.update(id, s, Origin::Api).ok());
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None})) << "who knows of the Up knows of it";
    flap(id);
    EXPECT_EQ(told(id), (Told{Indication::PathFailure, Held::UpHold}));
    run(10s);
    EXPECT_EQ(told(id), (Told{Indication::Up, Held::None}));
    EXPECT_EQ(manager.view(id)->spec.notification.up_hold, notify::Milliseconds{10'000});
}

TEST_F(NotifierTest, ADeletedSessionLeavesNothingBehind) {
    const SessionId id = start({.up_hold = notify::Milliseconds{60'000},
                                .dampening = {.half_life = notify::Milliseconds{600'000},
                                              .max_suppress = notify::Milliseconds{3'600'000}}});
    run(3s);
    for (int i = 0; i < 3; ++i) flap(id);
    ASSERT_EQ(manager.totals().dampened.get(), 1U);
    ASSERT_TRUE(manager.remove({&id, 1}, Origin::Api, "sessions").ok());
    EXPECT_EQ(manager.totals().dampened.get(), 0U);
    for (const Counter& held : manager.totals().sessions_held) EXPECT_EQ(held.get(), 0U);
    EXPECT_EQ(manager.registry().tellings().size(), 0U);
    run(61s);
}

/// Why a session went Down, and what clients make of it.
class Verdicts : public NotifierTest {
protected:
    /// The peer says Down, and hears nothing that it could answer.
    void peer_fails(std::uint32_t index) {
        dataplane.connect(false, true);
        dataplane.fail_peer(index);
        run(10ms);
    }
    void expect(SessionId id, Initiator initiator, Indication indication, SessionState remote,
                bfd::Diag diag) {
        const SessionView v = manager.view(id).value();
        EXPECT_EQ(v.initiator, initiator);
        EXPECT_EQ(v.told.indication, indication);
        EXPECT_EQ(v.status.remote_session_state, remote);
        EXPECT_EQ(v.status.local_diag, diag);
        ASSERT_FALSE(watch->items.empty());
        const SessionView& e = watch->items.back().session;
        EXPECT_EQ(e.initiator, initiator);
        EXPECT_EQ(e.told.indication, indication);
        EXPECT_EQ(e.status.remote_session_state, remote);
    }
};

// req: RFC5882-4.2-03 RFC5882-3.2-05
TEST_F(Verdicts, SilenceIsAPathFailure) {
    const SessionId id = start_up({});
    dataplane.connect(false);
    run(1s);
    expect(id, Initiator::DetectionTime, Indication::PathFailure, SessionState::Up,
           bfd::Diag::ControlDetectionTimeExpired);
    run(1min);
    EXPECT_EQ(told(id).indication, Indication::PathFailure) << "until it is Up";
    dataplane.connect(true);
    run(3s);
    EXPECT_EQ(told(id).indication, Indication::Up);
}

// req: RFC5882-3.2-02 RFC5882-4.2-02 RFC5882-3.2-05
TEST_F(Verdicts, AnAdminDownOfThePeerIsNone) {
    const SessionId id = start_up({});
    dataplane.set_peer_admin(0, true);
    run(1s);
    expect(id, Initiator::RemoteAdmin, Indication::AdminDown, SessionState::AdminDown,
           bfd::Diag::NeighborSignaledSessionDown);
    dataplane.connect(false);
    run(10s);
    EXPECT_EQ(told(id).indication, Indication::AdminDown) << "also when it then falls silent";
    dataplane.connect(true);
    dataplane.set_peer_admin(0, false);
    run(5s);
    EXPECT_EQ(told(id).indication, Indication::Up);
}

// req: RFC5882-3.2-01 RFC5882-4.2-01 RFC5882-4.1-01
TEST_F(Verdicts, AnAdminDownOfOursIsNone) {
    const SessionId id = start_up({});
    manager.set_admin({&id, 1}, true);
    run(1s);
    expect(id, Initiator::LocalAdmin, Indication::AdminDown, SessionState::Down,
           bfd::Diag::AdministrativelyDown);
    dataplane.connect(false);
    manager.set_admin({&id, 1}, false);
    run(1s);
    EXPECT_EQ(told(id).indication, Indication::None) << "no statement before it was Up again";
}

// req: RFC5882-4.2-03 RFC5882-7.2-01
TEST_F(Verdicts, ALostLinkIsAPathFailure) {
    const SessionId id = start_up({});
    manager.on_link({0}, false);
    dataplane.connect(false);
    run(20ms);
    expect(id, Initiator::Path, Indication::PathFailure, SessionState::Up, bfd::Diag::PathDown);
}

// req: RFC5882-4.2-03
TEST_F(Verdicts, ADownOfThePeerIsAPathFailure) {
    const SessionId id = start_up({});
    peer_fails(0);
    expect(id, Initiator::Neighbor, Indication::PathFailure, SessionState::Down,
           bfd::Diag::NeighborSignaledSessionDown);
}

// req: RFC5882-3.3-01 RFC5882-4.1-06
TEST_F(Verdicts, ASilentPeerNeverFails) {
    watch = std::make_shared<RecordingWatch>();
    ASSERT_TRUE(manager.hub().open({}, true, watch).ok());
    const SessionId id = add(spec("10.0.0.2"));
    run(30s);
    EXPECT_EQ(told(id).indication, Indication::None);
    EXPECT_EQ(manager.view(id)->status.last_rx, Instant{}) << "nobody was heard";
    for (const WatchItem& item : watch->items) {
        EXPECT_NE(item.session.told.indication, Indication::PathFailure);
    }
    dataplane.add_peer({0}, ip("10.0.0.1"), ip("10.0.0.2"), {});
    run(5s);
    EXPECT_EQ(told(id).indication, Indication::Up);
    EXPECT_NE(manager.view(id)->status.last_rx, Instant{});
    for (const WatchItem& item : watch->items) {
        EXPECT_NE(item.session.told.indication, Indication::PathFailure);
    }
}

// A daemon that lost all that it knew meets peers for which the session is still Up.
// req: RFC5882-3.3-02
TEST_F(Verdicts, LossOfAllLocalStateIsNoFailureForOurClients) {
    const SessionId id = start_up({});
    ASSERT_TRUE(manager.remove({&id, 1}, Origin::Api, "sessions").ok());
    dataplane.connect(false);
    run(20ms);
    const auto fresh = std::make_shared<RecordingWatch>();
    ASSERT_TRUE(manager.hub().open({}, true, fresh).ok());
    const SessionId again = add(spec("10.0.0.2"));
    dataplane.connect(true);
    run(6s);
    EXPECT_EQ(told(again).indication, Indication::Up);
    for (const WatchItem& item : fresh->items) {
        EXPECT_NE(item.session.told.indication, Indication::PathFailure);
    }
}

// req: RFC5882-4.2.2.2-02 RFC5882-6-01 RFC5882-2-01
TEST_F(Verdicts, AFailureOfOneFamilyIsOfThatFamily) {
    const SessionId v4 = start_up({});
    const SessionId v6 = add(spec("2001:db8::2"));
    dataplane.add_peer({0}, ip("2001:db8::1"), ip("2001:db8::2"), spec("2001:db8::2").parameters);
    run(3s);
    ASSERT_EQ(told(v6).indication, Indication::Up);
    watch->items.clear();
    peer_fails(1);
    EXPECT_EQ(told(v4).indication, Indication::Up);
    for (const WatchItem& item : watch->items) {
        EXPECT_EQ(item.session.id, v6);
        EXPECT_TRUE(item.session.spec.remote.is_v6());
    }
    EXPECT_FALSE(watch->items.empty());
}

// req: RFC5882-2-06 RFC5882-4.4-01
TEST_F(Verdicts, EveryClientIsTold) {
    const SessionId id = start_up({});
    const auto second = std::make_shared<RecordingWatch>();
    ASSERT_TRUE(manager.hub().open({}, true, second).ok());
    peer_fails(0);
    ASSERT_FALSE(watch->items.empty());
    ASSERT_FALSE(second->items.empty());
    EXPECT_EQ(watch->items.front().sequence, second->items.front().sequence);
    EXPECT_EQ(second->items.front().session.id, id);
    EXPECT_EQ(second->items.front().session.told.indication, Indication::PathFailure);
}

}  // namespace
}  // namespace tocsin::control::session
