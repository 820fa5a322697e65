// Multihop sessions, RFC 5883: which port and address they get, what is refused, what a reload
// does.

#include "control/config/diff.hpp"
#include "control/config/multihop_path.hpp"
#include "control/config/session_rules.hpp"
#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

/// Two ports with default routes of each family on the first, and longer ones on the second.
const std::string kRouted = kPort +
                            "[[port.route]]\nto = \"0.0.0.0/0\"\nvia = \"192.0.2.254\"\n"
                            "[[port.route]]\nto = \"::/0\"\nvia = \"fe80::fe\"\n"
                            "[[port]]\nname = \"core0\"\ndevice = \"net_tap1\"\n"
                            "addresses = [\"198.51.100.1/24\", \"2001:db8:1::1/64\"]\n"
                            "[[port.route]]\nto = \"203.0.113.0/24\"\nvia = \"198.51.100.254\"\n"
                            "[[port.route]]\nto = \"2001:db8:2::/48\"\nvia = \"2001:db8:1::fe\"\n" +
                            kProfile;

std::string multihop(const std::string& keys) {
    return kRouted + "[[session]]\ntype = \"multihop\"\n" + keys + '\n';
}

Session session(const std::string& keys) { return load(multihop(keys)).sessions.at(0); }

TEST(Multihop, LeavesByThePortWithTheLongestMatch) {
    EXPECT_EQ(session("remote = \"203.0.113.9\"").port, "core0");
    EXPECT_EQ(session("remote = \"203.0.114.9\"").port, "wan0");
    EXPECT_EQ(session("remote = \"2001:db8:2::9\"").port, "core0");
    EXPECT_EQ(session("remote = \"2001:db8:3::9\"").port, "wan0");
    EXPECT_EQ(session("remote = \"198.51.100.7\"").port, "core0");  // connected
    EXPECT_EQ(session("remote = \"203.0.113.9\"\nport = \"wan0\"").port, "wan0");
}

TEST(Multihop, SpeaksFromTheAddressTowardsTheNextHop) {
    EXPECT_EQ(session("remote = \"203.0.113.9\"").local, ip("198.51.100.1"));
    EXPECT_EQ(session("remote = \"203.0.114.9\"").local, ip("192.0.2.1"));
    EXPECT_EQ(session("remote = \"2001:db8:2::9\"").local, ip("2001:db8:1::1"));
    EXPECT_EQ(session("remote = \"2001:db8:3::9\"").local, ip("2001:db8::1"));
}

TEST(Multihop, MaySpeakFromTheAddressOfAnotherPort) {
    const Session s = session("remote = \"203.0.113.9\"\nlocal = \"192.0.2.1\"");
    EXPECT_EQ(s.port, "core0");
    EXPECT_EQ(s.local, ip("192.0.2.1"));
}

// req: RFC5883-3-01 RFC5883-3-02
TEST(Multihop, HasValuesOfItsOwnForWhatIsNotGiven) {
    const Session s = session("remote = \"203.0.113.9\"");
    EXPECT_EQ(s.type, SessionType::MultiHop);
    EXPECT_EQ(s.parameters.min_ttl, 254);
    EXPECT_TRUE(s.parameters.match_source);
    EXPECT_EQ(s.dscp, 48);
    EXPECT_EQ(s.parameters.required_min_echo_rx_interval.count(), 0U);
    const Session single = load(kBase + "[[session]]\nremote = \"192.0.2.2\"\n").sessions.at(0);
    EXPECT_EQ(single.parameters.min_ttl, 255);
    EXPECT_FALSE(single.parameters.match_source);
    EXPECT_FALSE(session("remote = \"203.0.113.9\"\nmatch_source = false").parameters.match_source);
}

// req: RFC5883-3-01 RFC5883-3-02
TEST(Multihop, RefusesEcho) {
    for (const char* const key :
         {"desired_min_echo_tx_interval", "required_min_echo_rx_interval"}) {
        expect_fault(multihop("remote = \"203.0.113.9\"\n" + std::string{key} + " = \"50ms\""),
                     "session[0]." + std::string{key}, "RFC 5883 3");
        EXPECT_EQ(session("remote = \"203.0.113.9\"\n" + std::string{key} + " = \"0s\"")
                      .parameters.required_min_echo_rx_interval.count(),
                  0U);
    }
}

