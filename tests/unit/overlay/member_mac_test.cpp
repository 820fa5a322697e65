#include "overlay/member_mac.hpp"

#include <gtest/gtest.h>

namespace tocsin::overlay {
namespace {

constexpr MacAddress kFirst{2, 0, 0, 0, 0, 0x0b};
constexpr MacAddress kSecond{2, 0, 0, 0, 0, 0x0c};

/// Of a session that just came Up.
MemberMac fresh(bool learns = true) {
    MemberMac out;
    out.reset(learns);
    EXPECT_FALSE(out.state_changed(true));
    return out;
}

/// Packets that are sent, each after one was heard, before they go to the peer's own address.
int packets_before_unicast(MemberMac& mac, std::uint8_t detect_mult, std::uint32_t sent = 0) {
    for (int n = 0; n < 1000; ++n, ++sent) {
        if (const auto to = mac.heard(kFirst, sent, detect_mult)) {
            EXPECT_EQ(*to, kFirst);
            return n;
        }
    }
    return -1;
}

// req: RFC7130-2.3-02 RFC7130-2.3-04
TEST(MemberMac, IsTheDedicatedOneForDetectMultPackets) {
    for (const std::uint8_t detect_mult : {1, 3, 255}) {
        MemberMac mac = fresh();
        EXPECT_EQ(packets_before_unicast(mac, detect_mult), detect_mult);
        EXPECT_TRUE(mac.unicast());
    }
}

TEST(MemberMac, CountsPacketsAcrossTheEndOfTheirNumbers) {
    MemberMac mac = fresh();
    EXPECT_EQ(packets_before_unicast(mac, 3, 0xfffffffe), 3);
}

// req: RFC7130-2.3-01 RFC7130-2.3-03
TEST(MemberMac, IsTheDedicatedOneAgainWithTheNextStateAndCountsAnew) {
    MemberMac mac = fresh();
    EXPECT_EQ(packets_before_unicast(mac, 3), 3);
    EXPECT_TRUE(mac.state_changed(false)) << "the packet that tells of it goes there already";
    EXPECT_EQ(packets_before_unicast(mac, 3, 10), -1) << "not Up";
    EXPECT_FALSE(mac.state_changed(true));
    EXPECT_EQ(packets_before_unicast(mac, 3, 2000), 3);
}

// req: RFC7130-2.3-06
TEST(MemberMac, IsNeverAGroupOrNothing) {
    MemberMac mac = fresh();
    for (std::uint32_t sent = 0; sent < 20; ++sent) {
        EXPECT_EQ(mac.heard(kMicroBfdMac, sent, 3), std::nullopt);
        EXPECT_EQ(mac.heard(MacAddress{}, sent, 3), std::nullopt);
    }
    EXPECT_EQ(packets_before_unicast(mac, 3), 3);
    EXPECT_EQ(mac.heard(kMicroBfdMac, 100, 3), std::nullopt);
    EXPECT_TRUE(mac.unicast());
}

// req: RFC7130-2.3-07 RFC7130-2.3-11
TEST(MemberMac, IsTheDedicatedOneForEverUnlessToldOtherwise) {
    MemberMac mac = fresh(false);
    EXPECT_EQ(packets_before_unicast(mac, 3), -1);
    mac.reset(true);
    EXPECT_EQ(packets_before_unicast(mac, 3), 3) << "the session is still Up";
    mac.reset(false);
    EXPECT_FALSE(mac.unicast());
    EXPECT_EQ(packets_before_unicast(mac, 3), -1);
}

TEST(MemberMac, BeginsAnewWithTheDedicatedOneWhenThePeersChanges) {
    MemberMac mac = fresh();
    EXPECT_EQ(packets_before_unicast(mac, 3), 3);
    EXPECT_EQ(mac.heard(kSecond, 10, 3), kMicroBfdMac);
    EXPECT_EQ(mac.heard(kSecond, 12, 3), std::nullopt);
    EXPECT_EQ(mac.heard(kSecond, 13, 3), kSecond);
}

TEST(MemberMac, StaysTheDedicatedOneWhileTwoStationsTakeTurns) {
    MemberMac mac = fresh();
    for (std::uint32_t sent = 0; sent < 100; ++sent) {
        EXPECT_EQ(mac.heard(sent % 2 == 0 ? kFirst : kSecond, sent, 3), std::nullopt);
    }
}

}  // namespace
}  // namespace tocsin::overlay
