// LAGs, RFC 7130: what their members get, what is refused, what a reload does.

#include "control/config/diff.hpp"
#include "control/config/session_identity.hpp"
#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

std::string member_port(const std::string& name, int number) {
    return "[[port]]\nname = \"" + name + "\"\ndevice = \"net_tap" + std::to_string(number) +
           "\"\n";
}
const std::string kMembers = member_port("m1", 1) + member_port("m2", 2) + kProfile;
constexpr const char* kEnds = "local = [\"192.0.2.1\"]\nremote = [\"192.0.2.2\"]\n";
constexpr const char* kBothPorts = "members = [\"m1\", \"m2\"]\n";

std::string lag_table(const std::string& keys, const std::string& name = "lag1") {
    return "[[lag]]\nname = \"" + name + "\"\n" + keys + '\n';
}
/// A LAG of both members and IPv4.
std::string lag(const std::string& keys = {}) {
    return kMembers + lag_table(std::string{kBothPorts} + kEnds + keys);
}
Lag lag_of(const std::string& toml) {
    const Config config = load(toml);
    EXPECT_EQ(config.lags.size(), 1U);
    return config.lags.empty() ? Lag{} : config.lags.front();
}

// req: RFC7130-2-01 RFC7130-2.1-01 RFC7130-2.2-01
TEST(LagConfig, HasASessionForEachMember) {
    const Config config = load(lag());
    ASSERT_EQ(config.sessions.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        const Session& s = config.sessions[i];
        const std::string port = i == 0 ? "m1" : "m2";
        EXPECT_EQ(s.type, SessionType::Micro);
        EXPECT_EQ(s.name, "lag1." + port + ".ipv4");
        EXPECT_EQ(s.port, port);
        EXPECT_EQ(s.local, ip("192.0.2.1"));
        EXPECT_EQ(s.remote, ip("192.0.2.2"));
        EXPECT_EQ(s.parameters.min_ttl, 255);
        EXPECT_EQ(s.parameters.required_min_echo_rx_interval, WireInterval{0});
        EXPECT_FALSE(s.parameters.demand_mode);
        EXPECT_FALSE(s.on_request);
    }
}

// req: RFC7130-2.3-07 RFC7130-2.3-14 RFC7130-A-07
TEST(LagConfig, HasDefaults) {
    const Lag l = lag_of(lag());
    EXPECT_EQ(l.members, (std::vector<std::string>{"m1", "m2"}));
    EXPECT_EQ(l.minimum_links, 1U);
    EXPECT_FALSE(l.per_family);
    EXPECT_EQ(l.lacp, Lacp::None);
    EXPECT_EQ(l.actuator, LagActuator::Log);
    EXPECT_TRUE(l.assume_active);
    EXPECT_EQ(l.up_timeout, 60s);
    EXPECT_FALSE(l.take_out_last);
    EXPECT_EQ(load(lag()).sessions.front().frames, MemberFrames{});
}

// req: RFC7130-2.1-02 RFC7130-2.1-03
TEST(LagConfig, HasEachFamilyOnEveryMember) {
    const Config config = load(kMembers + lag_table(std::string{kBothPorts} +
                                                    "local = [\"192.0.2.1\", \"2001:db8::1\"]\n"
                                                    "remote = [\"2001:db8::2\", \"192.0.2.2\"]\n"));
    ASSERT_EQ(config.sessions.size(), 4U);
    EXPECT_EQ(config.sessions[0].name, "lag1.m1.ipv4");
    EXPECT_EQ(config.sessions[1].name, "lag1.m1.ipv6");
    EXPECT_EQ(config.sessions[1].local, ip("2001:db8::1"));
    EXPECT_EQ(config.sessions[1].remote, ip("2001:db8::2"));
    EXPECT_EQ(config.sessions[3].name, "lag1.m2.ipv6");
}

// req: RFC7130-2.1-03
TEST(LagConfig, RefusesAFamilyOfOneMemberAlone) {
    expect_fault(kMembers + lag_table(std::string{"members = [\"m1\"]\n"} + kEnds +
                                      "[[lag.member]]\nport = \"m2\"\nremote = \"2001:db8::2\"\n"),
                 "lag[0].member[0].remote", "of the LAG");
    expect_fault(kMembers + lag_table(std::string{kBothPorts} + "local = [\"192.0.2.1\"]\n"
                                                                "remote = [\"2001:db8::2\"]\n"),
                 "lag[0].remote", "other families");
}

