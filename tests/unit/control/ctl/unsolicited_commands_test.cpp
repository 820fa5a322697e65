#include "control/ctl/unsolicited_commands.hpp"

#include "tocsinctl.hpp"

#include <gmock/gmock.h>

namespace tocsin::control::ctl {
namespace {

using testing::HasSubstr;

class UnsolicitedCommands : public Tocsinctl {};

TEST_F(UnsolicitedCommands, ListsPoliciesWithWhatTheyLetInAndRefused) {
    EXPECT_EQ(run({"unsolicited", "list"}), ExitCode::Success);
    EXPECT_THAT(out(), HasSubstr("wan0  yes            12    100       20      8      904  "
                                 "50 ms / 60 ms x 3  meticulous_keyed_sha1  "
                                 "192.0.2.0/24, fe80::/10  -\n"));
    EXPECT_THAT(out(), HasSubstr("wan1  no "));
    EXPECT_THAT(out(), HasSubstr("wan0: refused denied 4, limit 900\n"));
    EXPECT_THAT(out(), HasSubstr("wan0: 192.0.2.9 ended "));
    EXPECT_THAT(out(), HasSubstr(" ago, Path Down\n"));
}

TEST_F(UnsolicitedCommands, WritesALineForEachPolicy) {
    EXPECT_EQ(run({"unsolicited", "list", "-o", "jsonl"}), ExitCode::Success);
    EXPECT_EQ(lines(out()), 2);
    EXPECT_THAT(out(), HasSubstr("\"limit\":\"900\""));
}

}  // namespace
}  // namespace tocsin::control::ctl
