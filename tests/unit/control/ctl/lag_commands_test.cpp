#include "control/ctl/lag_commands.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

namespace tocsin::control::ctl {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class LagCommands : public Tocsinctl {};

TEST_F(LagCommands, ListLagsWithTheMembersThatAreOut) {
    EXPECT_EQ(run({"lag", "list"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 3);
    EXPECT_THAT(out(), ContainsRegex("lag1 +Up .* 1 +2 +1 +0 +192.0.2.2 +m2\n"));
    EXPECT_THAT(out(), ContainsRegex("lag2 +Down "));
}

TEST_F(LagCommands, ShowWhyAMemberIsOut) {
    EXPECT_EQ(run({"lag", "show", "lag1"}), ExitCode::Success);
    EXPECT_THAT(out(), ContainsRegex("m1 +distributing +up +yes +up .*ipv4 Up\n"));
    EXPECT_THAT(out(), ContainsRegex("m2 +distributing +up +no +timeout .*ipv4 Down .never heard"));
    EXPECT_THAT(out(), testing::Not(HasSubstr("lag2")));
}

TEST_F(LagCommands, SayThatThereIsNoSuchLag) {
    EXPECT_EQ(run({"lag", "show", "lag9"}), ExitCode::NotFound);
    EXPECT_THAT(err(), HasSubstr("lag9"));
    EXPECT_EQ(run({"lag", "report", "lag9", "m1", "standby"}), ExitCode::NotFound);
}

TEST_F(LagCommands, WriteALineForEachLag) {
    EXPECT_EQ(run({"lag", "list", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 2);
    EXPECT_THAT(out(), HasSubstr("\"members_in_use\":1"));
}

TEST_F(LagCommands, ReportWhatLacpSays) {
    EXPECT_EQ(run({"lag", "report", "lag1", "m1", "distributing"}), ExitCode::Success);
    EXPECT_EQ(daemon_.lags.reported.port(), "m1");
    EXPECT_EQ(daemon_.lags.reported.state(), v1::MEMBER_STATE_DISTRIBUTING);
    EXPECT_EQ(run({"lag", "report", "lag1", "m1", "up"}), ExitCode::InvalidArgument);
}

}  // namespace
}  // namespace tocsin::control::ctl
