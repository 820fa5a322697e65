#include "control/config/notification_rules.hpp"

#include "control/config/session_rules.hpp"
#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

std::string peer(const std::string& rest) {
    return kBase + "[[session]]\nremote=\"192.0.2.2\"\n" + rest + "\n";
}
std::string profile(const std::string& rest) {
    return kBase + "[[profile]]\nname=\"calm\"\n" + rest + "\n";
}
notify::Policy policy_of(const std::string& toml) { return load(toml).sessions.at(0).notification; }

TEST(Notification, IsAtOnceUnlessAskedOtherwise) {
    EXPECT_FALSE(policy_of(peer("")).active());
    EXPECT_FALSE(load(peer("")).sessions.at(0).interval_alignment);
}

TEST(Notification, IsReadWithDefaults) {
    const notify::Policy p =
        policy_of(peer("up_hold = \"2s\"\ndown_hold = \"50ms\"\ndampening = {}"));
    EXPECT_EQ(p.up_hold, 2s);
    EXPECT_EQ(p.down_hold, 50ms);
    EXPECT_EQ(p.dampening.half_life, 5s);
    EXPECT_EQ(p.dampening.suppress, 2000U);
    EXPECT_EQ(p.dampening.reuse, 1000U);
    EXPECT_EQ(p.dampening.max_suppress, 20s);
    EXPECT_EQ(p.dampening.penalty, 1000U);
}

TEST(Notification, TheLongestSuppressionFollowsTheHalfLife) {
    EXPECT_EQ(policy_of(peer("dampening = { half_life = \"15s\" }")).dampening.max_suppress, 60s);
    EXPECT_EQ(policy_of(peer("dampening = { half_life = \"15s\", max_suppress = \"20s\" }"))
                  .dampening.max_suppress,
              20s);
}

TEST(Notification, OfTheSessionGoesBeforeThatOfTheProfile) {
    const std::string calm = profile(
        "up_hold = \"9s\"\ninterval_alignment = true\ndampening = { suppress = 5000, "
        "max_suppress = \"60s\" }");
    const Config inherited = load(calm + "[[session]]\nremote=\"192.0.2.2\"\nprofile=\"calm\"\n");
    EXPECT_EQ(inherited.sessions.at(0).notification.up_hold, 9s);
    EXPECT_EQ(inherited.sessions.at(0).notification.dampening.suppress, 5000U);
    EXPECT_TRUE(inherited.sessions.at(0).interval_alignment);
    const Config own = load(calm +
                            "[[session]]\nremote=\"192.0.2.2\"\nprofile=\"calm\"\nup_hold=\"0s\"\n"
                            "interval_alignment=false\ndampening = { enabled = false }\n");
    EXPECT_FALSE(own.sessions.at(0).notification.active());
    EXPECT_FALSE(own.sessions.at(0).interval_alignment);
}

TEST(Notification, FaultsNameTheKey) {
    expect_fault(peer("up_hold = \"1500us\""), "session[0].up_hold", "whole milliseconds");
    expect_fault(peer("up_hold = \"86401s\""), "session[0].up_hold", "0s..86400s");
    expect_fault(peer("down_hold = \"601s\""), "session[0].down_hold", "out of range");
    expect_fault(profile("down_hold = \"601s\""), "profile[1].down_hold", "out of range");
    expect_fault(peer("dampening = { half_life = \"50ms\" }"), "session[0].dampening.half_life",
                 "100ms..3600s");
    expect_fault(peer("dampening = { penalty = 0 }"), "session[0].dampening.penalty", "1..1000000");
    expect_fault(peer("dampening = { suppress = 1000001 }"), "session[0].dampening.suppress",
                 "1..1000000");
    expect_fault(peer("dampening = { reuse = 2000 }"), "session[0].dampening.reuse",
                 "not below suppress");
    expect_fault(peer("dampening = { max_suppress = \"4s\" }"), "session[0].dampening.max_suppress",
                 "too short");
    expect_fault(profile("dampening = { reuse = 3000 }"), "profile[1].dampening.reuse",
                 "not below suppress");
    expect_fault(peer("dampening = { halflife = \"5s\" }"), "session[0].dampening.halflife",
                 "did you mean \"half_life\"");
    expect_fault(peer("dampening = true"), "session[0].dampening", "table");
}

TEST(Notification, ADraftOfItReadsAsTheSame) {
    for (const char* const text :
         {"", "up_hold = \"2s\"", "dampening = { suppress = 3000, penalty = 700 }"}) {
        const Config config = load(peer(text));
        const auto again =
            validate_session(draft_of(config.sessions.at(0)), config.ports, config.profiles);
        ASSERT_TRUE(again.ok());
        EXPECT_EQ(again.session, config.sessions.at(0));
    }
}

}  // namespace
}  // namespace tocsin::control::config
