#include "scenario.hpp"
#include "seeds.hpp"

#include <gtest/gtest.h>

namespace tocsin::property {

using namespace std::chrono_literals;
using simulation::Impairment;
using simulation::Node;
using simulation::Simulation;

namespace {

// Long enough for three packets of the slowest configured rate each way.
constexpr Nanoseconds kEstablish = 12s;

/// No more than this many packets in a row may be lost before a peer with multiplier 3 can give up.
constexpr unsigned kToleratedRun = 1;

}  // namespace

// req: RFC5880-3.2-01 RFC5880-6.1-01 RFC5880-6.1-04 RFC5880-6.2-01 RFC5880-6.2-02
// req: RFC5880-6.8.3-03 RFC5880-6.8.3-08 RFC5880-6.8.7-01 RFC5880-6.8.7-02 RFC5880-6.5-05
TEST(CleanPath, BringsBothEndsUpAndKeepsThemUp) {
    std::uint64_t gaps = 0;
    std::uint64_t signed_packets = 0;
    unsigned rollovers = 0;
    for_each_seed(3000, [&](std::uint64_t seed) {
        Scenario s{seed};
        s.demand = s.random().chance(0.3);
        s.echo = s.random().chance(0.3);
        Impairment clean;
        clean.delay = Nanoseconds{s.random().between(0, 5'000'000)};
        s.impair(clean);
        s.add(0, s.random().chance(0.3));
        ASSERT_TRUE(s.comes_up(kEstablish));
        s.sim.run_for(4s);
        EXPECT_EQ(s.downs(), 0U);
        EXPECT_TRUE(s.sim.all_are(bfd::SessionState::Up, 1));
        gaps += s.invariants.periodic_gaps;
        signed_packets += s.invariants.signed_packets;
        if (s.rollover) rollovers += s.rollover->rounds;
    });
    EXPECT_GT(gaps, 0U);
    if (std::getenv("TOCSIN_SIM_SEED") != nullptr || std::getenv("TOCSIN_SIM_SEEDS") != nullptr)
        return;
    EXPECT_GT(signed_packets, 0U);
    EXPECT_GT(rollovers, 0U);
}

// req: RFC5880-3.2-01 RFC5880-6.8.4-02 RFC5880-6.8.4-03 RFC5880-6.8.6-27 RFC5880-6.8.6-43
TEST(LossyPath, NeverGoesDownWhileLossStaysBelowTheMultiplier) {
    for_each_seed(1000, [&](std::uint64_t seed) {
        Scenario s{seed};
        Impairment lossy;
        lossy.loss = 0.3;
        lossy.burst_begins = 0.05;
        lossy.burst_length = 4;
        lossy.longest_run = kToleratedRun;
        lossy.duplicate = 0.1;
        lossy.delay = Nanoseconds{s.random().between(0, 30'000'000)};
        lossy.delay_variation = Nanoseconds{s.random().between(0, 5'000'000)};
        lossy.keeps_order = s.random().chance(0.5);
        s.impair(lossy);
        s.add(0);
        ASSERT_TRUE(s.comes_up(40s));
        // A packet of the way up may still be under way and arrive late.
        s.sim.run_for(4s);
        const unsigned before = s.downs();
        ASSERT_TRUE(s.comes_up(40s));
        s.sim.run_for(6s);
        EXPECT_EQ(s.downs(), before);
    });
}

// req: RFC5880-6.1-07 RFC5880-6.1-08 RFC5880-6.1-11 RFC5880-6.2-14 RFC5880-6.8.4-02
// RFC5880-6.8.4-04 req: RFC5880-6.8.1-09 RFC5880-3.2-01
TEST(CutPath, IsSeenAfterTheDetectionTimeAndHeals) {
    for_each_seed(1000, [&](std::uint64_t seed) {
        Scenario s{seed};
        Impairment clean;
        clean.delay = Nanoseconds{s.random().between(0, 5'000'000)};
        s.impair(clean);
        s.add(0);
        ASSERT_TRUE(s.comes_up(kEstablish));
        s.sim.run_for(Nanoseconds{s.random().between(1'000'000'000, 4'000'000'000)});
        ASSERT_EQ(s.downs(), 0U);

        const auto way = s.random().below(3);  // one direction, the other, or both
        const bool deaf[] = {way != 0, way != 1};
        for (int e : {0, 1}) s.sim.wire(1 - e).impairment.cut = deaf[e];
        Nanoseconds expected[2];  // RFC 5880 6.8.4, from what each end was told to do
        for (int e : {0, 1}) {
            const auto mine = s.sim.node(e).snapshot(0);
            const auto theirs = s.sim.node(1 - e).snapshot(0);
            expected[e] =
                theirs.detect_mult * Nanoseconds{std::max(mine.required_min_rx_interval,
                                                          theirs.desired_min_tx_interval)};
        }
        const Nanoseconds longest = std::max(s.detection(0), s.detection(1)) + 20ms;
        s.sim.run_for(longest);
        for (int e : {0, 1}) {
            EXPECT_FALSE(s.sim.node(e).state(0) == bfd::SessionState::Up);
            EXPECT_EQ(s.invariants.downs(e).all(), 1U);
            if (s.invariants.downs(e).by_detection == 1) {
                EXPECT_GE(s.invariants.last_silence(e), expected[e]);
                EXPECT_LE(s.invariants.last_silence(e), expected[e] + bfd::kTickLength + 1us);
            }
            // Who still hears is told by the other one, before or after it would have seen it
            // itself.
            if (deaf[e] && !deaf[1 - e]) {
                EXPECT_EQ(s.invariants.downs(e).by_detection, 1U);
                EXPECT_EQ(s.invariants.downs(1 - e).by_neighbor, 1U);
            }
        }
        s.sim.run_for(Nanoseconds{s.random().between(0, 5'000'000'000)});
        EXPECT_FALSE(s.sim.all_are(bfd::SessionState::Up, 1));

        s.impair(clean);
        EXPECT_TRUE(s.comes_up(s.relearned(kEstablish)));
        s.sim.run_for(2s);
        EXPECT_TRUE(s.sim.all_are(bfd::SessionState::Up, 1));
        EXPECT_LE(s.invariants.downs(0).all() + s.invariants.downs(1).all(), 2U);
    });
}

TEST(StalledEnd, JudgesWhatHasArrivedBeforeItDeclaresSilence) {
    for_each_seed(1000, [&](std::uint64_t seed) {
        Scenario s{seed};
        Impairment clean;
        clean.delay = Nanoseconds{s.random().between(0, 5'000'000)};
        s.impair(clean);
        s.add(0);
        ASSERT_TRUE(s.comes_up(kEstablish));
        s.sim.run_for(2s);
        for (int i = 0; i < 5; ++i) {
            s.sim.stall(0, Nanoseconds{s.random().between(1'000'000, 1'500'000'000)});
            s.sim.run_for(3s);
        }
        EXPECT_EQ(s.invariants.downs(0).by_detection, 0U);
        EXPECT_TRUE(s.comes_up(kEstablish));
    });
}

// req: RFC5880-6.8.7-04 RFC5880-6.8.7-05
TEST(DetectMultOfOne, HoldsOnACleanPath) {
    for_each_seed(500, [&](std::uint64_t seed) {
        Scenario s{seed};
        for (int e : {0, 1}) {
            bfd::SessionParameters p = s.parameters();
            p.detect_mult = 1;
            s.sim.command(e, [&](Node& n) { (void)n.add(0, p, false); });
        }
        ASSERT_TRUE(s.comes_up(kEstablish));
        s.sim.run_for(10s);
        EXPECT_EQ(s.downs(), 0U);
    });
}

}  // namespace tocsin::property
