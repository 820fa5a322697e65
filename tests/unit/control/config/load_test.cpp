#include "control/config/load.hpp"

#include "fixture.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tocsin::control::config {
namespace {

using namespace std::chrono_literals;

TEST(Load, FillsInDefaults) {
    const Config config = load(kPort + "[[session]]\nremote = \"192.0.2.2\"\n");
    EXPECT_EQ(config.daemon, Daemon{});
    EXPECT_EQ(config.dataplane, Dataplane{});
    EXPECT_EQ(config.api, Api{});
    EXPECT_EQ(config.metrics, Metrics{});
    ASSERT_EQ(config.sessions.size(), 1U);
    const Session& session = config.sessions[0];
    EXPECT_EQ(session.port, "wan0");
    EXPECT_EQ(session.local, ip("192.0.2.1"));
    EXPECT_EQ(session.parameters.desired_min_tx_interval, 300ms);
    EXPECT_EQ(session.parameters.required_min_rx_interval, 300ms);
    EXPECT_EQ(session.parameters.detect_mult, 3);
    EXPECT_EQ(session.parameters.min_ttl, 255);
    EXPECT_EQ(session.dscp, 48);
    EXPECT_TRUE(session.follow_link);
    EXPECT_FALSE(session.admin_down);
    EXPECT_FALSE(session.parameters.passive);
    EXPECT_FALSE(session.parameters.match_source);
}

TEST(Load, ReadsEveryKey) {
    const Config config = load(R"(
[daemon]
state_dir = "/srv/tocsin"
log = { level = "debug", format = "json" }
shutdown_timeout = "2s"
[dataplane]
workers = [1, 3]
max_sessions = 7
idle = "adaptive"
huge_pages = "off"
admission = "warn"
memory_mb = 512
eal_args = ["--no-pci"]
[api]
listen = ["unix:/tmp/a.sock", "unix:/tmp/b.sock"]
[metrics]
listen = "127.0.0.2:9000"
[[port]]
name = "lan"
device = "0000:3b:00.0"
addresses = ["192.0.2.1/24"]
mode = "whole"
exception = "none"
point_to_point = true
rx_checksum = "verify"
tunnels_without_checksum = true
open_vswitch_vxlan = true
rx_descriptors = 64
tx_descriptors = 32768
[[port.route]]
to = "198.51.100.0/24"
via = "192.0.2.254"
[[profile]]
name = "p"
desired_min_tx_interval = "10ms"
required_min_rx_interval = "7ms"
detect_mult = 255
passive = true
[[session]]
name = "a"
type = "single_hop"
remote = "192.0.2.2"
local = "192.0.2.1"
port = "lan"
profile = "p"
detect_mult = 1
passive = false
match_source = true
dscp = 0
follow_link = false
admin_down = true
min_ttl = 255
)");
    EXPECT_EQ(config.daemon.state_dir, "/srv/tocsin");
    EXPECT_EQ(config.daemon.log_level, LogLevel::Debug);
    EXPECT_EQ(config.daemon.log_format, LogFormat::Json);
    EXPECT_EQ(config.daemon.shutdown_timeout, 2s);
    EXPECT_EQ(config.dataplane.workers, (std::vector<unsigned>{1, 3}));
    EXPECT_EQ(config.dataplane.max_sessions, 7U);
    EXPECT_EQ(config.dataplane.idle, Idle::Adaptive);
    EXPECT_EQ(config.dataplane.huge_pages, HugePages::Off);
    EXPECT_EQ(config.dataplane.admission, Admission::Warn);
    EXPECT_EQ(config.dataplane.memory_mb, 512U);
    EXPECT_EQ(config.dataplane.eal_args, (std::vector<std::string>{"--no-pci"}));
    EXPECT_EQ(config.api.listen.size(), 2U);
    EXPECT_EQ(config.metrics.listen, "127.0.0.2:9000");
    const Port& port = config.ports.at(0);
    EXPECT_TRUE(port.point_to_point);
    EXPECT_EQ(port.rx_checksum, RxChecksum::Verify);
    EXPECT_TRUE(port.tunnels_without_checksum);
    EXPECT_TRUE(port.open_vswitch_vxlan);
    EXPECT_EQ(port.rx_descriptors, 64);
    EXPECT_EQ(port.tx_descriptors, 32768);
    EXPECT_EQ(port.routes.at(0).via, ip("192.0.2.254"));
    const Session& session = config.sessions.at(0);
    EXPECT_EQ(session.parameters.desired_min_tx_interval, 10ms);
    EXPECT_EQ(session.parameters.required_min_rx_interval, 7ms);
    EXPECT_EQ(session.parameters.detect_mult, 1) << "the session's own value wins";
    EXPECT_FALSE(session.parameters.passive) << "the session's own value wins";
    EXPECT_TRUE(session.parameters.match_source);
    EXPECT_EQ(session.dscp, 0);
    EXPECT_FALSE(session.follow_link);
    EXPECT_TRUE(session.admin_down);
}

TEST(Load, KeepsHistoriesUnlessThereAreVeryManySessions) {
    const auto history = [](const std::string& keys) {
        return static_cast<int>(load(kBase + "[dataplane]\n" + keys).dataplane.history);
    };
    EXPECT_EQ(load(kBase).dataplane.history, 16);
    EXPECT_EQ(history("max_sessions = 100_000\n"), 16);
    EXPECT_EQ(history("max_sessions = 100_001\n"), 0);
    EXPECT_EQ(history("max_sessions = 1_000_000\nhistory = 8\n"), 8);
    EXPECT_EQ(history("history = 0\n"), 0);
}

TEST(Load, TurnsMetricsOffWithEmptyText) {
    EXPECT_EQ(load(kPort + "[metrics]\nlisten = \"\"\n").metrics.listen, "");
}

TEST(Load, TenMistakesGiveTenMessagesInTheOrderOfTheFile) {
    const LoadResult result = load_text(R"([daemon]
state_dirr = "/x"
shutdown_timeout = "50"
[dataplane]
max_sessions = 0
idle = "lazy"
[[port]]
name = "wan0"
device = "eth0"
addresses = ["192.0.2.1/24"]
mode = "shared"
[[session]]
name = "r1"
remote = "224.0.0.5"
port = "wan0"
detect_mult = 0
[[session]]
remote = "192.0.2.2"
desired_min_tx_interval = 50
dscp = 64
)");
    EXPECT_FALSE(result.ok());
    const std::vector<std::pair<unsigned, std::string>> expected{
        {2, "daemon.state_dirr"},
        {3, "daemon.shutdown_timeout"},
        {5, "dataplane.max_sessions"},
        {6, "dataplane.idle"},
        {9, "port[0].device"},
        {11, "port[0].mode"},
        {14, "session[0].remote"},
        {16, "session[0].detect_mult"},
        {19, "session[1].desired_min_tx_interval"},
        {20, "session[1].dscp"},
    };
    ASSERT_EQ(result.faults.size(), expected.size()) << all(result);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(result.faults[i].line, expected[i].first);
        EXPECT_EQ(result.faults[i].path, expected[i].second);
        EXPECT_GT(result.faults[i].message.size(), 10U);
    }
}

