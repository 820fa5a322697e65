#include "control/load/load.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::load {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{1000s};

Buckets one_each(std::initializer_list<std::uint64_t> us) {
    DurationHistogram h;
    for (const std::uint64_t t : us) h.record(t * 1000);
    Buckets out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = h.bucket(i);
    return out;
}

TEST(Quantile, IsTheUpperBoundOfTheBucketThatHoldsIt) {
    const Buckets b = one_each({1, 3, 100, 1000});
    EXPECT_EQ(quantile_us(b, 4, 0.25), 2U);
    EXPECT_EQ(quantile_us(b, 4, 0.5), 4U);
    EXPECT_EQ(quantile_us(b, 4, 0.75), 128U);
    EXPECT_EQ(quantile_us(b, 4, 0.76), 1024U);
    EXPECT_EQ(quantile_us(b, 4, 1), 1024U);
}

TEST(Quantile, CountsWhatWasNotRecordedAsShorter) {
    const Buckets b = one_each({200});
    EXPECT_EQ(quantile_us(b, 1000, 0.999), 0U);
    EXPECT_EQ(quantile_us(b, 1000, 0.9991), 256U);
    EXPECT_EQ(quantile_us(Buckets{}, 0, 0.999), 0U);
    EXPECT_EQ(quantile_us(b, 0, 0.5), 256U) << "a total that was read too early";
}

TEST(Load, IsWhatWasCountedBetweenTwoSamples) {
    message::WorkerStats stats;
    stats.busy_ns.add(1000);  // before: not part of it
    const Sample before = take_sample(stats, kStart);
    stats.heartbeat.add(50);
    stats.rx_control.add(1000);
    stats.tx_control.add(500);
    stats.rx_cycles.add(148'000);
    stats.tx_cycles.add(111'000);
    stats.busy_ns.add(1'500'000'000);
    stats.idle_ns.add(500'000'000);
    stats.late_tx.record(5'000);
    const Load l = between(before, take_sample(stats, kStart + 2s));
    EXPECT_EQ(l.turns, 50U);
    EXPECT_DOUBLE_EQ(l.busy, 0.75);
    EXPECT_DOUBLE_EQ(l.rate(l.rx_packets), 500);
    EXPECT_DOUBLE_EQ(l.rate(l.tx_packets), 250);
    EXPECT_DOUBLE_EQ(l.rx_cycles_per_packet, 148);
    EXPECT_DOUBLE_EQ(l.tx_cycles_per_packet, 222);
    EXPECT_EQ(sum(l.late_tx), 1U);
    EXPECT_EQ(sum(l.loop_gap), 0U);
}

TEST(Load, OfNothingIsZero) {
    const Load l = between({}, {});
    EXPECT_EQ(l.busy, 0);
    EXPECT_EQ(l.rx_cycles_per_packet, 0);
    EXPECT_EQ(l.rate(7), 0);
}

TEST(Window, ReachesBackTenSeconds) {
    Window w;
    EXPECT_EQ(w.recent().span, 0s);
    for (std::uint64_t i = 0; i < 30; ++i) {
        w.add({.at = kStart + i * 1s, .rx_packets = i * i});
    }
    EXPECT_EQ(w.recent().span, 10s);
    EXPECT_EQ(w.recent().rx_packets, 29U * 29 - 19U * 19);
    EXPECT_EQ(w.last().span, 1s);
    EXPECT_EQ(w.last().rx_packets, 29U * 29 - 28U * 28);
}

}  // namespace
}  // namespace tocsin::control::load