TEST(Multihop, TakesEveryLowestTtl) {
    for (const int ttl : {1, 64, 255}) {
        EXPECT_EQ(session("remote = \"203.0.113.9\"\nmin_ttl = " + std::to_string(ttl))
                      .parameters.min_ttl,
                  ttl);
    }
    for (const char* const ttl : {"0", "256", "-1"}) {
        expect_fault(multihop("remote = \"203.0.113.9\"\nmin_ttl = " + std::string{ttl}),
                     "session[0].min_ttl", "1..255");
    }
}

TEST(Multihop, RefusesAddressesThatNoRouterPassesOn) {
    expect_fault(multihop("remote = \"fe80::9\""), "session[0].remote", "link-local");
    expect_fault(multihop("remote = \"2001:db8:2::9\"\nlocal = \"fe80::1\""), "session[0].local",
                 "link-local");
}

TEST(Multihop, RefusesAddressesThatAreNotOursOrAre) {
    expect_fault(multihop("remote = \"203.0.113.9\"\nlocal = \"192.0.2.77\""), "session[0].local",
                 "no address of any port");
    expect_fault(multihop("remote = \"198.51.100.1\""), "session[0].remote",
                 "our own address on port core0");
    expect_fault(multihop("remote = \"203.0.113.9\"\nlocal = \"2001:db8::1\""), "session[0].local",
                 "different families");
    expect_fault(multihop("remote = \"192.0.2.255\"\nport = \"core0\""), "session[0].remote",
                 "no [[port.route]] of port core0");
}

TEST(Multihop, RefusesAPeerThatNothingLeadsTo) {
    expect_fault(kBase + "[[session]]\ntype = \"multihop\"\nremote = \"203.0.113.9\"\n",
                 "session[0].remote", "write a route");
}

TEST(Multihop, AsksForThePortWhenSeveralAreEquallyGood) {
    const std::string two = kPort +
                            "[[port.route]]\nto = \"203.0.113.0/24\"\nvia = \"192.0.2.254\"\n"
                            "[[port]]\nname = \"b\"\ndevice = \"net_tap1\"\n"
                            "addresses = [\"198.51.100.1/24\"]\n"
                            "[[port.route]]\nto = \"203.0.113.0/24\"\nvia = \"198.51.100.254\"\n"
                            "[[session]]\ntype = \"multihop\"\nremote = \"203.0.113.9\"\n";
    expect_fault(two, "session[0].port", "several (wan0, b)");
    EXPECT_EQ(load(two + "port = \"b\"\n").sessions.at(0).local, ip("198.51.100.1"));
}

// req: RFC5883-4.1-01 RFC5883-4.1-02
TEST(Multihop, HasOneSessionForEachPairOfAddresses) {
    const auto with_second = [](const std::string& keys) {
        return multihop("remote = \"203.0.113.9\"\n") + "[[session]]\n" + keys + '\n';
    };
    const std::string type = "type = \"multihop\"\n";
    expect_fault(with_second(type + "remote = \"203.0.113.9\"\nport = \"wan0\"\n"
                                    "local = \"198.51.100.1\""),
                 "session[1].remote", "one multihop session for each pair");
    EXPECT_EQ(
        load(with_second(type + "remote = \"203.0.113.9\"\nlocal = \"192.0.2.1\"")).sessions.size(),
        2U);
    EXPECT_EQ(load(with_second(type + "remote = \"203.0.113.10\"")).sessions.size(), 2U);
    // A connected peer may have a session of each type.
    EXPECT_EQ(load(multihop("remote = \"192.0.2.2\"") + "[[session]]\nremote = \"192.0.2.2\"\n")
                  .sessions.size(),
              2U);
}

TEST(Multihop, IsReadAgainFromItsDraft) {
    const Config c =
        load(multihop("remote = \"203.0.113.9\"\nlocal = \"192.0.2.1\"\n"
                      "min_ttl = 200\nmatch_source = false"));
    const SessionCheck again = validate_session(draft_of(c.sessions[0]), c.ports, {});
    ASSERT_TRUE(again.ok()) << again.faults[0].message;
    EXPECT_EQ(again.session, c.sessions[0]);
}

TEST(Multihop, ChangesTheLowestTtlOfASessionThatStays) {
    const Diff d = diff(load(multihop("remote = \"203.0.113.9\"")),
                        load(multihop("remote = \"203.0.113.9\"\nmin_ttl = 250")));
    ASSERT_EQ(d.changed.size(), 1U);
    EXPECT_EQ(d.changed[0].members, std::vector<std::string>{"min_ttl"});
    EXPECT_FALSE(d.changed[0].must_be_recreated);
}

