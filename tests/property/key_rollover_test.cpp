#include "scenario.hpp"
#include "seeds.hpp"

#include <gtest/gtest.h>

namespace tocsin::property {

using namespace std::chrono_literals;
using simulation::Impairment;

// req: RFC5880-4.2-04 RFC5880-4.3-06 RFC5880-4.4-05 RFC5880-6.7.3-14 RFC5880-6.7.4-14
TEST(KeyRollover, NeitherFailsAPacketNorTakesASessionDown) {
    for_each_seed(700, [](std::uint64_t seed) {
        Scenario s{seed};
        if (!s.rollover) return;
        Impairment clean;
        clean.delay = Nanoseconds{s.random().between(0, 5'000'000)};
        s.impair(clean);
        s.add(0);
        ASSERT_TRUE(s.comes_up(12s));
        s.sim.run_for(30s);
        EXPECT_GE(s.rollover->rounds, 3U);
        EXPECT_EQ(s.downs(), 0U);
        for (int e : {0, 1}) EXPECT_EQ(s.sim.node(e).snapshot(0).auth_failures, 0U);
    });
}

// What was sent before counts as replayed, RFC 5880 6.7.3 and 6.7.4, whoever sends it again.
// req: RFC5880-6.7.3-19 RFC5880-6.7.4-19
TEST(MeticulousSession, TakesNoPacketTwice) {
    for_each_seed(700, [](std::uint64_t seed) {
        Scenario s{seed};
        if (!s.rollover || !is_meticulous(s.rollover->type())) return;
        Impairment twice;
        twice.duplicate = 1;
        s.impair(twice);
        s.add(0);
        ASSERT_TRUE(s.comes_up(12s));
        s.sim.run_for(10s);
        EXPECT_EQ(s.downs(), 0U);
        for (int e : {0, 1}) {
            const auto snapshot = s.sim.node(e).snapshot(0);
            // Each copy fails, and there is one for each packet.
            EXPECT_EQ(snapshot.auth_failures, snapshot.rx_packets);
        }
    });
}

}  // namespace tocsin::property
