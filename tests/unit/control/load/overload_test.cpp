#include "control/load/overload.hpp"

#include "control/load/monitor.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace tocsin::control::load {
namespace {

using namespace std::chrono_literals;

/// A second of a worker that keeps up at half of its time.
Observation calm() {
    Observation o;
    o.load.span = 1s;
    o.load.turns = 100'000;
    o.load.rx_packets = o.load.tx_packets = 10'000;
    o.load.busy = 0.5;
    o.load.late_tx[4] = 10'000;
    o.received = 10'000;
    return o;
}
Observation busy(double share) {
    Observation o = calm();
    o.load.busy = share;
    return o;
}
Observation late_packets(std::uint64_t n) {
    Observation o = calm();
    o.load.late_tx[4] -= n;
    o.load.late_tx[11] = n;  // 1.024 ms to 2.048 ms
    return o;
}
Observation backlog(std::uint64_t turns) {
    Observation o = calm();
    o.load.backlog_turns = turns;
    return o;
}
Observation missed(std::uint64_t n) {
    Observation o = calm();
    o.missed = n;
    return o;
}

TEST(OverloadSigns, AreEachAFigureAboveItsLimit) {
    EXPECT_EQ(signs_of(calm()), 0);
    EXPECT_EQ(signs_of(busy(0.90)), 0);
    EXPECT_EQ(signs_of(busy(0.91)), kBusy);
    EXPECT_EQ(signs_of(late_packets(100)), 0) << "one per cent";
    EXPECT_EQ(signs_of(late_packets(101)), kLateTx);
    EXPECT_EQ(signs_of(backlog(50'000)), 0);
    EXPECT_EQ(signs_of(backlog(50'001)), kBacklog);
    EXPECT_EQ(signs_of(missed(99)), 0);
    EXPECT_EQ(signs_of(missed(100)), kMissed);
}

TEST(OverloadSigns, AreNotMadeOfAHandfulOfPackets) {
    Observation few = calm();
    few.load.late_tx = {};
    few.load.late_tx[12] = 9;  // all of them late, but only nine
    EXPECT_EQ(signs_of(few), 0);
    few.load.late_tx[12] = 10;
    EXPECT_EQ(signs_of(few), kLateTx);
    Observation many = missed(500);
    many.received = 1'000'000;  // 0.05 %
    EXPECT_EQ(signs_of(many), 0);
}

TEST(OverloadSigns, HaveNames) {
    EXPECT_EQ(names(0), "");
    EXPECT_EQ(names(kBusy | kLateTx | kBacklog | kMissed), "busy, late_tx, backlog, missed");
}

TEST(OverloadJudge, ForgivesASingleBadSecond) {
    OverloadJudge j;
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(j.judge(late_packets(5000)));
        EXPECT_FALSE(j.judge(calm()));
        EXPECT_FALSE(j.alarm());
    }
}

TEST(OverloadJudge, RaisesTheAlarmWithTheSecondBadSecondInARow) {
    OverloadJudge j;
    EXPECT_FALSE(j.judge(busy(0.95)));
    EXPECT_TRUE(j.judge(backlog(90'000)));
    EXPECT_TRUE(j.alarm());
    EXPECT_EQ(j.signs(), kBacklog);
    EXPECT_FALSE(j.judge(late_packets(5000))) << "it stands already";
    EXPECT_EQ(j.signs(), kBacklog | kLateTx);
}

TEST(OverloadJudge, EndsTheAlarmAfterFiveCalmSecondsInARow) {
    OverloadJudge j;
    ASSERT_FALSE(j.judge(busy(0.95)));
    ASSERT_TRUE(j.judge(busy(0.95)));
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(j.judge(calm()));
    EXPECT_FALSE(j.judge(busy(0.85))) << "not bad, but not calm either";
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(j.judge(calm()));
    EXPECT_TRUE(j.alarm());
    EXPECT_TRUE(j.judge(calm()));
    EXPECT_FALSE(j.alarm());
    EXPECT_EQ(j.signs(), 0);
}

// Between calm and bad there is room for a load that is there to stay, such as 85 % busy or a
// packet in two hundred late: sessions must not wait for good because of what was once.
TEST(OverloadJudge, EndsTheAlarmAfterAMinuteThatWasNeitherCalmNorBad) {
    for (const Observation& usual : {busy(0.85), late_packets(50)}) {
        OverloadJudge j;
        ASSERT_FALSE(j.judge(busy(0.95)));
        ASSERT_TRUE(j.judge(busy(0.95)));
        for (int i = 0; i < 59; ++i) ASSERT_FALSE(j.judge(usual));
        ASSERT_FALSE(j.judge(busy(0.95))) << "from the beginning";
        for (int i = 0; i < 59; ++i) ASSERT_FALSE(j.judge(usual));
        EXPECT_TRUE(j.judge(usual));
        EXPECT_FALSE(j.alarm());
    }
}

TEST(OverloadJudge, TakesAWorkerThatStandsStillForOverloadedAndNotForCalm) {
    Observation still = calm();
    still.load = {.span = 1s};
    OverloadJudge j;
    EXPECT_FALSE(j.judge(still));
    EXPECT_TRUE(j.judge(still));
    for (int i = 0; i < 100; ++i) ASSERT_FALSE(j.judge(still));
    EXPECT_TRUE(j.alarm());
    EXPECT_EQ(j.signs(), kBusy);
}

/// A worker whose counters a test moves, and the seconds that pass.
class MonitorTest : public testing::Test {
protected:
    std::vector<Monitor::Change> second(std::uint64_t busy_permille) {
        stats->heartbeat.add(1000);
        stats->rx_control.add(100'000);
        stats->tx_control.add(100'000);
        stats->ports[0].rx_packets.add(100'000);
        stats->rx_cycles.add(100'000 * 200);
        stats->tx_cycles.add(100'000 * 400);
        stats->busy_ns.add(busy_permille * 1'000'000);
        stats->idle_ns.add((1000 - busy_permille) * 1'000'000);
        now += 1s;
        return monitor.look(now, {port}, {demand_of({})});
    }

    const std::unique_ptr<message::WorkerStats> stats = std::make_unique<message::WorkerStats>();
    message::PortStatus port;
    Instant now{1000s};
    Monitor monitor{{stats.get()}, 2e9, kAssumedCost};
};

TEST_F(MonitorTest, TellsOfAnAlarmAndItsEnd) {
    EXPECT_TRUE(second(500).empty());
    EXPECT_TRUE(second(950).empty());
    const auto raised = second(950);
    ASSERT_EQ(raised.size(), 1U);
    EXPECT_TRUE(raised[0].overloaded);
    EXPECT_EQ(raised[0].signs, kBusy);
    EXPECT_NEAR(raised[0].seen.load.busy, 0.95, 1e-9);
    WorkerLoad told = monitor.loads().at(0);
    EXPECT_TRUE(told.overloaded);
    EXPECT_TRUE(told.closed);
    EXPECT_EQ(told.since, now);
    EXPECT_EQ(told.alarms, 1U);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(second(500).empty());
    EXPECT_EQ(second(500).size(), 1U);
    told = monitor.loads().at(0);
    EXPECT_FALSE(told.overloaded);
    EXPECT_EQ(told.since, Instant{});
    EXPECT_EQ(told.alarms, 1U);
}

TEST_F(MonitorTest, ClosesAWorkerThatIsOnlyLateWhenItIsBusyToo) {
    const auto late = [&](std::uint64_t busy_permille) {
        stats->late_tx.record(5'000'000, 1000);
        stats->late_tx.record(1, 9000);
        static_cast<void>(second(busy_permille));
        return monitor.loads().at(0);
    };
    for (int i = 0; i < 4; ++i) static_cast<void>(late(200));
    EXPECT_TRUE(late(200).overloaded) << "the alarm is raised all the same";
    EXPECT_EQ(late(200).signs, kLateTx);
    EXPECT_FALSE(late(200).closed);
    for (int i = 0; i < 12; ++i) static_cast<void>(late(600));
    EXPECT_TRUE(late(600).closed);
}

TEST_F(MonitorTest, CountsWhatTheDevicesMissedSinceTheLastLook) {
    port.rx_missed = 1'000'000;  // before
    EXPECT_TRUE(second(500).empty());
    EXPECT_TRUE(second(500).empty());
    port.rx_missed += 1000;
    EXPECT_TRUE(second(500).empty());
    port.rx_missed += 1000;
    const auto raised = second(500);
    ASSERT_EQ(raised.size(), 1U);
    EXPECT_EQ(raised[0].signs, kMissed);
    EXPECT_EQ(raised[0].seen.missed, 1000U);
}

TEST_F(MonitorTest, HoldsNothingAgainstAWorkerThatDoesNotReadTheDevice) {
    const auto other = std::make_unique<message::WorkerStats>();
    Monitor two{{stats.get(), other.get()}, 2e9, kAssumedCost};
    port.rx_queues = 1;
    for (int i = 0; i < 4; ++i) {
        now += 1s;
        port.rx_missed += 1000;
        stats->heartbeat.add();
        other->heartbeat.add();
        static_cast<void>(two.look(now, {port}, {}));
    }
    EXPECT_TRUE(two.loads().at(0).overloaded);
    EXPECT_FALSE(two.loads().at(1).overloaded);
}

TEST_F(MonitorTest, JudgesDemandByWhatPacketsCostUnderLoad) {
    EXPECT_TRUE(second(500).empty());
    EXPECT_FALSE(monitor.capacity().cost().measured) << "one look is no interval";
    EXPECT_TRUE(second(500).empty());
    EXPECT_TRUE(monitor.capacity().cost().measured);
    EXPECT_NEAR(monitor.capacity().cost().rx_cycles, 200, 1e-9);
    const double a_second = 1 / 0.875;
    EXPECT_NEAR(monitor.loads().at(0).share, a_second * 600 / 2e9, 1e-12);
}

TEST_F(MonitorTest, ShowsEverybodyTheSame) {
    EXPECT_EQ(monitor.loads().at(0).recent.span, 0s);
    second(500);
    second(500);
    EXPECT_EQ(monitor.loads().at(0).recent.rx_packets, 100'000U);
    EXPECT_EQ(monitor.loads().at(0).recent.rx_packets, 100'000U) << "looking changes nothing";
}

}  // namespace
}  // namespace tocsin::control::load
