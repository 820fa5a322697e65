// Sessions in tunnels, RFC 8971 and RFC 9521: what they get, what is refused, what a reload does.

#include "control/config/diff.hpp"
#include "control/config/session_identity.hpp"
#include "control/config/session_rules.hpp"
#include "fixture.hpp"
#include "overlay/vxlan.hpp"

namespace tocsin::control::config {
namespace {

const std::string kTunnelPort = kPort +
                                "[[port.route]]\nto = \"0.0.0.0/0\"\nvia = \"192.0.2.254\"\n"
                                "[[port.route]]\nto = \"::/0\"\nvia = \"fe80::fe\"\n" +
                                kProfile;
constexpr const char* kTo = "remote = \"203.0.113.2\"\n";
constexpr const char* kTo6 = "remote = \"2001:db8:2::2\"\n";
constexpr const char* kMacs =
    "inner_src_mac = \"02:00:00:00:0a:01\"\ninner_dst_mac = \"02:00:00:00:0b:01\"\n";

std::string table(const std::string& type, const std::string& keys) {
    return "[[session]]\ntype = \"" + type + "\"\n" + keys + '\n';
}
std::string vxlan(const std::string& keys) { return kTunnelPort + table("vxlan", keys); }
std::string geneve(const std::string& keys) { return kTunnelPort + table("geneve", keys); }

Session first(const std::string& toml) {
    const Config config = load(toml);
    EXPECT_EQ(config.sessions.size(), 1U);
    return config.sessions.empty() ? Session{} : config.sessions.front();
}
Tunnel tunnel(const std::string& toml) {
    const Session s = first(toml);
    EXPECT_TRUE(s.tunnel);
    return s.tunnel ? *s.tunnel : Tunnel{};
}
MacAddress mac(std::string_view text) { return parse_mac(text).value(); }

// req: RFC8971-3-04 RFC8971-4-04 RFC8971-5-10 RFC8971-5-15 RFC8971-5-17
TEST(VxlanConfig, HasDefaultsForAllButThePeer) {
    const Session s = first(vxlan(kTo));
    EXPECT_EQ(s.type, SessionType::Vxlan);
    EXPECT_EQ(s.port, "wan0");
    EXPECT_EQ(s.local, ip("192.0.2.1"));
    EXPECT_EQ(s.parameters.min_ttl, 255);
    EXPECT_TRUE(s.parameters.match_source);
    const Tunnel& t = *s.tunnel;
    EXPECT_EQ(t.vni, 1U);
    EXPECT_EQ(t.ttl, 64);
    EXPECT_FALSE(t.outer_checksum);
    EXPECT_TRUE(t.ethernet);
    EXPECT_EQ(t.inner_src, ip("192.0.2.1"));
    EXPECT_EQ(t.inner_dst, ip("127.0.0.1"));
    EXPECT_EQ(t.inner_src_mac, MacAddress{});
    EXPECT_EQ(t.inner_dst_mac, mac("00:00:5e:00:52:02"));
    EXPECT_EQ(t.inner_tags.size, 0U);
}

// req: RFC8971-3-04 RFC8971-5-15
TEST(VxlanConfig, SendsToAMappedLoopbackAddressInsideOfIpv6) {
    const Tunnel six = tunnel(vxlan(kTo6));
    EXPECT_EQ(six.inner_src, ip("2001:db8::1"));
    EXPECT_EQ(six.inner_dst, ip("::ffff:127.0.0.1"));
    EXPECT_TRUE(six.outer_checksum);
    const Tunnel mixed = tunnel(vxlan(std::string{kTo} + "inner_src = \"2001:db8::1\""));
    EXPECT_EQ(mixed.inner_dst, ip("::ffff:127.0.0.1"));
    EXPECT_FALSE(mixed.outer_checksum);
}

// req: RFC8971-1-03 RFC8971-4-02 RFC8971-4-03
TEST(VxlanConfig, TakesTheManagementVniWhereNoneIsGiven) {
    const std::string head = "[vxlan]\nmanagement_vni = 77\n";
    EXPECT_EQ(tunnel(head + vxlan(kTo)).vni, 77U);
    EXPECT_EQ(tunnel(head + vxlan(std::string{kTo} + "vni = 16777215")).vni, 16777215U);
    EXPECT_EQ(tunnel(head + vxlan(std::string{kTo} + "vni = 0")).vni, 0U);
    expect_fault("[vxlan]\nmanagement_vni = 16777216\n" + vxlan(kTo), "vxlan.management_vni",
                 "16777216");
    expect_fault(vxlan(std::string{kTo} + "vni = 16777216"), "session[0].vni", "0..16777215");
}

// req: RFC8971-5-09 RFC8971-5-14 RFC8971-5-16
TEST(VxlanConfig, SendsToNoTenant) {
    const auto to = [](const char* dst) {
        return vxlan(std::string{kTo} + "inner_dst = \"" + dst + '"');
    };
    EXPECT_EQ(tunnel(to("127.9.8.7")).inner_dst, ip("127.9.8.7"));
    EXPECT_EQ(tunnel(to("203.0.113.2")).inner_dst, ip("203.0.113.2"));
    for (const char* const tenant : {"10.1.1.1", "203.0.113.3", "192.0.2.1"}) {
        expect_fault(to(tenant), "session[0].inner_dst", "RFC 8971 5");
    }
    expect_fault(to("::1"), "session[0].inner_dst", "loopback");
    expect_fault(to("::ffff:127.0.0.1"), "session[0].inner_dst", "different families");
    expect_fault(to("nobody"), "session[0].inner_dst", "not an IPv4 or IPv6 address");
}

// req: RFC8971-5-17
TEST(VxlanConfig, SendsFromAnAddressOfOurs) {
    expect_fault(vxlan(std::string{kTo} + "inner_src = \"192.0.2.7\""), "session[0].inner_src",
                 "RFC 8971 5");
}

// req: RFC8971-5-11
TEST(VxlanConfig, TakesOtherMacsAndTags) {
    const Tunnel t = tunnel(vxlan(std::string{kTo} + kMacs +
                                  "inner_vlan = [100, 200]\ninner_priority = 5\nttl = 9\n"
                                  "outer_checksum = true"));
    EXPECT_EQ(t.inner_src_mac, mac("02:00:00:00:0a:01"));
    EXPECT_EQ(t.inner_dst_mac, mac("02:00:00:00:0b:01"));
    ASSERT_EQ(t.inner_tags.size, 2U);
    EXPECT_EQ(t.inner_tags.tags[0].tpid, overlay::kEtherTypeQinq);
    EXPECT_EQ(t.inner_tags.tags[0].tci, overlay::tci(5, 100));
    EXPECT_EQ(t.inner_tags.tags[1].tci, overlay::tci(5, 200));
    EXPECT_EQ(t.ttl, 9);
    EXPECT_TRUE(t.outer_checksum);
    EXPECT_EQ(tunnel(vxlan(std::string{kTo} + "inner_vlan = [100]")).inner_tags.tags[0],
              (overlay::VlanTag{.tpid = overlay::kEtherTypeVlan, .tci = overlay::tci(6, 100)}));
}

TEST(VxlanConfig, RefusesWhatDoesNotFit) {
    const auto bad = [](const std::string& keys, const char* member, const char* words) {
        expect_fault(vxlan(std::string{kTo} + keys), std::string{"session[0]."} + member, words);
    };
    bad("inner_dst_mac = \"01:00:5e:00:00:01\"", "inner_dst_mac", "unicast");
    bad("inner_src_mac = \"00:00:00:00:00:00\"", "inner_src_mac", "unicast");
    bad("inner_src_mac = \"02:00\"", "inner_src_mac", "not a MAC address");
    bad("inner_vlan = [4095]", "inner_vlan", "1..4094");
    bad("inner_vlan = [0]", "inner_vlan", "1..4094");
    bad("inner_vlan = [1, 2, 3]", "inner_vlan", "at most two");
    bad("inner_vlan = [1]\ninner_priority = 8", "inner_priority", "0..7");
    bad("inner_priority = 3", "inner_priority", "inner_vlan");
    bad("ttl = 0", "ttl", "1..255");
    bad("payload = \"ip\"", "payload", "geneve");
    bad("match_source = false", "match_source", "not accepted");
    bad("min_ttl = 254", "min_ttl", "255");
    expect_fault(vxlan("remote = \"fe80::2\"\nport = \"wan0\""), "session[0].remote", "link-local");
    expect_fault(kTunnelPort + "[[session]]\nremote = \"192.0.2.2\"\nvni = 7\n", "session[0].vni",
                 "single_hop");
    expect_fault(kTunnelPort + table("multihop", std::string{kTo} + "ttl = 7"), "session[0].ttl",
                 "multihop");
}

// req: RFC8971-7-01 RFC9521-1-02
TEST(TunnelConfig, RefusesEchoAndDemand) {
    const std::string vap = std::string{kTo} + "vni = 1\n" + kMacs;
    for (const auto& toml : {vxlan(kTo), geneve(vap)}) {
        expect_fault(toml + "desired_min_echo_tx_interval = \"50ms\"",
                     "session[0].desired_min_echo_tx_interval", "Echo is not used");
        expect_fault(toml + "required_min_echo_rx_interval = \"50ms\"",
                     "session[0].required_min_echo_rx_interval", "Echo is not used");
        expect_fault(toml + "demand_mode = true\ndemand_poll_interval = \"1s\"",
                     "session[0].demand_mode", "Asynchronous");
        EXPECT_EQ(first(toml + "required_min_echo_rx_interval = \"0s\"")
                      .parameters.required_min_echo_rx_interval.count(),
                  0U);
    }
}

// req: RFC8971-3-02 RFC8971-6-06
TEST(VxlanConfig, HasASessionForEachVniPairAndInnerFamily) {
    const std::string other = table("vxlan", std::string{kTo} + "vni = 200");
    const std::string inner6 = table("vxlan", std::string{kTo} + "inner_src = \"2001:db8::1\"");
    const std::string tagged = table("vxlan", std::string{kTo} + "inner_vlan = [7]");
    EXPECT_EQ(load(vxlan(kTo) + other + inner6 + tagged).sessions.size(), 4U);
    expect_fault(vxlan(kTo) + table("vxlan", std::string{kTo} + "vni = 1"), "session[1].remote",
                 "is already session[0]");
    EXPECT_EQ(load(vxlan(kTo) + table("multihop", kTo)).sessions.size(), 2U);
}

// req: RFC8971-3-01 RFC8971-9-04 RFC9521-6-02
TEST(TunnelConfig, LimitsTheSessionsOfAPair) {
    const std::string two = vxlan(kTo) + table("vxlan", std::string{kTo} + "vni = 2");
    EXPECT_EQ(load("[vxlan]\nsessions_per_pair = 2\n" + two).sessions.size(), 2U);
    expect_fault("[vxlan]\nsessions_per_pair = 1\n" + two, "session[1].remote",
                 "vxlan.sessions_per_pair");
    const std::string vaps = geneve(std::string{kTo} + "vni = 1\n" + kMacs) +
                             table("geneve", std::string{kTo} + "vni = 2\n" + kMacs);
    EXPECT_EQ(load(vaps).sessions.size(), 2U);
    expect_fault("[geneve]\nsessions_per_pair = 1\n" + vaps, "session[1].remote",
                 "geneve.sessions_per_pair");
}

// req: RFC9521-4-07 RFC9521-4-09
TEST(GeneveConfig, HasDefaultsForVapsWithoutAddress) {
    const std::string keys = std::string{kTo} + "vni = 5001\n" + kMacs;
    const Tunnel t = tunnel(geneve(keys));
    EXPECT_EQ(t.vni, 5001U);
    EXPECT_TRUE(t.ethernet);
    EXPECT_EQ(t.inner_src, ip("0.0.0.0"));
    EXPECT_EQ(t.inner_dst, ip("127.0.0.1"));
    EXPECT_EQ(t.inner_src_mac, mac("02:00:00:00:0a:01"));
    EXPECT_EQ(t.inner_dst_mac, mac("02:00:00:00:0b:01"));
    const Tunnel six = tunnel(geneve(keys + "inner_src = \"::\""));
    EXPECT_EQ(six.inner_src, ip("::"));
    EXPECT_EQ(six.inner_dst, ip("::1"));
    EXPECT_EQ(tunnel(geneve(keys + "inner_dst = \"::1\"")).inner_src, ip("::"));
    for (const char* const wrong : {"127.0.0.2", "::ffff:127.0.0.1", "0.0.0.0"}) {
        expect_fault(geneve(keys + "inner_dst = \"" + wrong + '"'), "session[0].inner_dst",
                     "RFC 9521 4");
    }
    expect_fault(geneve(keys + "inner_src = \"127.0.0.1\""), "session[0].inner_src", "loopback");
}

// req: RFC9521-4-04 RFC9521-4-17
TEST(GeneveConfig, RequiresVniAndMacs) {
    expect_fault(geneve(std::string{kTo} + kMacs), "session[0].vni", "is missing");
    const LoadResult result = load_text(geneve(std::string{kTo} + "vni = 1"));
    ASSERT_EQ(result.faults.size(), 2U) << all(result);
    EXPECT_EQ(result.faults[0].path, "session[0].inner_dst_mac");
    EXPECT_EQ(result.faults[1].path, "session[0].inner_src_mac");
}

// req: RFC9521-5-04 RFC9521-3-02
TEST(GeneveConfig, WithIpInsideBothVapsHaveAddresses) {
    const std::string keys = std::string{kTo} + "vni = 1\npayload = \"ip\"\n";
    const std::string both = "inner_src = \"10.1.0.1\"\ninner_dst = \"10.1.0.2\"\n";
    const Tunnel t = tunnel(geneve(keys + both));
    EXPECT_FALSE(t.ethernet);
    EXPECT_EQ(t.inner_src, ip("10.1.0.1"));
    EXPECT_EQ(t.inner_dst, ip("10.1.0.2"));
    EXPECT_EQ(t.inner_src_mac, MacAddress{});
    const LoadResult none = load_text(geneve(keys));
    ASSERT_EQ(none.faults.size(), 2U) << all(none);
    EXPECT_EQ(none.faults[0].path, "session[0].inner_dst");
    EXPECT_EQ(none.faults[1].path, "session[0].inner_src");
    expect_fault(geneve(keys + "inner_src = \"0.0.0.0\"\ninner_dst = \"10.1.0.2\""),
                 "session[0].inner_src", "payload");
    expect_fault(geneve(keys + "inner_src = \"10.1.0.1\"\ninner_dst = \"127.0.0.1\""),
                 "session[0].inner_dst", "loopback");
    expect_fault(geneve(keys + both + "inner_vlan = [7]"), "session[0].inner_vlan", "payload");
    expect_fault(geneve(keys + both + "inner_src_mac = \"02:00:00:00:0a:01\""),
                 "session[0].inner_src_mac", "payload");
    expect_fault(geneve(std::string{kTo} + "vni = 1\npayload = \"pigeon\"\n" + kMacs),
                 "session[0].payload", "pigeon");
}

// req: RFC9521-4.1-06 RFC9521-4.1-07 RFC9521-4.1-09
TEST(GeneveConfig, TellsSessionsApartByTheVaps) {
    const auto vap = [](const std::string& vni, const std::string& own, const std::string& peer,
                        const std::string& more = "") {
        return table("geneve", std::string{kTo} + "vni = " + vni +
                                   "\ninner_src_mac = \"02:00:00:00:0a:0" + own +
                                   "\"\ninner_dst_mac = \"02:00:00:00:0b:0" + peer + "\"\n" + more);
    };
    const std::string one = vap("1", "1", "1");
    EXPECT_EQ(load(kTunnelPort + one + vap("2", "1", "1") + vap("1", "2", "1") +
                   vap("1", "1", "2") + vap("1", "1", "1", "inner_src = \"10.0.0.1\"") +
                   vap("1", "1", "1", "inner_dst = \"10.0.0.2\"") +
                   vap("1", "1", "1", "inner_vlan = [7]"))
                  .sessions.size(),
              7U);
    expect_fault(kTunnelPort + one + one, "session[1].remote", "RFC 9521 4.1");
}

TEST(TunnelConfig, IsDraftedAndReadAgainTheSame) {
    const std::string ports = kTunnelPort;
    for (const std::string& toml :
         {vxlan(kTo), vxlan(std::string{kTo6} + kMacs + "inner_vlan = [7]\nttl = 3"),
          geneve(std::string{kTo} + "vni = 9\n" + kMacs),
          geneve(
              std::string{kTo6} +
              "vni = 9\npayload = \"ip\"\ninner_src = \"10.0.0.1\"\ninner_dst = \"10.0.0.2\"")}) {
        const Config config = load(toml);
        const Session& s = config.sessions.at(0);
        const SessionCheck again = validate_session(draft_of(s), config.ports, config.profiles);
        EXPECT_TRUE(again.ok()) << toml;
        EXPECT_EQ(again.session.tunnel, s.tunnel) << toml;
    }
}

TEST(TunnelConfig, NeedsRoomForLongHeaders) {
    EXPECT_TRUE(load(kBase).dataplane.overlays);
    const std::string many = "[dataplane]\nmax_sessions = 200000\n";
    EXPECT_FALSE(load(many + kBase).dataplane.overlays);
    EXPECT_TRUE(load(many + vxlan(kTo)).dataplane.overlays);
    const std::string off = "[dataplane]\noverlays = false\n";
    EXPECT_FALSE(load(off + vxlan(kTo)).dataplane.overlays);  // over IPv4 it is short
    expect_fault(off + vxlan(kTo6), "dataplane.overlays", "leave the key out");
    expect_fault(off + vxlan(std::string{kTo} + "inner_vlan = [7]"), "dataplane.overlays",
                 "leave the key out");
}

TEST(TunnelConfig, ChangesWhatIsInFrontAndStaysTheSameSession) {
    const Config before = load(vxlan(kTo));
    const Diff headers = diff(before, load(vxlan(std::string{kTo} + "ttl = 3\n" + kMacs)));
    ASSERT_EQ(headers.changed.size(), 1U);
    EXPECT_EQ(headers.changed[0].members, std::vector<std::string>{"tunnel"});
    EXPECT_FALSE(headers.changed[0].must_be_recreated);
    const Diff vni = diff(before, load(vxlan(std::string{kTo} + "vni = 2")));
    EXPECT_EQ(vni.added.size(), 1U);
    EXPECT_EQ(vni.removed.size(), 1U);
    const Diff type = diff(before, load(kTunnelPort + table("multihop", kTo)));
    EXPECT_EQ(type.added.size(), 1U);
    EXPECT_EQ(type.removed.size(), 1U);
    EXPECT_EQ(diff(before, load(vxlan(kTo))).unchanged, 1U);
}

TEST(TunnelConfig, WaitsForARestartThatMakesRoom) {
    const std::string off = "[dataplane]\noverlays = false\n";
    const Diff d =
        diff(load(off + kTunnelPort), load("[dataplane]\noverlays = true\n" + vxlan(kTo6)));
    EXPECT_EQ(d.deferred.size(), 1U);
    EXPECT_EQ(d.needs_restart, std::vector<std::string>{"dataplane.overlays"});
    EXPECT_TRUE(diff(load(vxlan(kTo6)), load(off + kTunnelPort)).needs_restart.empty());
}

TEST(TunnelConfig, IsDescribed) {
    EXPECT_EQ(describe(first(vxlan(kTo))), "203.0.113.2, vxlan VNI 1 from 192.0.2.1");
    EXPECT_EQ(describe(first(geneve(std::string{kTo} + "vni = 9\n" + kMacs))),
              "203.0.113.2, geneve VNI 9 from 192.0.2.1, VAP 0.0.0.0 to 127.0.0.1");
}

}  // namespace
}  // namespace tocsin::control::config
