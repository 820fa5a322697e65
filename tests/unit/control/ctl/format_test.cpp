#include "control/ctl/format.hpp"

#include "control/ctl/exit_code.hpp"
#include "control/ctl/table.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace tocsin::control::ctl {
namespace {

TEST(Milliseconds, HaveAtMostThreeDecimals) {
    EXPECT_EQ(milliseconds(0), "0 ms");
    EXPECT_EQ(milliseconds(300'000), "300 ms");
    EXPECT_EQ(milliseconds(3'300), "3.3 ms");
    EXPECT_EQ(milliseconds(50), "0.05 ms");
    EXPECT_EQ(milliseconds(1), "0.001 ms");
    EXPECT_EQ(milliseconds(-1'500), "-1.5 ms");
    EXPECT_EQ(milliseconds(4'294'967'295), "4294967.295 ms");
}

TEST(Age, ShowsTheTwoLargestUnits) {
    constexpr std::int64_t kSecond = 1'000'000;
    EXPECT_EQ(age(-5), "0s");
    EXPECT_EQ(age(59 * kSecond), "59s");
    EXPECT_EQ(age(60 * kSecond), "1m 00s");
    EXPECT_EQ(age((2 * 3600 + 7 * 60 + 9) * kSecond), "2h 07m");
    EXPECT_EQ(age((4 * 86'400 + 11 * 3600) * kSecond), "4d 11h");
}

TEST(Time, IsUtcWithMicroseconds) {
    EXPECT_EQ(time_of(0), "-");
    EXPECT_EQ(time_of(1'795'255'338'000'042), "2026-11-21T10:02:18.000042Z");
}

TEST(Discriminator, IsHexadecimal) {
    EXPECT_EQ(discriminator(0), "-");
    EXPECT_EQ(discriminator(0x8f21c0), "0x008f21c0");
}

TEST(State, IsReadAsItIsWritten) {
    for (const auto state : {v1::SESSION_STATE_ADMIN_DOWN, v1::SESSION_STATE_DOWN,
                             v1::SESSION_STATE_INIT, v1::SESSION_STATE_UP}) {
        EXPECT_EQ(state_of(state_name(state)), state);
    }
    EXPECT_EQ(state_of("admin-down"), v1::SESSION_STATE_ADMIN_DOWN);
    EXPECT_EQ(state_of("UP"), v1::SESSION_STATE_UP);
    EXPECT_EQ(state_of("upp"), v1::SESSION_STATE_UNSPECIFIED);
    EXPECT_EQ(state_of(""), v1::SESSION_STATE_UNSPECIFIED);
}

TEST(ExitCode, TellsCausesApart) {
    using grpc::StatusCode;
    EXPECT_EQ(exit_code_of(StatusCode::OK), ExitCode::Success);
    EXPECT_EQ(exit_code_of(StatusCode::INTERNAL), ExitCode::Failure);
    EXPECT_EQ(exit_code_of(StatusCode::UNIMPLEMENTED), ExitCode::Failure);
    EXPECT_EQ(exit_code_of(StatusCode::INVALID_ARGUMENT), ExitCode::InvalidArgument);
    EXPECT_EQ(exit_code_of(StatusCode::UNAVAILABLE), ExitCode::Unreachable);
    EXPECT_EQ(exit_code_of(StatusCode::DEADLINE_EXCEEDED), ExitCode::Unreachable);
    EXPECT_EQ(exit_code_of(StatusCode::NOT_FOUND), ExitCode::NotFound);
    EXPECT_EQ(exit_code_of(StatusCode::ALREADY_EXISTS), ExitCode::AlreadyExists);
    EXPECT_EQ(exit_code_of(StatusCode::RESOURCE_EXHAUSTED), ExitCode::LimitReached);
    EXPECT_EQ(exit_code_of(StatusCode::FAILED_PRECONDITION), ExitCode::FailedPrecondition);
}

std::string printed(const Table& table, bool colour) {
    std::ostringstream out;
    table.print(out, colour);
    return out.str();
}

TEST(Table, AlignsColumnsToTheirWidestCell) {
    Table table{{{"ID", Table::Align::Right}, {"PEER"}, {"STATE"}}};
    table.add({"7", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "Up"});
    table.add({"1234", "192.0.2.2", "Down"});
    EXPECT_EQ(printed(table, false),
              "  ID  PEER                                    STATE\n"
              "   7  2001:db8:ffff:ffff:ffff:ffff:ffff:ffff  Up\n"
              "1234  192.0.2.2                               Down\n");
}

TEST(Table, KeepsItsAlignmentWithColours) {
    Table table{{{"STATE"}, {"X"}}};
    table.add({state_cell(v1::SESSION_STATE_UP), "1"});
    table.add({state_cell(v1::SESSION_STATE_DOWN), "2"});
    EXPECT_EQ(printed(table, true), "STATE  X\n\x1b[32mUp\x1b[0m     1\n\x1b[31mDown\x1b[0m   2\n");
    EXPECT_EQ(printed(table, false), "STATE  X\nUp     1\nDown   2\n");
}

}  // namespace
}  // namespace tocsin::control::ctl