// req: RFC7130-2.2-08
TEST(LagConfig, MayHaveTimersOfItsOwnForAMember) {
    const Config config =
        load(kMembers + lag_table(std::string{"members = [\"m1\"]\n"} + kEnds +
                                  "desired_min_tx_interval = \"300ms\"\nprofile = \"fast\"\n"
                                  "[[lag.member]]\nport = \"m2\"\n"
                                  "desired_min_tx_interval = \"1s\"\ndetect_mult = 4\n"));
    ASSERT_EQ(config.sessions.size(), 2U);
    EXPECT_EQ(config.sessions[0].parameters.desired_min_tx_interval, 300ms);
    EXPECT_EQ(config.sessions[0].parameters.detect_mult, 5);
    EXPECT_EQ(config.sessions[1].parameters.desired_min_tx_interval, 1s);
    EXPECT_EQ(config.sessions[1].parameters.required_min_rx_interval, 40ms);
    EXPECT_EQ(config.sessions[1].parameters.detect_mult, 4);
}

// req: RFC7130-2.3-11 RFC7130-2.3-15
TEST(LagConfig, SaysHowFramesAreAddressed) {
    const Config config = load(lag("destination_mac = \"learned\"\npriority_tag = 6\n"));
    EXPECT_EQ(config.sessions[1].frames,
              (MemberFrames{.learns_mac = true, .tagged = true, .priority = 6}));
    expect_fault(lag("destination_mac = \"peer\"\n"), "lag[0].destination_mac", "dedicated");
    expect_fault(lag("priority_tag = 8\n"), "lag[0].priority_tag", "0..7");
}

// req: RFC7130-A-06
TEST(LagConfig, CanTurnTheTimeoutOff) {
    EXPECT_EQ(lag_of(lag("up_timeout = \"0s\"\n")).up_timeout, 0s);
    expect_fault(lag("up_timeout = \"25h\"\n"), "lag[0].up_timeout", "unit");
    expect_fault(lag("up_timeout = \"100000s\"\n"), "lag[0].up_timeout", "out of range");
}

TEST(LagConfig, HasSessionsOnRequestWhereThereIsLacp) {
    const Config config = load(lag("lacp = \"api\"\n"));
    EXPECT_EQ(config.lags.front().lacp, Lacp::Api);
    EXPECT_TRUE(config.sessions[0].on_request && config.sessions[1].on_request);
}

// req: RFC7130-2.2-03 RFC7130-2.2-04
TEST(LagConfig, HasNeitherDemandModeNorEcho) {
    expect_fault(lag("demand_mode = true\n"), "lag[0].demand_mode", "RFC 7130 2.2");
    expect_fault(lag("required_min_echo_rx_interval = \"50ms\"\n"),
                 "lag[0].required_min_echo_rx_interval", "RFC 7130 2.2");
    expect_fault(lag("desired_min_echo_tx_interval = \"50ms\"\n"),
                 "lag[0].desired_min_echo_tx_interval", "RFC 7130 2.2");
    expect_fault(lag("profile = \"d\"\n") +
                     "[[profile]]\nname = \"d\"\nrequired_min_echo_rx_interval = \"50ms\"\n",
                 "lag[0].profile", "RFC 7130 2.2");
}

// req: RFC7130-2.2-21
TEST(LagConfig, NeedsBothEnds) {
    expect_fault(kMembers + lag_table(std::string{kBothPorts} + "local = [\"192.0.2.1\"]\n"),
                 "lag[0].remote", "is missing");
    expect_fault(kMembers + lag_table(std::string{kBothPorts} + "remote = [\"192.0.2.1\"]\n"),
                 "lag[0].local", "is missing");
    expect_fault(kMembers + lag_table(std::string{kBothPorts} + "local = [\"192.0.2.1\"]\n"
                                                                "remote = [\"192.0.2.1\"]\n"),
                 "lag[0].remote", "local as well");
    expect_fault(kMembers + lag_table(std::string{kBothPorts} + "local = [\"192.0.2.1\"]\n"
                                                                "remote = [\"224.0.0.1\"]\n"),
                 "lag[0].remote", "multicast");
    expect_fault(
        kMembers + lag_table(std::string{kBothPorts} + "local = [\"192.0.2.1\", \"192.0.2.3\"]\n"
                                                       "remote = [\"192.0.2.2\"]\n"),
        "lag[0].local", "one family");
}

