#include "control/base/log.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::log {
namespace {

TEST(Log, WritesTheEventFirstAndQuotesWhatIsNotOneWord) {
    EXPECT_EQ(line(Format::Text, Level::Info, "bfd", "session_state_changed",
                   {{"peer", "192.0.2.7"}, {"diag", "No Diagnostic"}, {"transitions", 2}}),
              "info bfd session_state_changed peer=192.0.2.7 diag=\"No Diagnostic\" transitions=2");
}

TEST(Log, WritesJsonWithNumbersAsNumbersAndEscapes) {
    EXPECT_EQ(line(Format::Json, Level::Warn, "port", "link_down",
                   {{"text", "a \"b\"\n\\"}, {"n", -1}, {"up", false}}),
              R"("level":"warn","component":"port","event":"link_down","text":"a \"b\"\u000a\\",)"
              R"("n":-1,"up":false)");
}

TEST(Log, KeepsALineOneLine) {
    EXPECT_EQ(line(Format::Text, Level::Error, "x", "y", {{"k", "a\nb"}}), "error x y k=\"a b\"");
}

TEST(RateLimit, LetsABurstThroughThenTheRateAndCountsTheRest) {
    RateLimit limit{10, 5};
    int passed = 0;
    for (int i = 0; i < 100; ++i) passed += limit.allow(1'000'000) ? 1 : 0;
    EXPECT_EQ(passed, 10);
    EXPECT_EQ(limit.take_suppressed(), 90U);
    EXPECT_EQ(limit.take_suppressed(), 0U);
    for (int i = 0; i < 100; ++i) passed += limit.allow(2'000'000) ? 1 : 0;
    EXPECT_EQ(passed, 15);
}

}  // namespace
}  // namespace tocsin::control::log