TEST(Load, PointsAtTheTableWhenAKeyIsMissing) {
    const LoadResult result = load_text(kPort + "\n[[session]]\nname = \"a\"\n");
    ASSERT_EQ(result.faults.size(), 1U) << all(result);
    EXPECT_EQ(result.faults[0].path, "session[0].remote");
    EXPECT_EQ(result.faults[0].line, 6U);
}

TEST(Load, NamesTheSessionInItsFaults) {
    expect_fault(kPort + "[[session]]\nname=\"rr1\"\nremote=\"192.0.2.2\"\ndscp=99\n",
                 "session[0].dscp", "(session \"rr1\")");
    expect_fault(kPort + "[[session]]\nremote=\"192.0.2.2\"\ndscp=99\n", "session[0].dscp",
                 "(session to \"192.0.2.2\")");
}

TEST(Load, ReportsASyntaxErrorWithLineAndColumn) {
    const LoadResult result = load_text("[daemon]\nstate_dir = \n");
    ASSERT_EQ(result.faults.size(), 1U);
    EXPECT_EQ(result.faults[0].line, 2U);
    EXPECT_NE(result.faults[0].message.find("TOML syntax error at column 13"), std::string::npos)
        << result.faults[0].message;
    EXPECT_EQ(result.faults[0].message.find('\n'), std::string::npos);
}

