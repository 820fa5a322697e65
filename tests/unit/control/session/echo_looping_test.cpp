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
    EXPECT_TRUE(on->on);
    looping.add({1}, allowing(10ms));
    EXPECT_FALSE(told());
    looping.remove({1}, allowing(50ms));
    EXPECT_FALSE(told());
    looping.remove({1}, allowing(10ms));
    const auto off = told();
    ASSERT_TRUE(off);
    EXPECT_FALSE(off->on);
    EXPECT_FALSE(told());
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
