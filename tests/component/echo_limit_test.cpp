// How many Echo packets of peers go back, by station and in all.

#include "dataplane/runtime/echo_limit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <random>

namespace tocsin::runtime {
namespace {

using namespace std::chrono_literals;

using Mac = std::array<std::uint8_t, 6>;

Mac station(std::uint32_t n) {
    return {2,
            0,
            static_cast<std::uint8_t>(n >> 24U),
            static_cast<std::uint8_t>(n >> 16U),
            static_cast<std::uint8_t>(n >> 8U),
            static_cast<std::uint8_t>(n)};
}

class EchoLimitTest : public testing::Test {
protected:
    /// What goes back of packets from `from`, `gap` apart, in `span`. Meanwhile each of `others`
    /// sends one every 100 us.
    unsigned back(Mac from, Nanoseconds gap, Nanoseconds span, std::uint32_t first_other = 0,
                  std::uint32_t others = 0) {
        unsigned out = 0;
        const Instant end = now + span;
        for (Instant next = now; now < end; now += 100us) {
            for (std::uint32_t i = 0; i < others; ++i) {
                static_cast<void>(limit.take(station(first_other + i).data(), now));
            }
            for (; next <= now; next += gap) out += limit.take(from.data(), now) ? 1 : 0;
        }
        return out;
    }
    /// Packets from addresses that are new each time, in `span`, 20 in a millisecond.
    unsigned invented(Nanoseconds span) {
        unsigned out = 0;
        for (const Instant end = now + span; now < end; now += 50us) {
            out += limit.take(station(0x10000000U | random() >> 4U).data(), now) ? 1 : 0;
        }
        return out;
    }

