#include "control/load/demand.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::load {
namespace {

using namespace std::chrono_literals;

bfd::SessionParameters intervals(WireInterval tx, WireInterval rx, std::uint8_t detect_mult = 3) {
    bfd::SessionParameters p;
    p.desired_min_tx_interval = tx;
    p.required_min_rx_interval = rx;
    p.detect_mult = detect_mult;
    return p;
}

TEST(Demand, IsThePacketsOfBothDirectionsAtTheMeanOfTheJitter) {
    const Demand d = demand_of(intervals(100ms, 50ms));
    EXPECT_NEAR(packets(d.tx), 10 / 0.875, 1e-3);
    EXPECT_NEAR(packets(d.rx), 20 / 0.875, 1e-3);
    EXPECT_NEAR(packets(demand_of(intervals(100ms, 50ms, 1)).tx), 10 / 0.825, 1e-3);
}

TEST(Demand, KeepsTheSlowestAndTheFastestIntervalApart) {
    EXPECT_GT(demand_of(intervals(WireInterval{~0U}, 1ms)).tx, 0U);
    EXPECT_NEAR(packets(demand_of(intervals(WireInterval{1}, 1ms)).tx), 1e6 / 0.875, 1);
    EXPECT_EQ(demand_of(intervals(1ms, WireInterval{0})).rx, 0U) << "asks for no packets";
}

TEST(Demand, OfAMillionSessionsAddsUpAndGoesAway) {
    const Demand one = demand_of(intervals(1ms, 1ms, 1));
    Demand all;
    for (int i = 0; i < 1'000'000; ++i) all += one;
    EXPECT_NEAR(packets(all.tx), 1e9 / 0.825, 1e3);
    for (int i = 0; i < 1'000'000; ++i) all -= one;
    EXPECT_EQ(all, Demand{});
    all -= one;
    EXPECT_EQ(all, Demand{}) << "not below zero";
}

TEST(CostEstimate, LearnsOnlyFromABusyWorkerAndKeepsIt) {
    CostEstimate e{kAssumedCost};
    Load l{.rx_packets = 1'000'000,
           .tx_packets = 1'000'000,
           .busy = 0.24,
           .rx_cycles_per_packet = 3000,
           .tx_cycles_per_packet = 9000};
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, kAssumedCost.rx_cycles);
    EXPECT_FALSE(e.cost().measured);
    l.busy = 0.26;
    l.rx_cycles_per_packet = 148;
    l.tx_cycles_per_packet = 222;
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, 148);
    EXPECT_EQ(e.cost().tx_cycles, 222);
    EXPECT_TRUE(e.cost().measured);
    l.busy = 0.1;
    l.rx_cycles_per_packet = 5000;
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, 148) << "what it cost under load";
}

// A flood of what has to be dropped, or a neighbour on the same CPU, makes packets look dear. When
// it is over and the sessions alone do not make the worker busy, nothing else is ever measured.
TEST(CostEstimate, ForgetsWhatAFloodMadeOfIt) {
    CostEstimate e{kAssumedCost};
    Load l{.rx_packets = 10'000,
           .tx_packets = 10'000,
           .busy = 0.9,
           .rx_cycles_per_packet = 2'000'000,
           .tx_cycles_per_packet = 900};
    e.learn(l);
    ASSERT_EQ(e.cost().rx_cycles, 2'000'000);
    l.busy = 0.02;
    l.rx_cycles_per_packet = l.tx_cycles_per_packet = 3000;
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, 3000);
    EXPECT_EQ(e.cost().tx_cycles, 900) << "what it cost under load is the better figure";
    EXPECT_TRUE(e.cost().measured);
    l.rx_packets = 99;
    l.rx_cycles_per_packet = 10;
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, 3000) << "too few packets to say anything";
    l.rx_packets = 100;
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, kAssumedCost.rx_cycles) << "more sessions may cost more";
}

TEST(CostEstimate, WaitsForEnoughPacketsOfEachDirection) {
    CostEstimate e{kAssumedCost};
    const Load l{.rx_packets = CostEstimate::kPacketsEnough,
                 .tx_packets = CostEstimate::kPacketsEnough - 1,
                 .busy = 0.9,
                 .rx_cycles_per_packet = 100,
                 .tx_cycles_per_packet = 100};
    e.learn(l);
    EXPECT_EQ(e.cost().rx_cycles, 100);
    EXPECT_EQ(e.cost().tx_cycles, kAssumedCost.tx_cycles);
    EXPECT_FALSE(e.cost().measured);
}

TEST(Capacity, IsOfAllWorkersTogether) {
    const Capacity one{.cycles_per_second = 2e9,
                       .costs = {{.rx_cycles = 100, .tx_cycles = 300, .measured = true}}};
    const Demand d{.rx = 2'000'000'000'000, .tx = 2'000'000'000'000};  // 2 million each
    EXPECT_NEAR(one.share(d), 0.4, 1e-9);
    Capacity two = one;
    two.costs.push_back({.rx_cycles = 300, .tx_cycles = 500});
    EXPECT_NEAR(two.share(d), 0.3, 1e-9) << "half of the packets each, at the mean of their costs";
    EXPECT_FALSE(two.cost().measured);
    EXPECT_EQ(Capacity{}.share(d), 0) << "nothing is known: nothing is too much";
}

TEST(Capacity, NamesEveryFigureForAPerson) {
    const Capacity one{.cycles_per_second = 2e9,
                       .costs = {{.rx_cycles = 148.4, .tx_cycles = 222.2, .measured = true}}};
    EXPECT_EQ(one.describe({.rx = 5'714'285'000'000, .tx = 5'714'285'000'000}),
              "106 % of 1 worker (5714285 + 5714285 packets/s received + sent, 148 + 222 cycles "
              "each, measured)");
    EXPECT_TRUE(one.describe({.rx = 5'400'000'000'000, .tx = 5'404'000'000'000})
                    .starts_with("101 % of 1 worker"))
        << "100.1 %, which is refused";
}

TEST(Capacity, AssumesMoreOfDevicesBehindTheKernel) {
    EXPECT_TRUE(passes_the_kernel("net_af_packet"));
    EXPECT_FALSE(passes_the_kernel("net_mlx5"));
    EXPECT_GT(kAssumedKernelCost.tx_cycles, kAssumedCost.tx_cycles);
}

}  // namespace
}  // namespace tocsin::control::load
