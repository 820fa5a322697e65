#include "control/lag/group.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::lag {
namespace {

using namespace std::chrono_literals;
using notify::Indication;
using enum Indication;

constexpr Instant kBegin{1000s};
constexpr IpAddress kV4{.family = AddressFamily::V4, .octets = {192, 0, 2, 2}};
constexpr IpAddress kV6{.family = AddressFamily::V6, .octets = {0x20, 1}};

config::Lag lag(std::vector<std::string> members = {"a", "b", "c", "d"}) {
    config::Lag out;
    out.name = "lag1";
    out.members = std::move(members);
    out.local = out.remote = {kV4};
    out.assume_active = false;
    return out;
}

config::Lag both_families(bool per_family) {
    config::Lag out = lag({"a"});
    out.local = out.remote = {kV4, kV6};
    out.per_family = per_family;
    return out;
}

/// All sessions of all members are Up.
Group up(config::Lag l) {
    Group g{std::move(l)};
    for (std::size_t i = 0; i < g.members().size(); ++i) g.set_sessions(i, {.v4 = Up, .v6 = Up});
    g.judge(kBegin);
    return g;
}

// req: RFC7130-1-01 RFC7130-1-02 RFC7130-5-01
TEST(Group, LosesTheMemberThatFailsAndNoOther) {
    Group g = up(lag());
    EXPECT_EQ(g.members_in_use(), 4U);
    g.set_sessions(1, {.v4 = PathFailure});
    g.judge(kBegin);
    EXPECT_EQ(g.members_in_use(), 3U);
    EXPECT_FALSE(g.in_use(g.members()[1]));
    g.set_sessions(1, {.v4 = Up});
    g.judge(kBegin);
    EXPECT_EQ(g.members_in_use(), 4U);
}

// req: RFC7130-3-03 RFC7130-5-03
TEST(Group, WantsBothFamiliesUpWithOneTable) {
    Group g{both_families(false)};
    EXPECT_EQ(g.tables(), std::vector{Table::Both});
    g.set_sessions(0, {.v4 = Up, .v6 = None});
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0]));
    g.set_sessions(0, {.v4 = Up, .v6 = Up});
    g.judge(kBegin);
    EXPECT_TRUE(g.in_use(g.members()[0]));
    g.set_sessions(0, {.v4 = PathFailure, .v6 = Up});
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0]));
}

// req: RFC7130-3-04 RFC7130-5-02
TEST(Group, LetsEachFamilyDecideAboutATableOfItsOwn) {
    Group g{both_families(true)};
    EXPECT_EQ(g.tables(), (std::vector{Table::V4, Table::V6}));
    g.set_sessions(0, {.v4 = Up, .v6 = None});
    g.judge(kBegin);
    EXPECT_TRUE(g.in_use(g.members()[0], Table::V4));
    EXPECT_FALSE(g.in_use(g.members()[0], Table::V6));
    g.set_sessions(0, {.v4 = PathFailure, .v6 = Up});
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0], Table::V4));
    EXPECT_TRUE(g.in_use(g.members()[0], Table::V6));
}

TEST(Group, IsDownWithFewerMembersThanItNeeds) {
    config::Lag l = lag();
    l.minimum_links = 3;
    Group g = up(l);
    EXPECT_TRUE(g.up());
    g.set_sessions(0, {.v4 = PathFailure});
    g.judge(kBegin);
    EXPECT_TRUE(g.up());
    g.set_sessions(1, {.v4 = PathFailure});
    g.judge(kBegin);
    EXPECT_FALSE(g.up());
    g.set_sessions(0, {.v4 = Up});
    g.judge(kBegin);
    EXPECT_TRUE(g.up());
}

TEST(Group, DoesNotUseALinkThatIsDownWhateverItsSessionsSay) {
    Group g = up(lag());
    g.set_link(2, false);
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[2]));
    g.set_link(2, true);
    g.judge(kBegin);
    EXPECT_TRUE(g.in_use(g.members()[2]));
}

