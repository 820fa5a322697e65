#include "dataplane/bfd/timers.hpp"

#include "one_session.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace tocsin::test {
namespace {

using bfd::jittered;
using bfd::kTickLength;
using bfd::Tick;

// req: RFC5880-6.8.4-05 RFC5880-6.8.4-02
TEST(DetectionTime, IsExactUpToTheLargestValues) {
    EXPECT_EQ(bfd::detection_time(3, 150ms, 100ms), 450ms);
    EXPECT_EQ(bfd::detection_time(3, 100ms, 150ms), 450ms);
    EXPECT_EQ(bfd::detection_time(1, WireInterval{0}, WireInterval{1}), 1us);
    EXPECT_EQ(bfd::detection_time(255, WireInterval{0xffffffffU}, WireInterval{0}),
              std::chrono::microseconds{1095216660225});
    EXPECT_EQ(bfd::detection_time(255, WireInterval{0}, WireInterval{0xffffffffU}),
              std::chrono::microseconds{1095216660225});
}

// req: RFC5880-6.8.3-08
TEST(DesiredMinTx, IsAtLeastASecondUnlessUp) {
    EXPECT_EQ(bfd::desired_min_tx(50ms, false), 1s);
    EXPECT_EQ(bfd::desired_min_tx(WireInterval{999'999}, false), 1s);
    EXPECT_EQ(bfd::desired_min_tx(3s, false), 3s);
    EXPECT_EQ(bfd::desired_min_tx(50ms, true), 50ms);
}

// req: RFC5880-6.8.7-02 RFC5880-6.8.7-05
TEST(Jitter, StaysWithinItsBoundsForEveryRandomValue) {
    for (const WireInterval interval :
         {WireInterval{1000}, WireInterval{3300}, WireInterval{10'000}, WireInterval{1'000'000},
          WireInterval{0xffffffffU}}) {
        const Nanoseconds whole = interval;
        for (const std::uint32_t random :
             {0U, 1U, 0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU}) {
            for (const bool mult_one : {false, true}) {
                const Nanoseconds gap = jittered(interval, mult_one, random);
                // Rounded down to ticks at both ends it is still 75 per cent.
                EXPECT_GE(gap - 2 * kTickLength, whole * 3 / 4)
                    << interval.count() << ' ' << random;
                EXPECT_LE(gap, mult_one ? whole * 9 / 10 : whole);
            }
        }
        EXPECT_GE(jittered(interval, false, ~0U), whole * 999 / 1000);
        EXPECT_GE(jittered(interval, true, ~0U), whole * 899 / 1000);
        EXPECT_LE(jittered(interval, false, 0), whole * 3 / 4 + 2 * kTickLength + 1ns);
    }
}

// Below half a millisecond ticks are too coarse for jitter; no interval may break the arithmetic.
TEST(Jitter, NeverExceedsTheIntervalHoweverShort) {
    for (std::uint32_t us = 1; us < 2000; ++us) {
        for (const std::uint32_t random : {0U, 0x80000000U, ~0U}) {
            EXPECT_LE(jittered(WireInterval{us}, false, random), WireInterval{us});
            EXPECT_LE(jittered(WireInterval{us}, true, random),
                      Nanoseconds{WireInterval{us}} * 9 / 10 + 1ns);
            EXPECT_GE(jittered(WireInterval{us}, false, random),
                      Nanoseconds{WireInterval{us}} * 3 / 4);
        }
    }
}

void expect_gathered(std::uint32_t us, bool mult_one, Tick sent, std::uint32_t random,
                     Tick widest) {
    const WireInterval interval{us};
    const Nanoseconds whole = interval;
    const Tick grid = bfd::shared_grid(interval, widest);
    const Tick next = sent + static_cast<Tick>(jittered(interval, mult_one, random) / kTickLength);
    const Tick at = bfd::gathered(next, sent, interval, mult_one, grid);
    EXPECT_TRUE(at == next || at == bfd::shared_instant(at & ~(grid - 1), grid))
        << us << ' ' << sent << ' ' << random;
    // The packet before left somewhere in tick `sent`, this one leaves at the beginning of its own.
    EXPECT_GE((at - sent - 1) * kTickLength, whole * 3 / 4) << us << ' ' << sent << ' ' << random;
    EXPECT_LE((at - sent) * kTickLength, mult_one ? whole * 9 / 10 : whole)
        << us << ' ' << sent << ' ' << random;
}

// req: RFC5880-6.8.7-02 RFC5880-6.8.7-05
TEST(Gathered, StaysWithinTheJitterWhateverThePhase) {
    constexpr Tick kWidest = bfd::kWidestGrid << bfd::kMostLeisure;
    for (const std::uint32_t us :
         {3'300U, 4'000U, 10'000U, 33'333U, 50'000U, 300'000U, 5'000'000U}) {
        for (Tick sent = 0xffffffd0U; sent != 0x30U; ++sent) {
            for (std::uint32_t random = 0; random < 0xf0000000U; random += 0x01234567U) {
                for (const Tick widest : {4U, bfd::kWidestGrid, kWidest}) {
                    expect_gathered(us, false, sent, random, widest);
                    expect_gathered(us, true, sent, random, widest);
                }
            }
            expect_gathered(us, false, sent, ~0U, bfd::kWidestGrid);
            expect_gathered(us, true, sent, ~0U, bfd::kWidestGrid);
        }
    }
}

TEST(Gathered, LeavesIntervalsAloneThatAreTooShort) {
    constexpr WireInterval kShort{1'000};
    for (const Tick next : {1000U, 1001U, 1015U}) {
        EXPECT_EQ(bfd::gathered(next, 990, kShort, false, bfd::shared_grid(kShort, 32)), next);
    }
}

TEST(Gathered, KeepsGapsSpreadOverTheQuarters) {
    constexpr WireInterval kInterval{50'000};
    constexpr Tick kGrid = bfd::shared_grid(kInterval, bfd::kWidestGrid);
    std::array<unsigned, 4> quarters{};
    std::array<unsigned, 10> tenths{};
    constexpr unsigned kDraws = 40'000;
    Tick sent = 12345;
    for (unsigned i = 0; i < kDraws; ++i) {
        const Nanoseconds gap = jittered(kInterval, false, i * 2'654'435'761U);
        const Tick at = bfd::gathered(sent + static_cast<Tick>(gap / kTickLength), sent, kInterval,
                                      false, kGrid);
        const Nanoseconds real = (at - sent) * kTickLength;
        const auto part = static_cast<std::size_t>((real - 37'500us) / 3'125us);
        ++quarters.at(std::min<std::size_t>(part, 3));
        ++tenths.at(
            std::min<std::size_t>(static_cast<std::size_t>((real - 37'500us) / 1'250us), 9));
        sent = at + i % 2;  // the worker is a little late at times
    }
    for (const unsigned n : quarters) EXPECT_NEAR(n, kDraws / 4, kDraws / 40);
    for (const unsigned n : tenths) EXPECT_NEAR(n, kDraws / 10, kDraws / 40);
}

TEST(Ticks, CompareByDifference) {
    EXPECT_TRUE(bfd::earlier(1, 2));
    EXPECT_FALSE(bfd::earlier(2, 2));
    EXPECT_TRUE(bfd::earlier(0xffffffffU, 0));
    EXPECT_TRUE(bfd::earlier(0xf0000000U, 0x10000000U));
    EXPECT_FALSE(bfd::earlier(0x10000000U, 0xf0000000U));
}

TEST(Ticks, RoundToTheBeginningAndTheNext) {
    EXPECT_EQ(bfd::tick_at(Instant{0ns}), 0U);
    EXPECT_EQ(bfd::tick_at(Instant{65535ns}), 0U);
    EXPECT_EQ(bfd::tick_at(Instant{65536ns}), 1U);
    EXPECT_EQ(bfd::tick_after(Instant{0ns}), 0U);
    EXPECT_EQ(bfd::tick_after(Instant{1ns}), 1U);
    EXPECT_EQ(bfd::tick_after(Instant{65536ns}), 1U);
    EXPECT_EQ(bfd::tick_after(Instant{65537ns}), 2U);
    const Instant wrap{kTickLength * (1LL << 32)};
    EXPECT_EQ(bfd::tick_at(wrap - 1ns), 0xffffffffU);
    EXPECT_EQ(bfd::tick_at(wrap), 0U);
    EXPECT_EQ(bfd::since(0xffffffffU, wrap + 5ns), kTickLength + 5ns);
}

// Transmission in virtual time, from packets of the engine.
class Jittered : public OneSession {
protected:
    std::vector<Nanoseconds> ten_thousand_gaps(const SessionParameters& p) {
        peer.says.desired_min_tx_interval = 4000s;  // its silence must not matter
        add(p);
        peer.bring_up();
        while (snapshot().poll_in_progress) {
            next_periodic();
            peer.send_final();
        }
        forget();
        while (count_periodic() < 10'001) box.run_for(60s);
        std::vector<Nanoseconds> gaps = periodic_gaps();
        gaps.resize(10'000);
        return gaps;
    }
    static double mean(const std::vector<Nanoseconds>& gaps) {
        double sum = 0;
        for (const Nanoseconds g : gaps) sum += static_cast<double>(g.count());
        return sum / static_cast<double>(gaps.size());
    }
    /// How many lie in each quarter of [from, to].
    static std::array<int, 4> quarters(const std::vector<Nanoseconds>& gaps, Nanoseconds from,
                                       Nanoseconds to) {
        std::array<int, 4> out{};
        for (const Nanoseconds g : gaps) {
            const auto i = (g - from) * 4 / (to - from);
            ++out[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, 3))];
        }
        return out;
    }
};

// req: RFC5880-6.8.7-02 RFC5880-6.8.7-01 RFC5880-4.1-17
TEST_F(Jittered, GapsAreUniformBetween75And100PerCentAndFreshEachTime) {
    const std::vector<Nanoseconds> gaps = ten_thousand_gaps(fast_parameters());
    EXPECT_GE(*std::min_element(gaps.begin(), gaps.end()), 75ms);
    EXPECT_LE(*std::max_element(gaps.begin(), gaps.end()), 100ms);
    EXPECT_LT(*std::min_element(gaps.begin(), gaps.end()), 75'500us);
    EXPECT_GT(*std::max_element(gaps.begin(), gaps.end()), 99'500us);
    EXPECT_NEAR(mean(gaps), 87.5e6, 0.3e6);
    for (const int n : quarters(gaps, 75ms, 100ms)) EXPECT_NEAR(n, 2500, 250);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.desired_min_tx_interval, 100ms);

    // Successive gaps are uncorrelated, and so are those two and three apart.
    const double m = mean(gaps);
    double variance = 0;
    std::array<double, 3> covariance{};
    for (std::size_t i = 3; i < gaps.size(); ++i) {
        const double x = static_cast<double>(gaps[i].count()) - m;
        variance += x * x;
        for (std::size_t lag = 1; lag <= 3; ++lag) {
            covariance[lag - 1] += x * (static_cast<double>(gaps[i - lag].count()) - m);
        }
    }
    for (const double c : covariance) EXPECT_LT(std::abs(c / variance), 0.05);
}

// req: RFC5880-6.8.7-04 RFC5880-6.8.7-05
TEST_F(Jittered, WithADetectMultOfOneGapsAreUniformBetween75And90PerCent) {
    SessionParameters p = fast_parameters();
    p.detect_mult = 1;
    const std::vector<Nanoseconds> gaps = ten_thousand_gaps(p);
    EXPECT_GE(*std::min_element(gaps.begin(), gaps.end()), 75ms);
    EXPECT_LE(*std::max_element(gaps.begin(), gaps.end()), 90ms);
    EXPECT_NEAR(mean(gaps), 82.5e6, 0.2e6);
    for (const int n : quarters(gaps, 75ms, 90ms)) EXPECT_NEAR(n, 2500, 250);
}

// req: RFC5880-6.8.7-01 RFC5880-6.8.2-02
TEST_F(Jittered, TheSlowerSideSetsThePace) {
    peer.says.required_min_rx_interval = 300ms;
    const std::vector<Nanoseconds> gaps = ten_thousand_gaps(fast_parameters());
    EXPECT_GE(*std::min_element(gaps.begin(), gaps.end()), 225ms);
    EXPECT_LE(*std::max_element(gaps.begin(), gaps.end()), 300ms);
}

// req: RFC5880-6.8.7-02
TEST_F(Jittered, ShortIntervalsKeepTheirBounds) {
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 1ms;
    peer.says.required_min_rx_interval = 1ms;
    peer.says.desired_min_tx_interval = 4000s;
    add(p);
    peer.bring_up();
    forget();
    box.run_for(10s);
    ASSERT_GE(count_periodic(), 10'000U);
    const std::vector<Nanoseconds> gaps = periodic_gaps();
    EXPECT_GE(*std::min_element(gaps.begin(), gaps.end()), 750us);
    EXPECT_LE(*std::max_element(gaps.begin(), gaps.end()), 1ms);
}

// Two sessions, and two starts with other seeds, do not run in step.
TEST_F(Jittered, SessionsDoNotMoveInStep) {
    add();
    ASSERT_EQ(box.add(box.handle(1), v4_key(3), fast_parameters()), Status::Ok);
    box.run_for(60s);
    std::array<std::vector<Instant>, 2> at;
    for (const Sent& s : box.sink.sent) at[s.slot.value].push_back(s.at);
    std::size_t equal = 0;
    for (const Instant t : at[0]) {
        equal += std::find(at[1].begin(), at[1].end(), t) != at[1].end() ? 1U : 0U;
    }
    EXPECT_LE(equal, 2U);
}

}  // namespace
}  // namespace tocsin::test