    EchoLimit limit{0x5bd1e9955bd1e995};
    std::mt19937 random{20261122};
    Instant now{1h};
    const Mac peer = station(1);
    const Mac hostile = station(2);
};

// RFC 5880 6.8.9: packets three quarters of the interval apart, and a single one between any two.
TEST_F(EchoLimitTest, WhatAPeerMaySendAllGoesBack) {
    for (const std::uint32_t rate : {1U, 20U, 300U, 10'000U}) {
        limit.allow(rate, now);
        const Nanoseconds gap = Nanoseconds{1s} / rate * 3 / 8;
        for (int i = 0; i < 3000; ++i, now += gap) ASSERT_TRUE(limit.take(peer.data(), now)) << i;
    }
}

TEST_F(EchoLimitTest, WhatWaitedWhileWeStoodStillAllGoesBack) {
    limit.allow(1000, now);
    back(peer, 1ms, 1s);
    now += 300ms;
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(limit.take(peer.data(), now)) << i;
    limit.allow(20, now);
    back(peer, 50ms, 10s);
    now += 1s;
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(limit.take(peer.data(), now)) << i;
}

TEST_F(EchoLimitTest, AFloodGetsItsShareAndTheOthersTheirs) {
    limit.allow(20, now);
    back(peer, 50ms, 10s);
    // 10,000 packets a second of the hostile station, which has been there as long.
    EXPECT_EQ(back(peer, 50ms, 60s, 2, 1), 1200U);
    const unsigned hostile_back = back(hostile, 100us, 60s);
    EXPECT_LE(hostile_back, 60U * 60 + 1);
    EXPECT_GE(hostile_back, 60U * 60 - 1);
}

TEST_F(EchoLimitTest, AFloodThatWasThereFirstTakesNothingFromWhoComesLater) {
    limit.allow(20, now);
    back(hostile, 100us, 60s);
    EXPECT_EQ(back(peer, 50ms, 60s, 2, 1), 1200U);
}

TEST_F(EchoLimitTest, ThreeFloodsTakeNothingFromTheOthers) {
    limit.allow(100, now);
    EXPECT_EQ(back(peer, 10ms, 60s, 2, 3), 6000U);
}

// Any number of addresses may be forged.
TEST_F(EchoLimitTest, FloodsOfHoweverManyStationsTakeNothingFromWhoWasThere) {
    limit.allow(100, now);
    back(peer, 10ms, 61s);
    EXPECT_EQ(back(peer, 10ms, 65s, 2, 60), 6500U) << "and for as long as they last";
    EXPECT_EQ(back(peer, 10ms, 5s, 2, 200), 500U);
}

TEST_F(EchoLimitTest, TheReserveIsNotForNewStations) {
    limit.allow(100, now);
    back(peer, 10ms, 61s);
    back(peer, 10ms, 5s, 4, 60);
    unsigned out = 0;
    for (std::uint32_t i = 0; i < 20; ++i) out += limit.take(station(300 + i).data(), now) ? 1 : 0;
    EXPECT_LE(out, 5U) << "what came back since";
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(limit.take(peer.data(), now)) << i;
}

TEST_F(EchoLimitTest, WhoFloodedHasToKeepToItsShareBeforeItMayUseTheReserve) {
    limit.allow(100, now);
    back(peer, 100us, 61s);
    EXPECT_LT(back(peer, 10ms, 100ms, 2, 60), 10U) << "less than half of its burst is left";
    back(peer, 10ms, 1s, 2, 60);
    EXPECT_EQ(back(peer, 10ms, 5s, 2, 60), 500U);
}

TEST_F(EchoLimitTest, AllTogetherGetFourShares) {
    limit.allow(100, now);
    unsigned out = 0;
    for (const Instant end = now + 10s; now < end; now += 1ms) {
        for (std::uint32_t i = 0; i < 20; ++i) out += limit.take(station(i).data(), now) ? 1 : 0;
    }
    EXPECT_LE(out, 10U * 4 * 300 + 4 * EchoLimit::kLeastBurst + EchoLimit::kStations);
    EXPECT_GE(out, 10U * 4 * 300 - 1);
}

TEST_F(EchoLimitTest, InventedAddressesTakeNothingFromWhoWasThere) {
    limit.allow(20, now);
    ASSERT_TRUE(limit.take(peer.data(), now));
    for (int i = 0; i < 20 * 180; ++i) {  // three minutes
        invented(50ms);
        ASSERT_TRUE(limit.take(peer.data(), now)) << i;
    }
}

TEST_F(EchoLimitTest, InventedAddressesGetOnePacketEachAndThenOneShareTogether) {
    limit.allow(20, now);
    invented(5min);
    const unsigned out = invented(1min);
    EXPECT_LE(out, 60U * 60 + EchoLimit::kStations + EchoLimit::kLeastBurst);
}

TEST_F(EchoLimitTest, APlaceIsFreeAfterAQuietMinute) {
    limit.allow(20, now);
    invented(10s);
    EXPECT_LT(back(peer, 50ms, 1s, 2, 1), 20U) << "no place, among strangers that flood";
    now += 2min;
    back(peer, 50ms, 1s);
    for (int i = 0; i < 20; ++i) {
        invented(50ms);
        ASSERT_TRUE(limit.take(peer.data(), now)) << i;
    }
}

// The debt of a slow allowance would be minutes of a fast one.
TEST_F(EchoLimitTest, AChangedAllowanceIsInForceAtOnce) {
    limit.allow(1, now);
    back(peer, 100us, 1s);
    limit.allow(1000, now);
    now += 1ms;
    EXPECT_EQ(back(peer, 1ms, 1s), 1000U);
    limit.allow(1, now);
    EXPECT_LE(back(peer, 1ms, 60s), 64U + 3 * 60 + 1);
}

TEST_F(EchoLimitTest, TheLargestAllowanceHasNoOverflow) {
    limit.allow(0xffffffffU, now);
    EXPECT_EQ(back(peer, 100us, 1s), 10'000U);
}

}  // namespace
}  // namespace tocsin::runtime