// req: RFC7130-3-01 RFC7130-3-02
TEST(Group, HasSessionsWhileLacpSaysDistributingOrStandby) {
    config::Lag l = lag({"a"});
    l.lacp = config::Lacp::Api;
    Group g{l};
    EXPECT_EQ(g.members()[0].state, LinkState::Detached);
    for (const auto& [state, wanted] : {std::pair{LinkState::Detached, false},
                                        {LinkState::Standby, true},
                                        {LinkState::Collecting, false},
                                        {LinkState::Distributing, true}}) {
        g.report(0, state);
        EXPECT_EQ(wants_sessions(g.members()[0].state), wanted) << name(state);
    }
}

// req: RFC7130-1-01
TEST(Group, UsesAMemberThatLacpHasReadyOnlyWithItsSessionsUp) {
    config::Lag l = lag({"a"});
    l.lacp = config::Lacp::Api;
    Group g{l};
    g.report(0, LinkState::Standby);
    g.set_sessions(0, {.v4 = Up});
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0])) << "Standby carries no traffic";
    g.report(0, LinkState::Distributing);
    g.judge(kBegin);
    EXPECT_TRUE(g.in_use(g.members()[0]));
    g.report(0, LinkState::Detached);
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0]));
    g.report(0, LinkState::Distributing);
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0])) << "its sessions begin anew";
}

// req: RFC7130-A-01
TEST(Group, AssumesMembersThatForwardAlreadyButNotOneThatLacpHadOut) {
    config::Lag l = lag({"a", "b"});
    l.lacp = config::Lacp::Api;
    l.assume_active = true;
    Group g{l};
    g.report(0, LinkState::Distributing);
    g.report(1, LinkState::Detached);
    g.report(1, LinkState::Distributing);
    g.judge(kBegin);
    EXPECT_TRUE(g.in_use(g.members()[0]));
    EXPECT_FALSE(g.in_use(g.members()[1]));
}

// req: RFC7130-A-02
TEST(Group, ThatGoesDownTakesWhatWasAssumedWithIt) {
    config::Lag l = lag({"a", "b"});
    l.assume_active = true;
    l.minimum_links = 2;
    Group g{l};
    g.set_sessions(0, {.v4 = Up});
    g.judge(kBegin);
    EXPECT_TRUE(g.up());
    g.set_sessions(0, {.v4 = PathFailure});
    g.judge(kBegin);
    EXPECT_FALSE(g.up());
    g.set_sessions(0, {.v4 = Up});
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[1])) << "held out until Up";
    g.set_sessions(1, {.v4 = Up});
    g.judge(kBegin);
    EXPECT_TRUE(g.up());
}

// req: RFC7130-A-07
TEST(Group, HasATimeoutUnlessItIsTurnedOff) {
    config::Lag l = lag({"a"});
    l.assume_active = true;
    Group g{l};
    g.judge(kBegin);
    ASSERT_TRUE(g.deadline().has_value());
    g.judge(*g.deadline());
    EXPECT_FALSE(g.in_use(g.members()[0]));
    EXPECT_EQ(g.deadline(), std::nullopt);
}

TEST(Group, KeepsMembersThatStayWhenItsConfigurationChanges) {
    Group g = up(lag({"a", "b"}));
    g.set_config(lag({"c", "b"}));
    ASSERT_EQ(g.members().size(), 2U);
    g.set_sessions(0, {.v4 = None});
    g.judge(kBegin);
    EXPECT_FALSE(g.in_use(g.members()[0]));
    EXPECT_TRUE(g.in_use(g.members()[1]));
    EXPECT_EQ(g.find("a"), std::nullopt);
}

TEST(Group, DividesItsTableWithoutLosingWhatItKnows) {
    Group g = up(both_families(false));
    g.set_config(both_families(true));
    EXPECT_TRUE(g.in_use(g.members()[0], Table::V4));
    g.judge(kBegin);
    EXPECT_TRUE(g.in_use(g.members()[0], Table::V6));
}

}  // namespace
}  // namespace tocsin::control::lag
