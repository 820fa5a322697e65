#include "control/app/port_setup.hpp"
#include "control/app/run.hpp"
#include "support/test_daemon.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::app {
namespace {

using bfd::SessionState;
using test::TestDaemon;

/// The loop turns with each question, and the engines' time with it.
template <class Predicate>
bool comes_true(TestDaemon& d, Predicate p) {
    for (int i = 0; i < 20'000; ++i) {
        bool now = false;
        d.on_loop([&] { now = p(); });
        if (now) return true;
    }
    return false;
}

// req: RFC5880-6.8.16-07
TEST(Daemon, TellsEveryPeerAdminDownBeforeItStops) {
    TestDaemon d;
    ASSERT_TRUE(comes_true(d, [&] { return d.dataplane->peer_state(0) == SessionState::Up; }));
    d.stop();
    EXPECT_EQ(d.dataplane->peer_state(0), SessionState::AdminDown);
    EXPECT_EQ(d.dataplane->engine_sessions(), 0U);
}

TEST(Daemon, StopsWithinItsTimeWhenAPeerNeverHears) {
    TestDaemon d{std::string{"[daemon]\nshutdown_timeout = \"100ms\"\n"} + TestDaemon::kConfig};
    ASSERT_TRUE(comes_true(d, [&] { return d.dataplane->peer_state(0) == SessionState::Up; }));
    Instant before;
    d.on_loop([&] {
        d.dataplane->connect(false);
        before = d.dataplane->now();
    });
    d.stop();
    EXPECT_GE(d.dataplane->now() - before, std::chrono::milliseconds{100});
    EXPECT_EQ(d.dataplane->engine_sessions(), 1U) << "given up, not heard";
}

TEST(Daemon, ReportsADownWithinTheDetectionTimeAndRecovers) {
    TestDaemon d;
    const auto state = [&] { return d.daemon->sessions().view({1})->status.session_state; };
    ASSERT_TRUE(comes_true(d, [&] { return state() == SessionState::Up; }));
    d.on_loop([&] { d.dataplane->connect(false); });
    ASSERT_TRUE(comes_true(d, [&] { return state() == SessionState::Down; }));
    d.on_loop([&] {
        const auto v = d.daemon->sessions().view({1}).value();
        EXPECT_EQ(v.status.local_diag, bfd::Diag::ControlDetectionTimeExpired);
        const auto silence = v.last_state_change - v.last_rx;
        EXPECT_GE(silence, std::chrono::milliseconds{150});
        EXPECT_LE(silence, std::chrono::milliseconds{160});
        d.dataplane->connect(true);
    });
    EXPECT_TRUE(comes_true(d, [&] { return state() == SessionState::Up; }));
}

TEST(Daemon, TakesSessionsDownWithTheLinkOfTheirPort) {
    TestDaemon d;
    const auto status = [&] { return d.daemon->sessions().view({1})->status; };
    ASSERT_TRUE(comes_true(d, [&] { return status().session_state == SessionState::Up; }));
    d.on_loop([&] {
        d.dataplane->connect(false);
        d.dataplane->set_link({0}, false);
    });
    ASSERT_TRUE(comes_true(d, [&] { return status().session_state == SessionState::Down; }));
}

TEST(Daemon, ReloadsOnSignal) {
    TestDaemon d;
    d.write_config(std::string{TestDaemon::kConfig} +
                   "[[session]]\nremote = \"10.0.0.3\"\nport = \"p0\"\n");
    d.on_loop([&] { d.daemon->on_signal(SIGHUP); });
    EXPECT_TRUE(comes_true(d, [&] { return d.daemon->sessions().registry().size() == 2; }));
}

TEST(Daemon, StopsWhileALargeFileIsRead) {
    TestDaemon d;
    const auto config = [](int sessions) {
        std::string text = TestDaemon::kConfig;
        for (int i = 0; i < sessions; ++i) {
            text += "[[session]]\nport = \"p0\"\nremote = \"10.0.0.3\"\ndetect_mult = 3\n";
        }
        return text;
    };
    const auto took = [](const auto& what) {
        const auto before = std::chrono::steady_clock::now();
        what();
        return std::chrono::steady_clock::now() - before;
    };
    // Many seconds for all of it, how many depends on machine and sanitizers.
    const std::string tenth = config(10'000);
    const auto reading = 10 * took([&] { EXPECT_FALSE(config::load_text(tenth).ok()); });
    d.write_config(config(100'000));
    const auto stopping = took([&] {
        d.on_loop([&] { d.daemon->on_signal(SIGHUP); });
        d.stop();
        d.daemon.reset();
    });
    EXPECT_LT(stopping, reading / 2);
}

/// Messages to the service manager, as systemd would get them.
class ServiceManager {
public:
    explicit ServiceManager(std::chrono::microseconds watchdog) {
        sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
        const std::string name = "tocsin-notify-" + std::to_string(::getpid());
        name.copy(address.sun_path + 1, sizeof address.sun_path - 1);  // abstract: begins with 0
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
        ::setenv("NOTIFY_SOCKET", ('@' + name).c_str(), 1);
        ::setenv("WATCHDOG_USEC", std::to_string(watchdog.count()).c_str(), 1);
        reader_ = std::thread{[this] { read(); }};
    }
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;
    ~ServiceManager() {
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
        ::shutdown(fd_, SHUT_RDWR);
        reader_.join();
        ::close(fd_);
    }
    /// How often the watchdog was fed.
    [[nodiscard]] int fed() const { return fed_; }

private:
    void read() {
        std::array<char, 256> text{};
        for (ssize_t size = 0; (size = ::recv(fd_, text.data(), text.size(), 0)) > 0;) {
            if (std::string_view{text.data(), static_cast<std::size_t>(size)} == "WATCHDOG=1") {
                ++fed_;
            }
        }
    }

    int fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    std::atomic<int> fed_{0};
    std::thread reader_;
};

TEST(Daemon, FeedsTheWatchdogWhileTheLoopIsKeptByManySessions) {
    const ServiceManager manager{std::chrono::milliseconds{20}};
    TestDaemon d;
    const std::vector<config::Session> there(256, d.daemon->sessions().view({1})->spec);
    int fed = 0;
    d.on_loop([&] {
        const int before = manager.fed();
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{200};
        while (std::chrono::steady_clock::now() < end) {
            static_cast<void>(d.daemon->sessions().add_each(there, session::Origin::Api));
        }
        fed = manager.fed() - before;
    });
    EXPECT_GE(fed, 5);
}

TEST(PortSetup, DerivesALinkLocalAddressUnlessTheFileListsOne) {
    config::Config c;
    c.ports.resize(2);
    c.ports[0].name = "a";
    c.ports[1].name = "b";
    c.ports[1].addresses = {{parse_address("fe80::7").value(), 64}};
    message::PortStatus a;
    a.name = "a";
    a.mac = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
    message::PortStatus b;
    b.id = {1};
    b.name = "b";
    const PortSetup setup = set_up_ports(c, {a, b});
    ASSERT_EQ(setup.stack[0].addresses.size(), 1U);
    EXPECT_EQ(to_string(setup.stack[0].addresses[0]), "fe80::11:22ff:fe33:4455/64");
    EXPECT_EQ(to_string(setup.stack[1].addresses.at(0)), "fe80::7/64");
    EXPECT_EQ(setup.stack[1].addresses.size(), 1U);
}

class RunTest : public testing::Test {
protected:
    Exit run_with(const std::string& text, bool check) {
        const std::string path = testing::TempDir() + "tocsin-run-test.toml";
        std::ofstream{path} << text;
        return run({.config = path, .check = check, .log_level = std::nullopt},
                   [this](const config::Config&, std::uint64_t) -> Result<StartedDataplane> {
                       started = true;
                       return Error{ErrorKind::Unavailable, "no such device", "port[0].device"};
                   });
    }
    bool started = false;
};

TEST_F(RunTest, ReportsAllMistakesOfTheFileAndStartsNothing) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_with("[dataplane]\nmax_sessions = 0\n[api]\nlisten = [\"tcp:1\"]\n", false),
              Exit::Configuration);
    const std::string out = testing::internal::GetCapturedStderr();
    EXPECT_NE(out.find("tocsin-run-test.toml:2: dataplane.max_sessions: "), std::string::npos)
        << out;
    EXPECT_NE(out.find("api.listen"), std::string::npos) << out;
    EXPECT_FALSE(started);
}

TEST_F(RunTest, OnlyValidatesWithCheck) {
    EXPECT_EQ(run_with("[[port]]\nname = \"p\"\ndevice = \"net_null0\"\n", true), Exit::Ok);
    EXPECT_EQ(run_with("nonsense", true), Exit::Configuration);
    EXPECT_FALSE(started);
}

TEST_F(RunTest, SaysInOneSentenceWhyItCannotStart) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(run_with("[api]\nlisten = [\"unix:/tmp/tocsin-run-test.sock\"]\n"
                       "[[port]]\nname = \"p\"\ndevice = \"net_null0\"\n",
                       false),
              Exit::CannotStart);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "tocsind: port[0].device: no such device\n");
    EXPECT_TRUE(started);
}

}  // namespace
}  // namespace tocsin::control::app