// req: RFC7130-2.1-04
TEST(LagConfig, HasEachPortInOneLagOnce) {
    expect_fault(kMembers + lag_table(std::string{"members = [\"m1\", \"m1\"]\n"} + kEnds),
                 "lag[0].members", "already a member");
    expect_fault(lag() + lag_table(std::string{"members = [\"m2\"]\n"} + kEnds, "lag2"),
                 "lag[1].members", "already a member of lag[0]");
    expect_fault(lag() + lag_table(std::string{"members = [\"m3\"]\n"} + kEnds, "lag2"),
                 "lag[1].members", "\"m3\"");
}

// req: RFC7130-2.3-14
TEST(LagConfig, HasDevicesForMembersAndNoVlans) {
    expect_fault(kMembers + "[[port]]\nname = \"v\"\nparent = \"m1\"\nvlan = [100]\n" +
                     lag_table(std::string{"members = [\"m2\", \"v\"]\n"} + kEnds),
                 "lag[0].members", "VLAN of m1");
}

TEST(LagConfig, RefusesWhatCannotBe) {
    expect_fault(kMembers + lag_table(kEnds), "lag[0].members", "is missing");
    expect_fault(lag("minimum_links = 3\n"), "lag[0].minimum_links", "2 members");
    expect_fault(lag("actuator = \"bond\"\n"), "lag[0].actuator", "\"log\"");
    expect_fault(lag("lacp = \"passive\"\n"), "lag[0].lacp", "\"api\"");
    expect_fault(lag("minimum_link = 1\n"), "lag[0].minimum_link", "minimum_links");
    expect_fault(kMembers + "[[lag]]\n" + kBothPorts + kEnds, "lag[0].name", "is missing");
    expect_fault(kMembers + member_port("m3", 3) + lag_table(std::string{kBothPorts} + kEnds) +
                     lag_table(std::string{"members = [\"m3\"]\n"} + kEnds),
                 "lag[1].name", "already the name of lag[0]");
}

// req: RFC7130-4-01
TEST(LagConfig, LeavesRoomForASingleHopSessionOfTheSamePeer) {
    const Config config = load(kPort + member_port("m1", 1) +
                               lag_table(std::string{"members = [\"wan0\", \"m1\"]\n"} + kEnds) +
                               "[[session]]\nremote = \"192.0.2.2\"\nport = \"wan0\"\n");
    EXPECT_EQ(config.sessions.size(), 3U);
    const Config same = config;
    EXPECT_EQ(diff(config, same).unchanged, 3U);
}

TEST(LagDiff, ChangesAddressesAndFramesWithoutASessionEnding) {
    const Config running = load(lag());
    const Config wanted =
        load(kMembers + lag_table(std::string{kBothPorts} + "local = [\"192.0.2.7\"]\n"
                                                            "remote = [\"192.0.2.8\"]\n"
                                                            "destination_mac = \"learned\"\n"));
    const Diff d = diff(running, wanted);
    ASSERT_EQ(d.changed.size(), 2U);
    EXPECT_TRUE(d.added.empty() && d.removed.empty() && d.deferred.empty());
    EXPECT_FALSE(d.changed[0].must_be_recreated);
    EXPECT_EQ(d.changed[0].members,
              (std::vector<std::string>{"remote", "local", "destination_mac"}));
}

TEST(LagDiff, AddsAndRemovesMembers) {
    const auto with = [](const char* member) {
        return load(kMembers + lag_table("members = [\"" + std::string{member} + "\"]\n" + kEnds));
    };
    const Diff d = diff(with("m1"), with("m2"));
    ASSERT_EQ(d.added.size(), 1U);
    ASSERT_EQ(d.removed.size(), 1U);
    EXPECT_EQ(d.added[0].port, "m2");
    EXPECT_EQ(d.removed[0].port, "m1");
}

TEST(LagDiff, LeavesMembersOfNewPortsForTheNextStart) {
    const Config running = load(member_port("m1", 1) + kProfile +
                                lag_table(std::string{"members = [\"m1\"]\n"} + kEnds));
    const Diff d = diff(running, load(lag()));
    ASSERT_EQ(d.deferred.size(), 1U);
    EXPECT_EQ(d.deferred[0].port, "m2");
    EXPECT_EQ(d.unchanged, 1U);
}

}  // namespace
}  // namespace tocsin::control::config