TEST(Load, RefusesDeepNestingInsteadOfRunningOutOfStack) {
    for (const std::string& deep :
         {"a = " + std::string(500'000, '['), "a = " + std::string(500'000, '{'),
          "a = ['''four'''', " + std::string(500'000, '['),
          "a = [\"\"\"five\"\"\"\"\", " + std::string(500'000, '['),
          "a = [\"\"\"four\"\"\"\", " + std::string(500'000, '['), [] {
              std::string keys = "a";
              for (int i = 0; i < 100'000; ++i) keys += ".a";
              return keys + " = 1\n";
          }()}) {
        const LoadResult result = load_text(deep);
        ASSERT_EQ(result.faults.size(), 1U);
        EXPECT_NE(result.faults[0].message.find("nests deeper"), std::string::npos);
    }
}

TEST(Load, RefusesWhatIsNotUtf8AtItsLine) {
    for (const char* bad :
         {"\xff", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80"}) {
        for (const char* quote : {"'", "\"", "'''", "# "}) {
            const LoadResult result =
                load_text(kPort + "[daemon]\nstate_dir = " + quote + "/x" + bad + quote + "\n");
            ASSERT_EQ(result.faults.size(), 1U);
            EXPECT_EQ(result.faults[0].line, 6U);
            EXPECT_NE(result.faults[0].message.find("not UTF-8"), std::string::npos);
        }
    }
}

TEST(Load, AcceptsUtf8OfEveryLength) {
    const Config config =
        load(kPort + "[daemon]\nstate_dir = '/\xc3\xa9\xe2\x82\xac\xed\x9f\xbf\xf4\x8f\xbf\xbf'\n");
    EXPECT_EQ(config.daemon.state_dir.size(), 13U);
}

TEST(Load, CountsBracketsAndDotsOnlyOutsideStringsAndComments) {
    const std::string many(200, '[');
    const std::string dots(200, '.');
    const Config config =
        load("# " + many + dots + "\n" + kPort + "[dataplane]\neal_args = [\"" + many + "\\\"" +
             dots + "\", '" + many + "', \"\"\"\n" + many + "\"\"\"]\n");
    EXPECT_EQ(config.dataplane.eal_args.size(), 3U);
}

TEST(Load, CountsTheFaultsThatItDoesNotList) {
    std::string toml = kPort;
    for (int i = 0; i < 1500; ++i) toml += "[[session]]\nremote = \"x\"\n";
    const LoadResult result = load_text(toml);
    ASSERT_EQ(result.faults.size(), kMostFaults + 1);
    EXPECT_NE(result.faults.back().message.find("500 more mistakes"), std::string::npos);
}

TEST(LoadFile, SaysWhyAFileCannotBeRead) {
    EXPECT_NE(all(load_file("/nonexistent/tocsin.toml")).find("no such file"), std::string::npos);
    EXPECT_NE(all(load_file("/tmp")).find("is a directory"), std::string::npos);
}

TEST(LoadFile, ReadsAFile) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("tocsin-load-" + std::to_string(getpid()) + ".toml");
    std::ofstream{path} << kBase;
    EXPECT_TRUE(load_file(path).ok());
    std::filesystem::remove(path);
}

TEST(Load, RefusesTextThatIsTooLarge) {
    const std::string large(kLargestFile + 1, '\n');
    expect_fault(large, "", "more than 256 MiB");
}

class Examples : public testing::TestWithParam<const char*> {};

TEST_P(Examples, AreValid) {
    const LoadResult result = load_file(std::filesystem::path{TOCSIN_CONFIGS} / GetParam());
    EXPECT_TRUE(result.ok()) << all(result);
}

INSTANTIATE_TEST_SUITE_P(Configs, Examples,
                         testing::Values("tocsin.example.toml", "real-nic.toml",
                                         "vm-no-huge-pages.toml", "af-xdp.toml", "lab.toml",
                                         "unsolicited.toml", "echo.toml", "lag.toml", "mpls.toml",
                                         "sbfd.toml"),
                         [](const auto& example) {
                             std::string name = example.param;
                             std::ranges::replace_if(
                                 name, [](char c) { return c == '.' || c == '-'; }, '_');
                             return name;
                         });

}  // namespace
}  // namespace tocsin::control::config
