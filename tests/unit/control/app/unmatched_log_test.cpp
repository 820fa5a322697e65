#include "control/app/unmatched_log.hpp"

#include "control/base/log.hpp"
#include "support/engine_dataplane.hpp"

#include <gtest/gtest.h>

#include <array>

namespace tocsin::control::app {
namespace {

message::UnmatchedPacket packet_from(std::uint8_t last, std::uint32_t vni) {
    message::UnmatchedPacket out;
    out.source = ip_address(std::array<std::uint8_t, 4>{198, 51, 100, last});
    out.destination = ip_address(std::array<std::uint8_t, 4>{203, 0, 113, 2});
    out.vni = vni;
    out.my_discriminator = {7};
    return out;
}

// req: RFC9521-4.1-12 RFC9521-5.1-09
TEST(UnmatchedLog, TellsOfEachSenderAndVniOnceInAWhile) {
    test::EngineDataplane dataplane{{}};
    UnmatchedLog unmatched{dataplane};
    log::configure(log::Level::Info, log::Format::Text);
    testing::internal::CaptureStderr();
    EXPECT_TRUE(unmatched.note(packet_from(1, 5000)));
    EXPECT_FALSE(unmatched.note(packet_from(1, 5000)));
    EXPECT_TRUE(unmatched.note(packet_from(1, 5001)));
    EXPECT_TRUE(unmatched.note(packet_from(2, 5000)));
    const std::string lines = testing::internal::GetCapturedStderr();
    EXPECT_NE(lines.find("packet_without_session type=geneve"), std::string::npos) << lines;
    EXPECT_NE(lines.find("source=198.51.100.2 destination=203.0.113.2 vni=5000"), std::string::npos)
        << lines;
    dataplane.advance(UnmatchedLog::kAgain);
    EXPECT_TRUE(unmatched.note(packet_from(1, 5000)));
}

TEST(UnmatchedLog, RemembersNoMoreThanItHasRoomFor) {
    test::EngineDataplane dataplane{{}};
    UnmatchedLog unmatched{dataplane};
    testing::internal::CaptureStderr();
    for (std::uint32_t vni = 0; vni < UnmatchedLog::kSenders; ++vni) {
        ASSERT_TRUE(unmatched.note(packet_from(1, vni)));
    }
    EXPECT_FALSE(unmatched.note(packet_from(1, UnmatchedLog::kSenders)));
    testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace tocsin::control::app
