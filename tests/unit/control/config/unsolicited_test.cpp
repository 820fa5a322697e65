// [[unsolicited]] and [unsolicited_defaults], RFC 9468 4.

#include "dataplane/bfd/auth.hpp"
#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecondPort =
    "[[port]]\nname=\"b\"\ndevice=\"net_tap9\"\naddresses=[\"203.0.113.1/24\"]\n";

/// A policy for the port of the fixture.
std::string policy(const std::string& keys) {
    return kBase + "[[unsolicited]]\nport=\"wan0\"\n" + keys;
}

std::string enabled(const std::string& keys) {
    return policy("enabled=true\nallow=[\"192.0.2.0/24\"]\n" + keys);
}

Unsolicited only(const std::string& toml) {
    const Config config = load(toml);
    EXPECT_EQ(config.unsolicited.size(), 1U);
    return config.unsolicited.empty() ? Unsolicited{} : config.unsolicited.front();
}

// req: RFC9468-4.2-01 RFC9468-4.2-02 RFC9468-2-01
TEST(UnsolicitedConfig, AnEntryWithoutValuesIsOffAndHasTheDefaultsOfTheRfc) {
    const Unsolicited p = only(policy(""));
    EXPECT_FALSE(p.enabled);
    EXPECT_EQ(p.parameters.detect_mult, 3);
    EXPECT_EQ(p.parameters.desired_min_tx_interval, 1s);
    EXPECT_EQ(p.parameters.required_min_rx_interval, 1s);
    EXPECT_TRUE(p.parameters.passive);
    EXPECT_EQ(p.auth.type, bfd::AuthType::None);
    EXPECT_EQ(p.max_sessions, 256U);
    EXPECT_EQ(p.linger, 60s);
}

// req: RFC9468-4.1-01 RFC9468-4.1-02 RFC9468-4.1-03
TEST(UnsolicitedConfig, ValuesOfAPortComeBeforeThoseOfAllPorts) {
    const Config config = load(kBase + kSecondPort +
                               "[unsolicited_defaults]\nmin_interval=\"50ms\"\ndetect_mult=2\n"
                               "[[unsolicited]]\nport=\"wan0\"\nmin_interval=\"250ms\"\n"
                               "detect_mult=3\n[[unsolicited]]\nport=\"b\"\n");
    ASSERT_EQ(config.unsolicited.size(), 2U);
    const bfd::SessionParameters& own = config.unsolicited[0].parameters;
    EXPECT_EQ(own.desired_min_tx_interval, 250ms);
    EXPECT_EQ(own.required_min_rx_interval, 250ms);
    EXPECT_EQ(own.detect_mult, 3);
    const bfd::SessionParameters& inherited = config.unsolicited[1].parameters;
    EXPECT_EQ(inherited.desired_min_tx_interval, 50ms);
    EXPECT_EQ(inherited.required_min_rx_interval, 50ms);
    EXPECT_EQ(inherited.detect_mult, 2);
}

// req: RFC9468-4.2-03
TEST(UnsolicitedConfig, EachValueThatIsLeftOutIsInheritedByItself) {
    const Unsolicited p = only(kBase +
                               "[unsolicited_defaults]\nmin_interval=\"70ms\"\ndetect_mult=9\n"
                               "[[unsolicited]]\nport=\"wan0\"\ndetect_mult=4\n"
                               "required_min_rx_interval=\"80ms\"\n");
    EXPECT_EQ(p.parameters.desired_min_tx_interval, 70ms);
    EXPECT_EQ(p.parameters.required_min_rx_interval, 80ms);
    EXPECT_EQ(p.parameters.detect_mult, 4);
}

// req: RFC9468-2-04 RFC9468-2-05 RFC9468-2-06
TEST(UnsolicitedConfig, AProfileLiesBetweenThePolicyAndTheDefaults) {
    const Unsolicited p = only(kBase +
                               "[unsolicited_defaults]\nmin_interval=\"70ms\"\ndetect_mult=9\n"
                               "[[unsolicited]]\nport=\"wan0\"\nprofile=\"fast\"\n"
                               "desired_min_tx_interval=\"60ms\"\n");
    EXPECT_EQ(p.parameters.desired_min_tx_interval, 60ms);
    EXPECT_EQ(p.parameters.required_min_rx_interval, 40ms);
    EXPECT_EQ(p.parameters.detect_mult, 5);
    EXPECT_EQ(p.profile, "fast");
}

