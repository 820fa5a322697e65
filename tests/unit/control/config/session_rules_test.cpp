#include "control/config/session_rules.hpp"

#include "control/config/session_identity.hpp"
#include "fixture.hpp"

#include <limits>

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

class SessionRules : public testing::Test {
protected:
    SessionCheck check(const SessionDraft& draft) {
        return validate_session(draft, config_.ports, config_.profiles);
    }
    void expect_only(const SessionDraft& draft, std::string_view member) {
        const SessionCheck result = check(draft);
        ASSERT_EQ(result.faults.size(), 1U);
        EXPECT_EQ(result.faults[0].member, member);
    }

    Config config_ = load(kBase);
};

TEST_F(SessionRules, GiveThePortsAddressInTheSubnetOfThePeer) {
    EXPECT_EQ(check({.remote = "192.0.2.7"}).session.local, ip("192.0.2.1"));
    EXPECT_EQ(check({.remote = "2001:db8::7"}).session.local, ip("2001:db8::1"));
}

TEST_F(SessionRules, LeaveTheLocalLinkLocalAddressToTheDaemonWhenNoneIsListed) {
    const SessionCheck result = check({.remote = "fe80::7"});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result.session.port, "wan0");
    EXPECT_EQ(result.session.local, IpAddress{});
}

TEST_F(SessionRules, UseAListedLinkLocalAddress) {
    config_.ports[0].addresses.push_back(parse_prefix("fe80::1/64").value());
    EXPECT_EQ(check({.remote = "fe80::7"}).session.local, ip("fe80::1"));
    EXPECT_TRUE(check({.remote = "fe80::7", .local = "fe80::1"}).ok());
    expect_only({.remote = "2001:db8::7", .local = "fe80::1"}, "local");
    expect_only({.remote = "fe80::7", .local = "2001:db8::1"}, "local");
}

TEST_F(SessionRules, RefuseALocalAddressOfAnotherSubnetOfThePort) {
    config_.ports[0].addresses.push_back(parse_prefix("198.51.100.1/24").value());
    expect_only({.remote = "192.0.2.7", .local = "198.51.100.1"}, "local");
    EXPECT_TRUE(check({.remote = "192.0.2.7", .local = "192.0.2.1"}).ok());
}

TEST_F(SessionRules, TakeTheDraftBeforeTheProfileBeforeTheDefault) {
    const SessionCheck result =
        check({.remote = "192.0.2.7", .profile = "fast", .required_min_rx_interval = 7ms});
    EXPECT_EQ(result.session.parameters.desired_min_tx_interval, 50ms);
    EXPECT_EQ(result.session.parameters.required_min_rx_interval, 7ms);
    EXPECT_EQ(result.session.parameters.detect_mult, 5);
    EXPECT_EQ(check({.remote = "192.0.2.7"}).session.parameters.detect_mult, kDefaultDetectMult);
}

TEST_F(SessionRules, ReportEveryMemberAtOnce) {
    const SessionCheck result = check({.name = "a b",
                                       .remote = "224.0.0.1",
                                       .port = "nowhere",
                                       .profile = "none",
                                       .desired_min_tx_interval = 0us,
                                       .detect_mult = 0,
                                       .dscp = 64});
    std::vector<std::string_view> members;
    for (const MemberFault& fault : result.faults) members.push_back(fault.member);
    std::ranges::sort(members);
    EXPECT_EQ(members,
              (std::vector<std::string_view>{"desired_min_tx_interval", "detect_mult", "dscp",
                                             "name", "port", "profile", "remote"}));
}

// req: RFC5880-2-01
TEST_F(SessionRules, AcceptOnlyUnicastPeers) {
    for (const char* group : {"224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1", "255.255.255.255"}) {
        expect_only({.remote = group}, "remote");
        expect_only({.remote = group, .port = "wan0"}, "remote");
    }
}

// req: RFC5880-4.1-18
TEST_F(SessionRules, NeverAcceptADesiredMinTxIntervalOfZero) {
    expect_only({.remote = "192.0.2.7", .desired_min_tx_interval = 0us}, "desired_min_tx_interval");
    EXPECT_TRUE(check({.remote = "192.0.2.7", .desired_min_tx_interval = 1ms}).ok());
}

TEST_F(SessionRules, RefuseIntervalsThatTheTimersCannotKeep) {
    expect_only({.remote = "192.0.2.7", .desired_min_tx_interval = 999us},
                "desired_min_tx_interval");
    expect_only({.remote = "192.0.2.7", .required_min_rx_interval = 999us},
                "required_min_rx_interval");
    EXPECT_TRUE(check({.remote = "192.0.2.7", .required_min_rx_interval = 1ms}).ok());
    expect_only({.remote = "192.0.2.7", .required_min_rx_interval = 0us},
                "required_min_rx_interval");
}

// req: RFC5880-6.8.1-17
TEST_F(SessionRules, NeverAcceptADetectMultOfZero) {
    expect_only({.remote = "192.0.2.7", .detect_mult = 0}, "detect_mult");
    expect_only({.remote = "192.0.2.7", .detect_mult = 256}, "detect_mult");
    EXPECT_TRUE(check({.remote = "192.0.2.7", .detect_mult = 1}).ok());
    EXPECT_TRUE(check({.remote = "192.0.2.7", .detect_mult = 255}).ok());
}

TEST_F(SessionRules, SurviveExtremeNumbers) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
    for (const std::int64_t value : {kMost, kLeast}) {
        EXPECT_EQ(check({.remote = "192.0.2.7",
                         .desired_min_tx_interval = std::chrono::microseconds{value},
                         .required_min_rx_interval = std::chrono::microseconds{value},
                         .detect_mult = value,
                         .min_ttl = value,
                         .dscp = value})
                      .faults.size(),
                  5U);
    }
}

TEST_F(SessionRules, ReadBackTheDraftOfASession) {
    const Session session = check({.name = "rr1",
                                   .remote = "192.0.2.7",
                                   .profile = "fast",
                                   .dscp = 10,
                                   .passive = true,
                                   .match_source = true,
                                   .follow_link = false,
                                   .admin_down = true})
                                .session;
    EXPECT_EQ(check(draft_of(session)).session, session);
}

TEST_F(SessionRules, TellsSessionsOfOnePortApartByPeer) {
    const Session a = check({.remote = "192.0.2.7"}).session;
    const Session b = check({.remote = "192.0.2.8"}).session;
    EXPECT_NE(identity(a, config_.ports), identity(b, config_.ports));
    config_.ports[0].point_to_point = true;
    EXPECT_EQ(identity(a, config_.ports), identity(b, config_.ports));
    const Session other_family = check({.remote = "2001:db8::7"}).session;
    EXPECT_NE(identity(a, config_.ports), identity(other_family, config_.ports));
}

}  // namespace
}  // namespace tocsin::control::config
