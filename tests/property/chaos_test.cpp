#include "scenario.hpp"
#include "seeds.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::property {

using namespace std::chrono_literals;
using bfd::SessionState;
using simulation::Impairment;
using simulation::Index;
using simulation::Node;

namespace {

constexpr Index kSessions = 3;  // of four slots, so that slots are reused while others linger

/// `corrupts`: the wire has no checksum that would keep changed octets from the engine.
Impairment bad_path(simulation::Random& random, bool corrupts) {
    Impairment i;
    if (random.chance(0.5)) i.loss = 0.01 * static_cast<double>(random.below(60));
    if (random.chance(0.3)) {
        i.burst_begins = 0.05;
        i.burst_length = 12;
    }
    if (random.chance(0.2)) i.final_loss = 0.8;
    if (random.chance(0.3)) i.duplicate = 0.2;
    if (corrupts && random.chance(0.3)) i.corrupt = 0.1;
    i.delay = Nanoseconds{random.between(0, 80'000'000)};
    if (random.chance(0.5)) i.delay_variation = Nanoseconds{random.between(0, 60'000'000)};
    i.keeps_order = random.chance(0.5);
    i.loses_echo = random.chance(0.5);
    i.cut = random.chance(0.15);
    return i;
}

/// One thing that an operator, a machine or a path may do.
void something_happens(Scenario& s, bool corrupts) {
    auto& random = s.random();
    const int e = static_cast<int>(random.below(2));
    const auto index = static_cast<Index>(random.below(kSessions));
    const auto what = random.below(17);
    if (what < 3) {
        s.sim.wire(e).impairment = bad_path(random, corrupts);
    } else if (what == 3) {
        s.sim.stall(e, Nanoseconds{random.between(1'000'000, 2'000'000'000)});
    } else if (what == 4) {
        s.invariants.forget(e);
        s.sim.restart(e);
    } else {
        const auto parameters = s.parameters();
        s.sim.command(e, [&](Node& n) {
            if (what < 8 && !n.has(index)) {
                (void)n.add(index, parameters, random.chance(0.2));
            } else if (!n.has(index)) {
                return;
            } else if (what < 10) {
                (void)n.set_admin(index, random.chance(0.5));
            } else if (what == 10) {
                (void)n.signal_path_down(index, bfd::Diag::PathDown);
            } else if (what == 11) {
                (void)n.remove(index, random.chance(0.3));
            } else if (what == 12) {
                n.can_send = !n.can_send;
            } else if (what == 13 && s.rollover) {  // one end stops or begins to authenticate
                bfd::SessionParameters other = parameters;
                other.key_chain = n.chain_of(index) == 0 ? KeyRollover::kChain : std::uint16_t{0};
                (void)n.set_parameters(index, other);
            } else {
                (void)n.set_parameters(index, parameters);
            }
        });
    }
}

/// Every session exists at both ends and is enabled, the path and the machines are well.
void put_in_order(Scenario& s) {
    s.impair({});
    s.sim.run_for(3s);  // stalls are over, what was under way has arrived
    for (int e : {0, 1}) {
        for (Index i = 0; i < kSessions; ++i) {
            const auto parameters = s.parameters();
            s.sim.command(e, [&](Node& n) {
                n.can_send = true;
                if (n.has(i)) {
                    EXPECT_EQ(n.set_admin(i, false), bfd::Status::Ok);
                }
                if (n.has(i) && n.chain_of(i) != s.chain()) {
                    EXPECT_EQ(n.set_parameters(i, parameters), bfd::Status::Ok);
                }
            });
            // A slot may still linger; the longest linger is that of slow intervals.
            for (int tries = 0; tries < 20 && !s.sim.node(e).has(i); ++tries) {
                s.sim.command(e, [&](Node& n) { (void)n.add(i, parameters, false); });
                if (!s.sim.node(e).has(i)) s.sim.run_for(1s);
            }
            EXPECT_TRUE(s.sim.node(e).has(i));
        }
    }
}

}  // namespace

// req: RFC5880-3.2-01 RFC5880-6.2-18 RFC5880-6.3-04 RFC5880-6.3-06 RFC5880-6.8.6-15
// req: RFC5880-6.8.1-01 RFC5880-6.8.16-01 RFC5880-6.8.16-02
TEST(Chaos, KeepsEveryInvariantAndBothEndsRecoverAfterwards) {
    for_each_seed(3000, [](std::uint64_t seed) {
        Scenario s{seed};
        // A false discriminator with a false interval of hours would be answered to for hours, and
        // a passive peer would not put it right: not together.
        s.demand = s.random().chance(0.3);
        s.echo = s.random().chance(0.3);
        const bool passive = s.random().chance(0.5);
        for (Index i = 0; i < kSessions; ++i) s.add(i, passive && s.random().chance(0.5));
        const auto happenings = s.random().between(5, 40);
        for (std::int64_t n = 0; n < happenings; ++n) {
            s.sim.run_for(Nanoseconds{s.random().between(0, 1'500'000'000)});
            something_happens(s, !passive);
        }
        put_in_order(s);
        s.sim.run_for(15s);  // a silence of before may still be judged: five times 2.5 s
        EXPECT_TRUE(s.comes_up(s.relearned(45s), kSessions));
        const unsigned before = s.downs();
        s.sim.run_for(5s);
        EXPECT_TRUE(s.sim.all_are(SessionState::Up, kSessions));
        EXPECT_EQ(s.downs(), before);
    });
}

// req: RFC5880-6.1-12 RFC5880-6.2-13 RFC5880-6.2-16 RFC5880-6.2-18 RFC5880-6.8.6-29
// req: RFC5880-6.8.16-01 RFC5880-6.8.16-02 RFC5880-6.8.16-07
TEST(AdminDown, OfEitherEndHoldsBothDownUntilItIsLifted) {
    for_each_seed(500, [](std::uint64_t seed) {
        Scenario s{seed};
        s.add(0);
        ASSERT_TRUE(s.comes_up(12s));
        s.sim.run_for(1s);
        const int e = static_cast<int>(s.random().below(2));
        s.sim.command(e, [](Node& n) { EXPECT_EQ(n.set_admin(0, true), bfd::Status::Ok); });
        s.sim.run_for(1ms);
        const auto expect_held = [&] {
            EXPECT_EQ(s.sim.node(e).state(0), SessionState::AdminDown);
            EXPECT_EQ(s.sim.node(1 - e).state(0), SessionState::Down);
            EXPECT_EQ(s.sim.node(1 - e).snapshot(0).local_diag,
                      bfd::Diag::NeighborSignaledSessionDown);
        };
        expect_held();
        s.sim.run_for(10s);
        expect_held();
        EXPECT_EQ(s.invariants.downs(1 - e).by_neighbor, 1U);
        s.sim.command(e, [](Node& n) { EXPECT_EQ(n.set_admin(0, false), bfd::Status::Ok); });
        EXPECT_TRUE(s.comes_up(5s));
    });
}

// req: RFC5880-6.3-06 RFC5880-6.8.6-15 RFC5880-6.8.1-09
TEST(RestartedPeer, ComesBackWithNewDiscriminators) {
    for_each_seed(500, [](std::uint64_t seed) {
        Scenario s{seed};
        for (Index i = 0; i < kSessions; ++i) s.add(i);
        ASSERT_TRUE(s.comes_up(12s, kSessions));
        s.sim.run_for(1s);
        const int e = static_cast<int>(s.random().below(2));
        s.invariants.forget(e);
        s.sim.restart(e);
        s.sim.run_for(Nanoseconds{s.random().between(0, 3'000'000'000)});
        for (Index i = 0; i < kSessions; ++i) {
            const auto parameters = s.parameters();
            s.sim.command(
                e, [&](Node& n) { EXPECT_EQ(n.add(i, parameters, false), bfd::Status::Ok); });
        }
        EXPECT_TRUE(s.comes_up(s.relearned(10s), kSessions));
        EXPECT_EQ(s.invariants.downs(1 - e).all(), kSessions);
        s.sim.run_for(2s);
        EXPECT_TRUE(s.sim.all_are(SessionState::Up, kSessions));
    });
}

// req: RFC5880-6.8.16-07
TEST(RemovedSession, LingersUntilThePeerHasHeardAndMayBeAddedAgainMeanwhile) {
    for_each_seed(500, [](std::uint64_t seed) {
        Scenario s{seed};
        s.add(0);
        ASSERT_TRUE(s.comes_up(12s));
        s.sim.run_for(1s);
        for (int round = 0; round < 3; ++round) {
            const unsigned before = s.invariants.downs(1).by_neighbor;
            s.sim.command(0, [](Node& n) { EXPECT_EQ(n.remove(0, false), bfd::Status::Ok); });
            s.sim.run_for(1ms);
            EXPECT_EQ(s.invariants.downs(1).by_neighbor, before + 1);
            EXPECT_EQ(s.sim.node(0).engine().sessions(), 1U) << "it lingers";
            s.sim.run_for(Nanoseconds{s.random().between(0, 2'000'000'000)});
            const auto parameters = s.parameters();
            s.sim.command(
                0, [&](Node& n) { EXPECT_EQ(n.add(0, parameters, false), bfd::Status::Ok); });
            EXPECT_EQ(s.sim.node(0).engine().sessions(), 1U) << "only the new one speaks";
            EXPECT_TRUE(s.comes_up(s.relearned(20s)));
            const unsigned down = s.downs();
            s.sim.run_for(12s);
            EXPECT_TRUE(s.sim.all_are(SessionState::Up, 1));
            EXPECT_EQ(s.downs(), down);
            EXPECT_EQ(s.sim.node(0).engine().sessions(), 1U) << "the old one is gone";
        }
    });
}

}  // namespace tocsin::property
