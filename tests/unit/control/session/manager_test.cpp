#include "control/session/manager.hpp"

#include "fixture.hpp"

#include <algorithm>
#include <set>

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

TEST_F(ManagerTest, SaysHowManySessionsAreAllowedAndWhereToRaiseIt) {
    std::vector<config::Session> batch;
    for (int i = 1; i <= 65; ++i) batch.push_back(spec("10.0.1." + std::to_string(i)));
    const auto ids = manager.add(batch, Origin::Api, "sessions");
    ASSERT_FALSE(ids.ok());
    EXPECT_EQ(ids.error().kind, ErrorKind::ResourceExhausted);
    EXPECT_NE(ids.error().message.find("64"), std::string::npos);
    EXPECT_NE(ids.error().message.find("dataplane.max_sessions"), std::string::npos);
    batch.pop_back();
    EXPECT_TRUE(manager.add(batch, Origin::Api, "sessions").ok());
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

TEST_F(ManagerTest, SendsNothingUntilTheNextHopIsResolved) {
    next_hops.resolve_all = false;
    const config::Session s = spec("10.0.0.2");
    dataplane.add_peer({0}, s.local, s.remote);
    const SessionId id = add(s);
    run(3s);
    EXPECT_EQ(dataplane.worker({0}).stats().tx_control.get(), 0U);
    EXPECT_FALSE(manager.view(id)->next_hop_resolved);

    next_hops.macs[s.remote] = {2, 0, 0, 0, 0, 7};
    manager.on_neighbor({0}, s.remote);
    run(5s);
    EXPECT_EQ(state(id), bfd::SessionState::Up);
    EXPECT_TRUE(manager.view(id)->next_hop_resolved);
}

// req: RFC5881-4-03
TEST_F(ManagerTest, KeepsTheSourcePortWhenTheNextHopMoves) {
    const SessionId id = up("10.0.0.2");
    const Slot slot = manager.view(id)->status.session.slot;
    const overlay::HeaderTemplate before = dataplane.headers({0}, slot);
    next_hops.macs[ip("10.0.0.2")] = {2, 9, 9, 9, 9, 9};
    manager.on_neighbor({0}, ip("10.0.0.2"));
    run(5ms);
    const overlay::HeaderTemplate after = dataplane.headers({0}, slot);
    EXPECT_NE(before, after);
    const auto source_port = [](const overlay::HeaderTemplate& h) {
        return load_be16(&h.octets[h.udp_offset]);
    };
    EXPECT_EQ(source_port(before), source_port(after));
    EXPECT_GE(source_port(after), 49152);
}

// RFC 5880 6.8.3
TEST_F(ManagerTest, ChangesIntervalsOfAnUpSessionWithoutTakingItDown) {
    const SessionId id = up("10.0.0.2");
    bfd::SessionParameters slower = spec("10.0.0.2").parameters;
    slower.desired_min_tx_interval = 200ms;
    ASSERT_TRUE(manager.update(id, slower, Origin::Api).ok());
    run(3s);
    const auto v = manager.view(id).value();
    EXPECT_EQ(v.status.session_state, bfd::SessionState::Up);
    EXPECT_EQ(v.status.tx_interval, WireInterval{200'000});
    EXPECT_EQ(v.status.down_count, 0U);
    EXPECT_EQ(manager.update(id, slower, Origin::Config).error().kind,
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

TEST_F(ManagerTest, TakesOnlySessionsThatFollowTheLinkDownWithIt) {
    const SessionId follows = up("10.0.0.2");
    config::Session stays = spec("10.0.0.3");
    stays.follow_link = false;
    dataplane.add_peer({0}, stays.local, stays.remote, stays.parameters);
    const SessionId other = add(stays);
    run(3s);
    dataplane.connect(false);
    manager.on_link({0}, false);
    run(3ms);
    const auto v = manager.view(follows).value();
    EXPECT_EQ(v.status.local_diag, bfd::Diag::PathDown);
    EXPECT_GE(v.status.down_count, 1U);
    EXPECT_EQ(manager.view(other)->status.down_count, 0U);
}

TEST_F(ManagerTest, ListsPagesInTheOrderOfIdsWithFreshCounters) {
    std::vector<SessionId> ids;
    for (int i = 2; i < 12; ++i) ids.push_back(add(spec("10.0.0." + std::to_string(i))));
    run(2s);
    std::vector<SessionId> seen;
    SessionId after;
    do {
        std::optional<Page> page;
        manager.list({.after = after, .limit = 4}, [&](Page p) { page = std::move(p); });
        run(5ms);
        ASSERT_TRUE(page);
        EXPECT_EQ(page->total, 10U);
        for (const auto& v : page->sessions) {
            seen.push_back(v.id);
            EXPECT_GT(v.status.tx_packets, 0U);
        }
        after = page->next_after;
    } while (after.value != 0);
    EXPECT_EQ(seen, ids);
}

TEST_F(ManagerTest, FiltersByStatePortPrefixOriginAndName) {
    const SessionId a = up("10.0.0.2");
    add(spec("10.0.0.3", "p1", "edge-1"));
    add(spec("2001:db8::2"), Origin::Config);
    const auto count = [this](const Filter& f) {
        std::uint64_t total = 99;
        manager.list({.filter = f, .limit = 100}, [&](Page p) { total = p.sessions.size(); });
        run(5ms);
        return total;
    };
    EXPECT_EQ(count({.states = 1U << 3U}), 1U);
    EXPECT_EQ(count({.port = PortId{1}}), 1U);
    EXPECT_EQ(count({.remote = IpPrefix{ip("10.0.0.0"), 24}}), 2U);
    EXPECT_EQ(count({.origin = Origin::Config}), 1U);
    EXPECT_EQ(count({.name_contains = "edge"}), 1U);
    EXPECT_EQ(count({.states = 1U << 3U, .port = PortId{1}}), 0U);
    EXPECT_EQ(state(a), bfd::SessionState::Up);
}

TEST_F(ManagerTest, FindsASessionByIdNameDiscriminatorAndPeer) {
    const SessionId id = add(spec("10.0.0.2", "p0", "rr1"));
    const Discriminator discr = manager.view(id)->status.session.local_discr;
    EXPECT_EQ(manager.resolve(id).value(), id);
    EXPECT_EQ(manager.resolve(std::string{"rr1"}).value(), id);
    EXPECT_EQ(manager.resolve(discr).value(), id);
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.2")}).value(), id);
    EXPECT_EQ(manager.resolve(SessionId{77}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(manager.resolve(std::string{"rr"}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(manager.resolve(Discriminator{discr.value ^ 1U}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.9")}).error().kind,
              ErrorKind::NotFound);
    add(spec("10.0.0.2", "p1"));
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.2")}).error().kind,
              ErrorKind::InvalidArgument);
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.2"), .port = "p0"}).value(), id);
}

TEST_F(ManagerTest, ConfirmsTheNeighboursOfUpSessionsOnly) {
    up("10.0.0.2");
    add(spec("10.0.0.3"));
    run(10ms);
    manager.confirm_neighbors();
    EXPECT_EQ(next_hops.confirmed, std::vector{ip("10.0.0.2")});
    const auto status =
        manager.view(manager.resolve(PeerSelector{.remote = ip("10.0.0.2")}).value())->status;
    EXPECT_GE(next_hops.confirmed_before, status.detect_mult * Nanoseconds{status.tx_interval})
        << "younger packets prove nothing: the peer would not have said Down yet";
    EXPECT_TRUE(next_hops.doubted.empty());
}

TEST_F(ManagerTest, DoubtsTheNeighbourOfASessionThatFailed) {
    up("10.0.0.2");
    dataplane.connect(false);
    run(5s);
    EXPECT_EQ(next_hops.doubted, std::vector{ip("10.0.0.2")});
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

class TwoWorkers : public ManagerFixture {
protected:
    TwoWorkers() : ManagerFixture{{.workers = 2, .slots = 4}, 8} {}
};

TEST_F(TwoWorkers, ShareSessionsEvenly) {
    std::map<std::uint16_t, int> per_worker;
    for (int i = 2; i < 8; ++i) {
        ++per_worker[manager.view(add(spec("10.0.0." + std::to_string(i))))->worker.value];
    }
    EXPECT_EQ(per_worker[0], 3);
    EXPECT_EQ(per_worker[1], 3);
}

TEST_F(TwoWorkers, ShareWhatSessionsAskForAndNotTheirNumber) {
    config::Session fast = spec("10.0.0.2");
    fast.parameters.desired_min_tx_interval = 10ms;
    const WorkerId loaded = manager.view(add(fast))->worker;
    for (int i = 3; i < 6; ++i) {
        EXPECT_NE(manager.view(add(spec("10.0.0." + std::to_string(i))))->worker, loaded);
    }
    const load::Demand one = load::demand_of(spec("10.0.0.3").parameters);
    EXPECT_EQ(manager.demand(loaded), load::demand_of(fast.parameters));
    EXPECT_EQ(manager.demand(WorkerId{static_cast<std::uint16_t>(1 - loaded.value)}).tx,
              3 * one.tx);
    EXPECT_EQ(manager.demand().rx, 4 * one.rx);
}

TEST_F(TwoWorkers, FillTheOtherOneWhenTheLighterHasNoSlot) {
    config::Session fast = spec("10.0.0.2");
    fast.parameters.desired_min_tx_interval = 1ms;
    const WorkerId loaded = manager.view(add(fast))->worker;
    for (int i = 3; i < 7; ++i) static_cast<void>(add(spec("10.0.0." + std::to_string(i))));
    EXPECT_EQ(manager.view(add(spec("10.0.0.7")))->worker, loaded);
    EXPECT_EQ(manager.totals().waiting.get(), 0U);
}

TEST_F(TwoWorkers, GetNoFurtherSessionsWhileOverloaded) {
    const SessionId before = up("10.0.0.2");
    const WorkerId overloaded = manager.view(before)->worker;
    manager.set_overloaded(overloaded, true);
    for (int i = 3; i < 6; ++i) {
        EXPECT_NE(manager.view(add(spec("10.0.0." + std::to_string(i))))->worker, overloaded);
    }
    run(1s);
    EXPECT_EQ(state(before), bfd::SessionState::Up) << "established sessions go on";
}

TEST_F(TwoWorkers, HoldSessionsBackWhenAllAreOverloadedAndPlaceThemAfterwards) {
    for (std::uint16_t w = 0; w < 2; ++w) manager.set_overloaded(WorkerId{w}, true);
    const SessionId id = add(spec("10.0.0.3"));
    const SessionId other = add(spec("10.0.0.4"));
    EXPECT_EQ(manager.view(id)->waiting, Waiting::ForLoad);
    EXPECT_EQ(manager.totals().waiting.get(), 2U);
    manager.admit_waiting();
    run(1s);
    EXPECT_EQ(dataplane.engine_sessions(), 0U);
    EXPECT_TRUE(manager.idle()) << "there is nothing to do for them";

    manager.set_overloaded(WorkerId{1}, false);
    run(1s);
    EXPECT_EQ(dataplane.engine_sessions(), 0U) << "not before the next second";
    manager.admit_waiting();
    run(1s);
    for (const SessionId placed : {id, other}) {
        EXPECT_EQ(manager.view(placed)->waiting, Waiting::No);
        EXPECT_EQ(manager.view(placed)->worker, WorkerId{1});
    }
    EXPECT_EQ(manager.totals().waiting.get(), 0U);
    EXPECT_EQ(dataplane.engine_sessions(), 2U);
}

TEST_F(TwoWorkers, ForgetASessionThatIsDeletedWhileItWaits) {
    for (std::uint16_t w = 0; w < 2; ++w) manager.set_overloaded(WorkerId{w}, true);
    const SessionId gone = add(spec("10.0.0.3"));
    const SessionId stays = add(spec("10.0.0.4"));
    config::Session changed = spec("10.0.0.4");
    changed.parameters.desired_min_tx_interval = 200ms;
    ASSERT_TRUE(manager.update(stays, changed.parameters, Origin::Api).ok());
    ASSERT_TRUE(manager.remove({&gone, 1}, Origin::Api, "sessions").ok());
    EXPECT_EQ(manager.totals().waiting.get(), 1U);
    for (std::uint16_t w = 0; w < 2; ++w) manager.set_overloaded(WorkerId{w}, false);
    manager.admit_waiting();
    run(1s);
    EXPECT_EQ(dataplane.engine_sessions(), 1U);
    EXPECT_EQ(manager.demand(), load::demand_of(changed.parameters));
    EXPECT_EQ(manager.demand(manager.view(stays)->worker), load::demand_of(changed.parameters));
    ASSERT_TRUE(manager.remove({&stays, 1}, Origin::Api, "sessions").ok());
    EXPECT_EQ(manager.demand(), load::Demand{});
    EXPECT_TRUE(manager.totals().waiting.get() == 0);
}

// The alarm is told every second, also when there is none.
TEST_F(TwoWorkers, PlaceThoseThatWaitForASlotAsSoonAsThereIsOne) {
    std::vector<SessionId> ids;
    for (int i = 2; i < 10; ++i) ids.push_back(add(spec("10.0.0." + std::to_string(i))));
    run(1s);
    ASSERT_TRUE(manager.remove(ids, Origin::Api, "sessions").ok());
    for (int i = 12; i < 20; ++i) static_cast<void>(add(spec("10.0.0." + std::to_string(i))));
    ASSERT_EQ(manager.totals().waiting.get(), 8U);
    for (std::uint16_t w = 0; w < 2; ++w) manager.set_overloaded(WorkerId{w}, false);
    run(20s);
    EXPECT_EQ(manager.totals().waiting.get(), 0U);
    EXPECT_EQ(dataplane.engine_sessions(), 8U);
}

/// Room for about two sessions at 50 ms in both directions: 23 packets a second each way.
class LimitedCapacity : public ManagerFixture {
protected:
    LimitedCapacity() { manager.set_capacity(capacity, true); }
    const load::Capacity capacity{.cycles_per_second = 1000,
                                  .costs = {{.rx_cycles = 10, .tx_cycles = 10}}};
};

TEST_F(LimitedCapacity, RefusesWhatTheWorkersCannotCarryWithTheFiguresAndTheWayOut) {
    add(spec("10.0.0.2"));
    add(spec("10.0.0.3"));
    const config::Session third = spec("10.0.0.4");
    const auto refused = manager.add({&third, 1}, Origin::Api, "sessions");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::ResourceExhausted);
    for (const char* part :
         {"137 % of 1 worker", "69 + 69 packets/s", "10 + 10 cycles", "assumed",
          "desired_min_tx_interval", "dataplane.workers", "dataplane.admission"}) {
        EXPECT_NE(refused.error().message.find(part), std::string::npos)
            << part << " in " << refused.error().message;
    }
    EXPECT_EQ(manager.registry().size(), 2U);
}

TEST_F(LimitedCapacity, RefusesFasterIntervalsAndTakesSlowerOnes) {
    const SessionId id = add(spec("10.0.0.2"));
    bfd::SessionParameters p = spec("10.0.0.2").parameters;
    p.desired_min_tx_interval = 10ms;
    EXPECT_EQ(manager.update(id, p, Origin::Api).error().kind, ErrorKind::ResourceExhausted);
    EXPECT_EQ(manager.view(id)->spec.parameters.desired_min_tx_interval, WireInterval{50'000});
    // Above the capacity already, as after a start: what asks for less is welcome.
    manager.set_capacity({.cycles_per_second = 1, .costs = {{.rx_cycles = 10, .tx_cycles = 10}}},
                         true);
    p.desired_min_tx_interval = 60ms;
    EXPECT_TRUE(manager.update(id, p, Origin::Api).ok());
}

TEST_F(LimitedCapacity, TakesEverythingOfTheFileAtTheStart) {
    for (int i = 2; i < 9; ++i) {
        static_cast<void>(add(spec("10.0.0." + std::to_string(i)), Origin::Config));
    }
    EXPECT_EQ(manager.registry().size(), 7U);
}

TEST_F(LimitedCapacity, TakesEverythingWhenItOnlyWarns) {
    manager.set_capacity(capacity, false);
    for (int i = 2; i < 9; ++i) static_cast<void>(add(spec("10.0.0." + std::to_string(i))));
    EXPECT_EQ(manager.registry().size(), 7U);
}

TEST_F(LimitedCapacity, RefusesAReloadThatAsksForTooMuchAndChangesNothing) {
    add(spec("10.0.0.2"), Origin::Config);
    config::Diff more;
    for (int i = 3; i < 6; ++i) more.added.push_back(spec("10.0.0." + std::to_string(i)));
    const auto refused = manager.apply(more);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::ResourceExhausted);
    EXPECT_EQ(manager.registry().size(), 1U);
    more.added.resize(1);
    more.removed.push_back(spec("10.0.0.2"));
    EXPECT_TRUE(manager.apply(more).ok()) << "what comes instead asks for no more";
}

/// Each has room for two sessions at 50 ms in both directions.
class TwoLimitedWorkers : public TwoWorkers {
protected:
    TwoLimitedWorkers() {
        const load::Cost cost{.rx_cycles = 10, .tx_cycles = 10};
        manager.set_capacity({.cycles_per_second = 1000, .costs = {cost, cost}}, true);
    }
};

// Sessions do not move: one worker may be asked for too much while the other one has time.
TEST_F(TwoLimitedWorkers, RefuseWhatOneOfThemCannotCarry) {
    const SessionId id = add(spec("10.0.0.2"), Origin::Config);
    const SessionId other = add(spec("10.0.0.3"));
    ASSERT_NE(manager.view(id)->worker, manager.view(other)->worker);
    config::Session fast = spec("10.0.0.3");
    fast.parameters.desired_min_tx_interval = fast.parameters.required_min_rx_interval = 20ms;
    const auto refused = manager.update(other, fast.parameters, Origin::Api);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::ResourceExhausted);
    const std::string worker = std::to_string(manager.view(other)->worker.value);
    for (const std::string& part : {"worker " + worker, std::string{"114 % of 1 worker"}}) {
        EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
    }
    config::Diff diff;
    fast.remote = ip("10.0.0.2");
    diff.changed.push_back({.from = spec("10.0.0.2"), .to = fast, .members = {}});
    EXPECT_EQ(manager.apply(diff).error().kind, ErrorKind::ResourceExhausted);
    EXPECT_EQ(manager.view(id)->spec.parameters, spec("10.0.0.2").parameters);
    diff.changed[0].to.parameters.required_min_rx_interval = 50ms;
    EXPECT_TRUE(manager.apply(diff).ok()) << "80 %";
}

TEST_F(TwoWorkers, LetASessionWaitForTheSlotOfOneThatLeaves) {
    std::vector<SessionId> ids;
    for (int i = 2; i < 10; ++i) {
        const config::Session s = spec("10.0.0." + std::to_string(i));
        dataplane.add_peer({0}, s.local, s.remote, s.parameters);
        ids.push_back(add(s));
    }
    run(3s);
    ASSERT_TRUE(manager.remove({&ids[0], 1}, Origin::Api, "sessions").ok());
    run(1ms);
    const SessionId late = add(spec("10.0.0.99"));
    EXPECT_EQ(manager.view(late)->status.session.local_discr.value, 0U);
    EXPECT_EQ(manager.view(late)->waiting, Waiting::ForSlot);
    run(20s);
    EXPECT_EQ(manager.leaving(), 0U);
    EXPECT_EQ(dataplane.engine_sessions(), 8U);
    EXPECT_NE(manager.view(late)->status.session.local_discr.value, 0U);
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