TEST(UnsolicitedConfig, TakesOverWhatOnlyAProfileSays) {
    const std::string profile =
        "[[profile]]\nname=\"careful\"\npadded_pdu_size=1400\ninterval_alignment=true\n"
        "up_hold=\"5s\"\ndown_hold=\"200ms\"\ndampening={half_life=\"7s\"}\n"
        "required_min_echo_rx_interval=\"50ms\"\ndemand_mode=true\ndemand_poll_interval=\"2s\"\n";
    const Unsolicited p = only(policy("profile=\"careful\"\n") + profile);
    EXPECT_EQ(p.padded_pdu_size, 1400);
    EXPECT_TRUE(p.interval_alignment);
    EXPECT_EQ(p.notification.up_hold, 5s);
    EXPECT_EQ(p.notification.down_hold, 200ms);
    EXPECT_EQ(p.notification.dampening.half_life, 7s);
    EXPECT_EQ(p.parameters.required_min_echo_rx_interval, 50ms);
    EXPECT_TRUE(p.parameters.demand_mode);
    EXPECT_EQ(p.parameters.demand_poll_interval, 2s);
    const Unsolicited none = only(policy("") + profile);
    EXPECT_EQ(none.padded_pdu_size, 0);
    EXPECT_FALSE(none.interval_alignment);
    EXPECT_FALSE(none.notification.active());
}

// req: RFC9468-4.2-04
TEST(UnsolicitedConfig, IntervalsAreThirtyTwoBitsOfMicroseconds) {
    EXPECT_EQ(only(policy("min_interval=\"4294967295us\"")).parameters.desired_min_tx_interval,
              WireInterval{4'294'967'295U});
    expect_fault(policy("min_interval=\"4294967296us\""), "unsolicited[0].min_interval",
                 "out of range");
}

// req: RFC9468-6.1-03
TEST(UnsolicitedConfig, NetworksAndHostsMayBeNamed) {
    const Unsolicited p =
        only(policy("enabled=true\nallow=[\"192.0.2.0/25\",\"192.0.2.200\",\"fe80::/"
                    "10\"]\ndeny=[\"192.0.2.9\"]"));
    ASSERT_EQ(p.allow.size(), 3U);
    EXPECT_EQ(p.allow[0].length, 25);
    EXPECT_EQ(p.allow[1].length, 32);
    EXPECT_EQ(p.allow[2].length, 10);
    ASSERT_EQ(p.deny.size(), 1U);
    EXPECT_EQ(p.deny[0].length, 32);
}

TEST(UnsolicitedConfig, MistakesAreToldWhereTheyAre) {
    expect_fault(kBase + "[[unsolicited]]\nenabled=false\n", "unsolicited[0].port", "is missing");
    expect_fault(kBase + "[[unsolicited]]\nport=\"wan1\"\n", "unsolicited[0].port",
                 "did you mean \"wan0\"");
    expect_fault(policy("") + "[[unsolicited]]\nport=\"wan0\"\n", "unsolicited[1].port",
                 "already the port of unsolicited[0]");
    expect_fault(policy("enabled=true"), "unsolicited[0].allow", "is missing");
    expect_fault(policy("enabled=true\nallow=[]"), "unsolicited[0].allow", "0.0.0.0/0");
    expect_fault(policy("allow=[\"192.0.2.1/24\"]"), "unsolicited[0].allow[0]",
                 "write \"192.0.2.0/24\"");
    expect_fault(policy("deny=[\"x\"]"), "unsolicited[0].deny[0]", "neither");
    expect_fault(policy("profile=\"fats\""), "unsolicited[0].profile", "did you mean \"fast\"");
    expect_fault(policy("max_sessions=0"), "unsolicited[0].max_sessions", "1..");
    expect_fault(policy("linger=\"3601s\""), "unsolicited[0].linger", "out of range");
    expect_fault(policy("detect_mult=0"), "unsolicited[0].detect_mult", "1..255");
    expect_fault(policy("min_interval=\"1s\"\ndesired_min_tx_interval=\"1s\""),
                 "unsolicited[0].min_interval", "either it or those");
    expect_fault(policy("alow=[]"), "unsolicited[0].alow", "allow");
    expect_fault(kBase + "[unsolicited_defaults]\nallow=[]\n", "unsolicited_defaults.allow", "");
}

TEST(UnsolicitedConfig, APointToPointPortHasNone) {
    expect_fault(kBase +
                     "[[port]]\nname=\"p\"\ndevice=\"net_tap9\"\naddresses=[\"203.0.113.1/30\"]\n"
                     "point_to_point=true\n[[unsolicited]]\nport=\"p\"\n",
                 "unsolicited[0].port", "point-to-point");
}

// req: RFC9468-6.1-05
TEST(UnsolicitedConfig, PoliciesAndSessionsOfTheFileFitTogether) {
    const std::string room = "[dataplane]\nmax_sessions=10\n";
    const std::string one = "[[session]]\nremote=\"192.0.2.2\"\n";
    EXPECT_EQ(only(room + enabled("max_sessions=9\n") + one).max_sessions, 9U);
    expect_fault(room + enabled("max_sessions=10\n") + one, "unsolicited[0].max_sessions",
                 "more than dataplane.max_sessions = 10");
}

TEST(UnsolicitedConfig, AuthenticationComesWithTheProfileAndNeedsRoom) {
    const std::string chain =
        "[[profile]]\nname=\"safe\"\nauth={type=\"meticulous_keyed_sha1\",key_chain=\"core\"}\n";
    expect_fault(enabled("profile=\"safe\"\n") + chain, "profile[1].auth.key_chain", "core");
}

}  // namespace
}  // namespace tocsin::control::config
