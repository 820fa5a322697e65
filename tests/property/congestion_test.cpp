// A path of several hops that carries less than is offered, RFC 5880 7.

#include "invariants.hpp"
#include "seeds.hpp"
#include "simulation/simulation.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tocsin::property {

using namespace std::chrono_literals;
using simulation::Node;
using simulation::Simulation;

namespace {

/// One multihop session of 50 ms and multiplier 3 each way, Up.
struct Path {
    Invariants invariants;
    Simulation sim;

    Path(std::uint64_t seed, unsigned doublings)
        : sim{seed, invariants, {end(seed, 0), end(seed, 1)}} {
        bfd::SessionParameters p;
        p.desired_min_tx_interval = 50ms;
        p.required_min_rx_interval = 50ms;
        p.min_ttl = 1;
        p.congestion_doublings = doublings & 0xfU;
        for (int e : {0, 1}) {
            sim.wire(e).impairment.delay = Nanoseconds{sim.random.between(1'000'000, 40'000'000)};
            sim.command(e, [&](Node& n) { (void)n.add(0, p, false); });
        }
        EXPECT_TRUE(sim.run_until_true(12s, [&] { return sim.all_are(bfd::SessionState::Up, 1); }));
        sim.run_for(3s);
        EXPECT_EQ(downs(), 0U);
    }

    void carry(double packets_a_second) {
        for (int e : {0, 1}) sim.wire(e).impairment.capacity = packets_a_second;
    }
    [[nodiscard]] unsigned downs() {
        return invariants.downs(0).by_detection + invariants.downs(1).by_detection;
    }
    [[nodiscard]] std::uint64_t sent() {
        return sim.node(0).snapshot(0).tx_packets + sim.node(1).snapshot(0).tx_packets;
    }

private:
    static Node::Config end(std::uint64_t seed, std::uint64_t number) {
        Node::Config config;
        config.type = SessionType::MultiHop;
        config.clock.offset = Nanoseconds{static_cast<std::int64_t>(number + 1) * 1'000'000'000};
        config.clock.parts_per_million = number == 0 ? 0 : static_cast<std::int64_t>(seed % 200);
        return config;
    }
};

}  // namespace

// req: RFC5880-7-01 RFC5880-7-02
TEST(CongestedPath, IsGivenLessAndTheSessionFlapsLess) {
    unsigned with = 0;
    unsigned without = 0;
    std::uint64_t sent_with = 0;
    std::uint64_t sent_without = 0;
    for_each_seed(60, [&](std::uint64_t seed) {
        for (const unsigned doublings : {0U, 4U}) {
            Path path{seed, doublings};
            path.carry(17);  // of 23
            const std::uint64_t before = path.sent();
            path.sim.run_for(300s);
            (doublings == 0 ? without : with) += path.downs();
            (doublings == 0 ? sent_without : sent_with) += path.sent() - before;
        }
    });
    if (std::getenv("TOCSIN_SIM_SEED") != nullptr) return;
    RecordProperty("downs_with", static_cast<int>(with));
    RecordProperty("downs_without", static_cast<int>(without));
    EXPECT_GT(without, 600U);
    EXPECT_LT(with * 15, without);
    EXPECT_LT(sent_with, sent_without * 7 / 10);
}

// req: RFC5880-7-02
TEST(CongestedPath, ThatRecoversGetsBackWhatIsConfigured) {
    for_each_seed(60, [&](std::uint64_t seed) {
        Path path{seed, 4};
        path.carry(8);
        path.sim.run_for(60s);
        std::uint64_t backoffs = 0;
        for (int e : {0, 1}) backoffs += path.sim.node(e).snapshot(0).congestion_backoffs;
        EXPECT_GT(backoffs, 0U);
        path.carry(0);
        path.sim.run_for(1200s);
        EXPECT_TRUE(path.sim.all_are(bfd::SessionState::Up, 1));
        for (int e : {0, 1}) {
            const auto now = path.sim.node(e).snapshot(0);
            EXPECT_EQ(now.congestion_factor, 1U);
            EXPECT_EQ(now.tx_interval, 50ms);
            EXPECT_EQ(now.detection_time, 150ms);
            EXPECT_FALSE(now.poll_in_progress);
        }
    });
}

TEST(CleanPathOfSeveralHops, IsNeverTakenForCongested) {
    for_each_seed(200, [&](std::uint64_t seed) {
        Path path{seed, 4};
        for (int e : {0, 1}) {
            auto& wire = path.sim.wire(e).impairment;
            wire.delay_variation = Nanoseconds{path.sim.random.between(0, 20'000'000)};
            wire.keeps_order = path.sim.random.chance(0.5);
            wire.loss = 0.01;
        }
        for (int i = 0; i < 60; ++i) {
            path.sim.run_for(Nanoseconds{path.sim.random.between(0, 2'000'000'000)});
            path.sim.stall(static_cast<int>(path.sim.random.below(2)),
                           Nanoseconds{path.sim.random.between(1'000'000, 60'000'000)});
        }
        for (int e : {0, 1}) {
            EXPECT_EQ(path.sim.node(e).snapshot(0).congestion_backoffs, 0U);
        }
    });
}

}  // namespace tocsin::property
