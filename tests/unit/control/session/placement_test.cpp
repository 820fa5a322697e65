#include "control/session/placement.hpp"

#include "fixture.hpp"

#include <map>

namespace tocsin::control::session {
namespace {

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
    ASSERT_TRUE(manager.update(stays, with(changed.parameters), Origin::Api).ok());
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

}  // namespace
}  // namespace tocsin::control::session
