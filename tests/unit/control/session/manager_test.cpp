#include "control/session/manager.hpp"

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

class ManagerTest : public ManagerFixture {};

TEST_F(ManagerTest, BringsASessionUpWithItsPeer) { up("10.0.0.2"); }

// req: RFC5881-2-02 RFC5881-3-01
TEST_F(ManagerTest, RefusesASecondSessionToTheSamePeerOnAPort) {
    const SessionId first = add(spec("10.0.0.2"));
    EXPECT_EQ(add_error(spec("10.0.0.2")), ErrorKind::AlreadyExists);
    EXPECT_EQ(manager.registry().size(), 1U);
    EXPECT_TRUE(manager.view(first));
    add(spec("10.0.0.2", "p1"));
}

// req: RFC5881-2-03
TEST_F(ManagerTest, GivesIpv4AndIpv6OfOnePathASessionEach) {
    const SessionId four = up("10.0.0.2");
    const SessionId six = up("2001:db8::2");
    EXPECT_NE(manager.view(four)->status.session.local_discr,
              manager.view(six)->status.session.local_discr);
    const auto removed = manager.remove({&six, 1}, Origin::Api, "sessions");
    run(10s);
    EXPECT_TRUE(removed.ok());
    EXPECT_EQ(state(four), bfd::SessionState::Up);
}

TEST_F(ManagerTest, RefusesASecondSessionOfAName) {
    add(spec("10.0.0.2", "p0", "rr1"));
    EXPECT_EQ(add_error(spec("10.0.0.3", "p0", "rr1")), ErrorKind::AlreadyExists);
}

TEST_F(ManagerTest, AddsAllOfABatchOrNone) {
    const std::vector<config::Session> batch{spec("10.0.0.2"), spec("10.0.0.3"), spec("10.0.0.2")};
    const auto ids = manager.add(batch, Origin::Api, "sessions");
    ASSERT_FALSE(ids.ok());
    EXPECT_EQ(ids.error().kind, ErrorKind::AlreadyExists);
    EXPECT_EQ(ids.error().where, "sessions[2].remote");
    EXPECT_EQ(manager.registry().size(), 0U);
}

TEST_F(ManagerTest, NeverDeletesASessionOfAnotherOrigin) {
    const SessionId mine = add(spec("10.0.0.2"));
    const SessionId theirs = add(spec("10.0.0.3"), Origin::Config);
    const std::vector<SessionId> both{mine, theirs};
    const auto removed = manager.remove(both, Origin::Api, "sessions");
    ASSERT_FALSE(removed.ok());
    EXPECT_EQ(removed.error().kind, ErrorKind::FailedPrecondition);
    EXPECT_EQ(removed.error().where, "sessions[1]");
    EXPECT_EQ(manager.registry().size(), 2U);
}

// RFC 5880 6.8.16
TEST_F(ManagerTest, KeepsTheSlotOfADeletedSessionUntilThePeerHasHeard) {
    const SessionId id = up("10.0.0.2");
    ASSERT_TRUE(manager.remove({&id, 1}, Origin::Api, "sessions").ok());
    run(5ms);
    EXPECT_EQ(manager.leaving(), 1U);
    EXPECT_EQ(dataplane.peer_state(0), bfd::SessionState::AdminDown);
    run(10s);
    EXPECT_EQ(manager.leaving(), 0U);
    EXPECT_EQ(dataplane.engine_sessions(), 0U);
    EXPECT_EQ(next_hops.tracked.at(ip("10.0.0.2")), 0);
}

TEST_F(ManagerTest, EndsTheOldSessionAtOnceWhenThePeerIsAddedAgain) {
    const SessionId old = up("10.0.0.2");
    const Discriminator before = manager.view(old)->status.session.local_discr;
    ASSERT_TRUE(manager.remove({&old, 1}, Origin::Api, "sessions").ok());
    run(5ms);
    const SessionId again = add(spec("10.0.0.2"));
    EXPECT_GT(again.value, old.value);
    run(5ms);
    EXPECT_EQ(manager.leaving(), 0U);
    EXPECT_EQ(dataplane.engine_sessions(), 1U);
    EXPECT_NE(manager.view(again)->status.session.local_discr, before);
    run(10s);
    EXPECT_EQ(state(again), bfd::SessionState::Up);
}

TEST_F(ManagerTest, ForgetsASessionThatWasDeletedBeforeAnyWorkerHeardOfIt) {
    const SessionId id = add(spec("10.0.0.2"));
    ASSERT_TRUE(manager.remove({&id, 1}, Origin::Api, "sessions").ok());
    EXPECT_EQ(manager.leaving(), 0U);
    run(10ms);
    EXPECT_EQ(dataplane.engine_sessions(), 0U);
}

// RFC 5880 6.8.3
TEST_F(ManagerTest, ChangesIntervalsOfAnUpSessionWithoutTakingItDown) {
    const SessionId id = up("10.0.0.2");
    bfd::SessionParameters slower = spec("10.0.0.2").parameters;
    slower.desired_min_tx_interval = 200ms;
    ASSERT_TRUE(manager.update(id, with(slower), Origin::Api).ok());
    run(3s);
    const auto v = manager.view(id).value();
    EXPECT_EQ(v.status.session_state, bfd::SessionState::Up);
    EXPECT_EQ(v.status.tx_interval, WireInterval{200'000});
    EXPECT_EQ(v.status.down_count, 0U);
    EXPECT_EQ(manager.update(id, with(slower), Origin::Config).error().kind,
              ErrorKind::FailedPrecondition);
}

// req: RFC5880-6.8.16-01 RFC5880-6.8.16-02 RFC5880-6.8.16-06
TEST_F(ManagerTest, DisablesAndEnablesASession) {
    const SessionId id = up("10.0.0.2");
    manager.set_admin({&id, 1}, true);
    run(10ms);
    EXPECT_EQ(state(id), bfd::SessionState::AdminDown);
    EXPECT_EQ(manager.view(id)->status.local_diag, bfd::Diag::AdministrativelyDown);
    EXPECT_EQ(dataplane.peer_state(0), bfd::SessionState::AdminDown);
    manager.set_admin({&id, 1}, false);
    run(5ms);
    EXPECT_NE(state(id), bfd::SessionState::AdminDown);
    run(10s);
    EXPECT_EQ(state(id), bfd::SessionState::Up);
}

TEST_F(ManagerTest, TellsEveryPeerAdminDownBeforeItIsFinished) {
    up("10.0.0.2");
    up("10.0.0.3", Origin::Config);
    manager.remove_all();
    EXPECT_FALSE(manager.finished());
    run(10ms);
    EXPECT_EQ(dataplane.peer_state(0), bfd::SessionState::AdminDown);
    EXPECT_EQ(dataplane.peer_state(1), bfd::SessionState::AdminDown);
    run(10s);
    EXPECT_TRUE(manager.finished());
}

TEST_F(ManagerTest, AddsNothingOnceEverythingIsBeingRemoved) {
    add(spec("10.0.0.2"));
    manager.remove_all();
    EXPECT_EQ(add_error(spec("10.0.0.3")), ErrorKind::Unavailable);
    const config::Session s = spec("10.0.0.4");
    const AddedEach each = manager.add_each({&s, 1}, Origin::Api);
    ASSERT_EQ(each.refused.size(), 1U);
    EXPECT_EQ(each.refused[0].error.kind, ErrorKind::Unavailable);
    EXPECT_EQ(manager.registry().size(), 1U);
}

}  // namespace
}  // namespace tocsin::control::session
