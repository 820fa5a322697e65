#include "control/session/echo_looping.hpp"

#include "scripted_dataplane.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <variant>

namespace tocsin::control::session {
namespace {

using namespace std::chrono_literals;

class EchoLoopingTest : public testing::Test {
protected:
    static bfd::SessionParameters allowing(WireInterval interval) {
        bfd::SessionParameters p;
        p.required_min_echo_rx_interval = interval;
        return p;
    }
    /// What the worker is told with this call, if anything.
    std::optional<message::SetEchoLooping> told() {
        looping.pump();
        if (dataplane.commands.empty()) return std::nullopt;
        const message::Command c = dataplane.take();
        EXPECT_TRUE(dataplane.commands.empty());
        return std::get<message::SetEchoLooping>(c.body);
    }

    test::ScriptedDataplane dataplane;
    EchoLooping looping{dataplane};
};

// req: RFC5880-6.8.13-02
TEST_F(EchoLoopingTest, TheFirstSessionOpensThePortAndTheLastClosesIt) {
    EXPECT_FALSE(told());
    looping.add({1}, allowing(0s));
    EXPECT_FALSE(told());
    looping.add({1}, allowing(50ms));
    const auto on = told();
    ASSERT_TRUE(on);
    EXPECT_EQ(on->port, PortId{1});
    EXPECT_NE(on->rate, 0U);
    EXPECT_FALSE(told()) << "once";
    looping.add({1}, allowing(0s));
    EXPECT_FALSE(told());
    looping.remove({1}, allowing(50ms));
    const auto off = told();
    ASSERT_TRUE(off);
    EXPECT_EQ(off->rate, 0U);
    EXPECT_FALSE(told());
}

TEST_F(EchoLoopingTest, TheRateIsWhatTheSessionsOfThePortAddUpTo) {
    const auto rate = [this] {
        const auto now = told();
        return now ? now->rate : ~0U;
    };
    looping.add({1}, allowing(50ms));
    EXPECT_EQ(rate(), 20U);
    looping.add({1}, allowing(3ms));
    EXPECT_EQ(rate(), 354U) << "333 1/3 and 20, rounded up";
    looping.add({2}, allowing(10ms));
    EXPECT_EQ(rate(), 100U) << "of another port";
    looping.remove({1}, allowing(50ms));
    EXPECT_EQ(rate(), 334U);
    looping.remove({1}, allowing(3ms));
    EXPECT_EQ(rate(), 0U);
    looping.add({1}, allowing(WireInterval{0xffffffffU}));
    EXPECT_EQ(rate(), 1U) << "never none";
    for (int i = 0; i < 10'000; ++i) looping.add({1}, allowing(WireInterval{1}));
    EXPECT_EQ(rate(), 0xffffffffU) << "as much as can be said";
    for (int i = 0; i < 10'000; ++i) looping.remove({1}, allowing(WireInterval{1}));
    EXPECT_EQ(rate(), 1U);
}

TEST_F(EchoLoopingTest, AFullRingIsTriedAgain) {
    dataplane.ring = 0;
    looping.add({2}, allowing(50ms));
    EXPECT_FALSE(told());
    dataplane.ring = 8;
    EXPECT_TRUE(told());
    EXPECT_FALSE(told());
}

}  // namespace
}  // namespace tocsin::control::session
