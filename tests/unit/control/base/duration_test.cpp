#include "control/base/duration.hpp"

#include <gtest/gtest.h>

namespace tocsin::control {
namespace {

using namespace std::chrono_literals;

std::string why(std::string_view text) {
    const auto duration = parse_duration(text);
    return duration.ok() ? "accepted" : duration.error().message;
}

TEST(Duration, ReadsEveryUnit) {
    EXPECT_EQ(parse_duration("3300us").value(), 3300us);
    EXPECT_EQ(parse_duration("50ms").value(), 50ms);
    EXPECT_EQ(parse_duration("2s").value(), 2s);
    EXPECT_EQ(parse_duration("0us").value(), 0us);
    EXPECT_EQ(parse_duration("007ms").value(), 7ms);
}

TEST(Duration, ReadsFractionsOfWholeMicroseconds) {
    EXPECT_EQ(parse_duration("1.5ms").value(), 1500us);
    EXPECT_EQ(parse_duration("0.000001s").value(), 1us);
    EXPECT_EQ(parse_duration("3.300ms").value(), 3300us);
    EXPECT_EQ(parse_duration("1.0us").value(), 1us);
}

TEST(Duration, RefusesWhatIsFinerThanTheWire) {
    EXPECT_NE(why("0.5us").find("whole number of microseconds"), std::string::npos);
    EXPECT_NE(why("1.0005ms").find("whole number of microseconds"), std::string::npos);
    EXPECT_NE(why("5ns").find("unknown unit"), std::string::npos);
}

TEST(Duration, SaysWhatToWriteWhenTheUnitIsMissing) {
    EXPECT_EQ(why("50"), "\"50\" has no unit: write \"50ms\" or \"50s\" (units: us, ms, s)");
}

TEST(Duration, RefusesTheRest) {
    for (const char* text :
         {"", "ms", "-5ms", "+5ms", "5 ms", "5m", "5min", "5MS", "1.ms", ".5ms", "1e3ms", "0x5ms",
          "99999999999999999999s", "1000000000000000us", "5msms"}) {
        EXPECT_NE(why(text), "accepted") << text;
    }
}

TEST(Duration, TakesTheLongestWithoutOverflow) {
    EXPECT_EQ(parse_duration("999999999999s").value().count(), 999'999'999'999'000'000);
}

TEST(Duration, IsWrittenInTheLargestWholeUnit) {
    EXPECT_EQ(to_string(0us), "0s");
    EXPECT_EQ(to_string(3300us), "3300us");
    EXPECT_EQ(to_string(std::chrono::microseconds{300ms}), "300ms");
    EXPECT_EQ(to_string(std::chrono::microseconds{60s}), "60s");
}

TEST(Duration, SurvivesWritingAndReading) {
    for (const std::chrono::microseconds value :
         {1us, 999us, 1000us, 1001us, 999'999us, 1'000'000us}) {
        EXPECT_EQ(parse_duration(to_string(value)).value(), value);
    }
}

}  // namespace
}  // namespace tocsin::control
