#include "control/base/wall_time.hpp"

#include <gtest/gtest.h>

namespace tocsin::control {
namespace {

using namespace std::chrono;

TEST(WallTime, IsReadAsRfc3339) {
    const auto expected = sys_days{2026y / January / 2} + 3h + 4min + 5s;
    EXPECT_EQ(parse_wall_time("2026-01-02T03:04:05Z"), expected);
    EXPECT_EQ(parse_wall_time("2026-01-02T05:34:05+02:30"), expected);
    EXPECT_EQ(parse_wall_time("2026-01-01T22:04:05-05:00"), expected);
    EXPECT_EQ(parse_wall_time("1970-01-01T00:00:00Z"), sys_seconds{});
    EXPECT_EQ(parse_wall_time("2028-02-29T23:59:59Z"), sys_days{2028y / March / 1} - 1s);
}

TEST(WallTime, RefusesAllElse) {
    for (const char* const text :
         {"", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z",
          "2026-02-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-02T25:00:00Z",
          "2026-01-02T03:04:60Z", "2026-1-2T3:4:5Z", "2026-01-02T03:04:05Zulu",
          "2026-01-02T03:04:05.5Z", " 2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z ",
          "02026-01-02T03:04:05Z", "2027-02-29T00:00:00Z"}) {
        EXPECT_EQ(parse_wall_time(text), std::nullopt) << text;
    }
}

TEST(WallTime, IsWrittenAsItIsRead) {
    const sys_seconds t = sys_days{2026y / November / 21} + 22h + 28min + 1s;
    EXPECT_EQ(to_string(t), "2026-11-21T22:28:01Z");
    EXPECT_EQ(parse_wall_time(to_string(t)), t);
}

}  // namespace
}  // namespace tocsin::control
