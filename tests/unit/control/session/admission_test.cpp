#include "control/session/admission.hpp"

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

class AdmissionTest : public ManagerFixture {};

TEST_F(AdmissionTest, SaysHowManySessionsAreAllowedAndWhereToRaiseIt) {
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
    EXPECT_EQ(manager.update(id, with(p), Origin::Api).error().kind, ErrorKind::ResourceExhausted);
    EXPECT_EQ(manager.view(id)->spec.parameters.desired_min_tx_interval, WireInterval{50'000});
    // Above the capacity already, as after a start: what asks for less is welcome.
    manager.set_capacity({.cycles_per_second = 1, .costs = {{.rx_cycles = 10, .tx_cycles = 10}}},
                         true);
    p.desired_min_tx_interval = 60ms;
    EXPECT_TRUE(manager.update(id, with(p), Origin::Api).ok());
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
    const auto refused = manager.update(other, with(fast.parameters), Origin::Api);
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

}  // namespace
}  // namespace tocsin::control::session
