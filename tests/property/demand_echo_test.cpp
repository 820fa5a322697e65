// Demand mode and Echo, switched on, off and over while sessions are Up.

#include "scenario.hpp"
#include "seeds.hpp"

#include <gtest/gtest.h>

namespace tocsin::property {

using namespace std::chrono_literals;
using bfd::SessionState;
using simulation::Impairment;
using simulation::Node;

namespace {

Impairment short_path(Scenario& s) {
    Impairment clean;
    clean.delay = Nanoseconds{s.random().between(0, 5'000'000)};
    return clean;
}

}  // namespace

// req: RFC5880-6.6-10 RFC5880-6.8.14-01 RFC5880-6.8.14-02 RFC5880-3.2-02
TEST(DemandMode, MayComeAndGoAtAnyTimeWithoutADown) {
    for_each_seed(400, [](std::uint64_t seed) {
        Scenario s{seed};
        s.demand = true;
        s.impair(short_path(s));
        s.add(0);
        ASSERT_TRUE(s.comes_up(15s));
        for (const auto until = s.sim.now() + 15s; s.sim.now() < until;) {
            s.sim.run_for(Nanoseconds{s.random().between(0, 2'000'000'000)});
            const bfd::SessionParameters p = s.parameters();
            s.sim.command(static_cast<int>(s.random().below(2)),
                          [&](Node& n) { (void)n.set_parameters(0, p); });
        }
        EXPECT_EQ(s.downs(), 0U);
        s.sim.run_for(30s);
        EXPECT_EQ(s.downs(), 0U);
        EXPECT_TRUE(s.sim.all_are(SessionState::Up, 1));
    });
}

// req: RFC5880-6.6-06 RFC5880-6.6-14 RFC5880-6.8.4-08
TEST(DemandMode, OnBothSidesSeesACutByTheNextVerification) {
    for_each_seed(400, [](std::uint64_t seed) {
        Scenario s{seed};
        s.impair(short_path(s));
        for (int e : {0, 1}) {
            bfd::SessionParameters p = s.parameters();
            p.demand_mode = true;
            p.demand_poll_interval = s.interval();
            s.sim.command(e, [&](Node& n) { (void)n.add(0, p, false); });
        }
        ASSERT_TRUE(s.comes_up(15s));
        s.sim.run_for(10s);
        ASSERT_EQ(s.downs(), 0U);
        ASSERT_TRUE(s.sim.node(0).snapshot(0).demand_mode);
        for (int e : {0, 1}) s.sim.wire(e).impairment.cut = true;
        // The wait of at most 2.5 s, a packet of the poll at most as late, five times 2.5 s.
        s.sim.run_for(2500ms + 2500ms + 12500ms + 100ms);
        for (int e : {0, 1}) EXPECT_NE(s.sim.node(e).state(0), SessionState::Up);
        s.impair(short_path(s));
        EXPECT_TRUE(s.comes_up(s.relearned(20s)));
    });
}

// req: RFC5880-6.8.13-01 RFC5880-6.8.9-03
TEST(EchoFunction, MayComeAndGoAtAnyTimeWithoutADown) {
    std::uint64_t returned = 0;
    for_each_seed(400, [&](std::uint64_t seed) {
        Scenario s{seed};
        s.echo = true;
        s.demand = s.random().chance(0.3);
        s.impair(short_path(s));
        s.add(0);
        ASSERT_TRUE(s.comes_up(15s));
        for (const auto until = s.sim.now() + 15s; s.sim.now() < until;) {
            s.sim.run_for(Nanoseconds{s.random().between(0, 2'000'000'000)});
            const bfd::SessionParameters p = s.parameters();
            s.sim.command(static_cast<int>(s.random().below(2)),
                          [&](Node& n) { (void)n.set_parameters(0, p); });
        }
        EXPECT_EQ(s.downs(), 0U);
        EXPECT_TRUE(s.sim.all_are(SessionState::Up, 1));
        for (int e : {0, 1}) {
            const auto snapshot = s.sim.node(e).snapshot(0);
            returned += snapshot.echo_rx_packets;
            EXPECT_LE(snapshot.echo_tx_packets - snapshot.echo_rx_packets, 5U);
        }
    });
    if (std::getenv("TOCSIN_SIM_SEED") == nullptr) {
        EXPECT_GT(returned, 0U);
    }
}

}  // namespace tocsin::property