TEST(Multihop, IsMadeAnewOnAnotherPortOrAddressOrType) {
    const Config before = load(multihop("remote = \"203.0.113.9\""));
    const Diff port = diff(before, load(multihop("remote = \"203.0.113.9\"\nport = \"wan0\"\n"
                                                 "local = \"198.51.100.1\"")));
    ASSERT_EQ(port.changed.size(), 1U);
    EXPECT_TRUE(port.changed[0].must_be_recreated);
    const Diff local =
        diff(before, load(multihop("remote = \"203.0.113.9\"\nlocal = \"192.0.2.1\"")));
    EXPECT_EQ(local.added.size(), 1U);
    EXPECT_EQ(local.removed.size(), 1U);
    const Diff type = diff(load(multihop("remote = \"192.0.2.2\"")),
                           load(kRouted + "[[session]]\nremote = \"192.0.2.2\"\n"));
    EXPECT_EQ(type.added.size(), 1U);
    EXPECT_EQ(type.removed.size(), 1U);
}

// req: RFC5880-7-01
TEST(Multihop, ControlsCongestionUnlessItIsTurnedOff) {
    const std::string peer = "remote = \"203.0.113.9\"\n";
    EXPECT_EQ(session(peer).parameters.congestion_doublings, 4);
    EXPECT_EQ(session(peer + "congestion_control = false").parameters.congestion_doublings, 0);
    const std::string profile = "[[profile]]\nname = \"lossy\"\ncongestion_control = false\n";
    const auto with_profile = [&](const std::string& keys) {
        return load(kRouted + profile + "[[session]]\nprofile = \"lossy\"\n" + keys).sessions.at(0);
    };
    const std::string lossy = "type = \"multihop\"\n" + peer;
    EXPECT_EQ(with_profile(lossy).parameters.congestion_doublings, 0);
    EXPECT_EQ(with_profile(lossy + "congestion_control = true").parameters.congestion_doublings, 4);
    EXPECT_EQ(with_profile("remote = \"192.0.2.2\"").parameters.congestion_doublings, 0);
    expect_fault(kBase + "[[session]]\nremote = \"192.0.2.2\"\ncongestion_control = true\n",
                 "session[0].congestion_control", "multihop and sbfd only");
}

TEST(Multihop, TurnsCongestionControlOffWhileTheSessionStays) {
    const Diff d = diff(load(multihop("remote = \"203.0.113.9\"")),
                        load(multihop("remote = \"203.0.113.9\"\ncongestion_control = false")));
    ASSERT_EQ(d.changed.size(), 1U);
    EXPECT_EQ(d.changed[0].members, std::vector<std::string>{"congestion_control"});
    EXPECT_FALSE(d.changed[0].must_be_recreated);
}

TEST(Multihop, HasRoomForCongestionControlUnlessItIsMuchAndNobodyWantsIt) {
    const std::string many = "[dataplane]\nmax_sessions = 200_000\n";
    const std::string none = "[dataplane]\ncongestion_control = false\n";
    const std::string wants = multihop("remote = \"203.0.113.9\"");
    const std::string does_not = multihop("remote = \"203.0.113.9\"\ncongestion_control = false");
    EXPECT_TRUE(load(kBase).dataplane.congestion_control);
    EXPECT_FALSE(load(many + kBase).dataplane.congestion_control);
    EXPECT_TRUE(load(many + wants).dataplane.congestion_control);
    EXPECT_FALSE(load(many + does_not).dataplane.congestion_control);
    EXPECT_FALSE(load(none + does_not).dataplane.congestion_control);
    expect_fault(none + wants, "dataplane.congestion_control", "leave the key out");
    const Diff d = diff(load(none + does_not), load(wants));
    EXPECT_EQ(d.needs_restart, std::vector<std::string>{"dataplane.congestion_control"});
}

TEST(Multihop, WaitsForARestartWhenTheRouteIsNew) {
    const Config before = load(kBase);
    const Diff d = diff(before, load(multihop("remote = \"203.0.114.9\"")));
    EXPECT_TRUE(d.added.empty());
    ASSERT_EQ(d.deferred.size(), 1U);
}

}  // namespace
}  // namespace tocsin::control::config
