#include "control/config/diff.hpp"

#include "fixture.hpp"

namespace tocsin::control::config {
namespace {

Config with_sessions(const std::string& sessions) { return load(kBase + sessions); }

const std::string kTwo =
    "[[session]]\nremote = \"192.0.2.2\"\n[[session]]\nremote = \"2001:db8::2\"\n";

TEST(Diff, OfTheSameFileIsEmpty) {
    const Diff result = diff(with_sessions(kTwo), with_sessions(kTwo));
    EXPECT_FALSE(result.changes_sessions());
    EXPECT_EQ(result.unchanged, 2U);
    EXPECT_TRUE(result.deferred.empty());
    EXPECT_TRUE(result.needs_restart.empty());
}

TEST(Diff, FindsAddedAndRemovedSessions) {
    const Diff result =
        diff(with_sessions(kTwo), with_sessions("[[session]]\nremote = \"192.0.2.2\"\n"
                                                "[[session]]\nremote = \"192.0.2.3\"\n"));
    ASSERT_EQ(result.added.size(), 1U);
    EXPECT_EQ(result.added[0].remote, ip("192.0.2.3"));
    ASSERT_EQ(result.removed.size(), 1U);
    EXPECT_EQ(result.removed[0].remote, ip("2001:db8::2"));
    EXPECT_EQ(result.unchanged, 1U);
}

TEST(Diff, DoesNotCareAboutTheOrderOfSessions) {
    const Diff result =
        diff(with_sessions(kTwo),
             with_sessions(
                 "[[session]]\nremote = \"2001:db8::2\"\n[[session]]\nremote = \"192.0.2.2\"\n"));
    EXPECT_FALSE(result.changes_sessions());
}

TEST(Diff, NamesEveryMemberThatChangesInPlace) {
    const Diff result =
        diff(with_sessions("[[session]]\nremote = \"192.0.2.2\"\n"), with_sessions(R"(
[[session]]
remote = "192.0.2.2"
name = "a"
profile = "fast"
passive = true
match_source = true
dscp = 0
follow_link = false
admin_down = true
)"));
    ASSERT_EQ(result.changed.size(), 1U);
    EXPECT_FALSE(result.changed[0].must_be_recreated);
    EXPECT_EQ(result.changed[0].members,
              (std::vector<std::string>{"name", "profile", "desired_min_tx_interval",
                                        "required_min_rx_interval", "detect_mult", "passive",
                                        "match_source", "dscp", "follow_link", "admin_down"}));
    EXPECT_EQ(result.unchanged, 0U);
}

TEST(Diff, FollowsAProfileIntoItsSessions) {
    const std::string session = "[[session]]\nremote = \"192.0.2.2\"\nprofile = \"fast\"\n";
    const Config running = load(kBase + session);
    std::string slower = kBase + session;
    slower.replace(slower.find("50ms"), 4, "90ms");
    const Diff result = diff(running, load(slower));
    ASSERT_EQ(result.changed.size(), 1U);
    EXPECT_EQ(result.changed[0].members, std::vector<std::string>{"desired_min_tx_interval"});
    EXPECT_TRUE(result.needs_restart.empty());
}

TEST(Diff, RecreatesASessionWhoseLocalAddressChanges) {
    Config running = with_sessions("[[session]]\nremote = \"192.0.2.2\"\n");
    running.ports[0].addresses.push_back(parse_prefix("192.0.2.9/24").value());
    Config wanted = running;
    wanted.sessions[0].local = ip("192.0.2.9");
    const Diff result = diff(running, wanted);
    ASSERT_EQ(result.changed.size(), 1U);
    EXPECT_TRUE(result.changed[0].must_be_recreated);
}

TEST(Diff, DefersSessionsThatNeedAPortOrAddressOfTheNextStart) {
    const std::string lan =
        "[[port]]\nname = \"lan\"\ndevice = \"net_tap1\"\naddresses = [\"10.0.0.1/24\"]\n";
    const Config running = load(kBase);
    const Diff new_port = diff(running, load(kBase + lan + "[[session]]\nremote = \"10.0.0.2\"\n"));
    EXPECT_TRUE(new_port.added.empty());
    EXPECT_EQ(new_port.deferred.size(), 1U);
    EXPECT_EQ(new_port.needs_restart, std::vector<std::string>{"port[1]"});

    std::string grown = kBase + "[[session]]\nremote = \"10.0.0.2\"\n";
    grown.replace(grown.find("\"192.0.2.1/24\""), 14, "\"192.0.2.1/24\", \"10.0.0.1/24\"");
    const Diff new_address = diff(running, load(grown));
    EXPECT_TRUE(new_address.added.empty());
    EXPECT_EQ(new_address.deferred.size(), 1U);
    EXPECT_EQ(new_address.needs_restart, std::vector<std::string>{"port[0].addresses"});
}

TEST(Diff, NamesThePortThatIsGone) {
    const std::string lan = "[[port]]\nname = \"lan\"\ndevice = \"net_tap1\"\n";
    EXPECT_EQ(diff(load(kBase + lan), load(kBase)).needs_restart,
              std::vector<std::string>{"port \"lan\""});
}

TEST(Diff, NamesEveryKeyThatWaitsForARestart) {
    const Diff result = diff(load(kBase), load(R"(
[daemon]
state_dir = "/x"
log = { level = "debug" }
shutdown_timeout = "1s"
[dataplane]
workers = [1]
max_sessions = 5
idle = "adaptive"
huge_pages = "off"
admission = "warn"
history = 8
memory_mb = 512
eal_args = ["-v"]
[api]
listen = ["unix:/x"]
[metrics]
listen = ""
[[port]]
name = "wan0"
device = "net_tap5"
addresses = ["192.0.2.1/25"]
point_to_point = true
rx_checksum = "ignore"
tunnels_without_checksum = true
open_vswitch_vxlan = true
rx_descriptors = 512
tx_descriptors = 512
[[port.route]]
to = "0.0.0.0/0"
via = "192.0.2.2"
)"));
    EXPECT_EQ(
        result.needs_restart,
        (std::vector<std::string>{"daemon.state_dir", "dataplane.workers", "dataplane.max_sessions",
                                  "dataplane.idle", "dataplane.huge_pages", "dataplane.history",
                                  "dataplane.memory_mb", "dataplane.eal_args", "api.listen",
                                  "metrics.listen", "port[0].device", "port[0].addresses",
                                  "port[0].route", "port[0].point_to_point", "port[0].rx_checksum",
                                  "port[0].tunnels_without_checksum", "port[0].open_vswitch_vxlan",
                                  "port[0].rx_descriptors", "port[0].tx_descriptors"}))
        << "and not daemon.log, daemon.shutdown_timeout or dataplane.admission";
}

TEST(Diff, TheVlanOfAPortWaitsForARestart) {
    const char* const before = R"(
[[port]]
name = "wan0"
device = "net_tap0"
[[port]]
name = "blue"
parent = "wan0"
vlan = [100]
)";
    const char* const after = R"(
[[port]]
name = "wan0"
device = "net_tap0"
[[port]]
name = "wan1"
device = "net_tap1"
[[port]]
name = "blue"
parent = "wan1"
vlan = [200, 100]
vlan_priority = 1
)";
    const auto paths = diff(load(before), load(after)).needs_restart;
    for (const char* path : {"port[2].parent", "port[2].vlan", "port[2].vlan_priority"}) {
        EXPECT_NE(std::ranges::find(paths, path), paths.end()) << path;
    }
}

}  // namespace
}  // namespace tocsin::control::config
