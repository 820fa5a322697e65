// Two ports joined back to back, both ends of every session on one real worker in real time.

#include "component/harness.hpp"
#include "dataplane/bfd/packet.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace tocsin::component {
namespace {

using bfd::SessionState;
using bfd::Status;

std::chrono::microseconds cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto us = [](const timeval& t) {
        return std::chrono::microseconds{t.tv_sec * 1'000'000L + t.tv_usec};
    };
    return us(usage.ru_utime) + us(usage.ru_stime);
}

class Wire : public testing::Test {
protected:
    static void SetUpTestSuite() {
        runtime::StartError error;
        runtime = start_wired(small_config(), {0}, error);
        ASSERT_NE(runtime, nullptr) << error.where << ": " << error.message;
        control = std::make_unique<Control>(*runtime);
        heard = std::make_unique<message::Frame>();
    }
    static void TearDownTestSuite() {
        control.reset();
        if (runtime) runtime->stop();
        runtime.reset();
    }
    void SetUp() override {
        ASSERT_NE(runtime, nullptr);
        west = control->handle(0, next_slot++);
        east = control->handle(0, next_slot++);
    }
    void TearDown() override {
        for (const bfd::SessionHandle s : {west, east}) {
            (void)control->status(0, message::DeleteSession{s, true});
        }
        while (runtime->worker({0}).receive_frame(*heard)) {
        }
    }

    message::AddSession west_end(std::chrono::milliseconds interval) {
        return control->single_hop(0, west, v4(1), v4(2), interval);
    }
    message::AddSession east_end(std::chrono::milliseconds interval) {
        return control->single_hop(1, east, v4(2), v4(1), interval);
    }
    void bring_up(std::chrono::milliseconds interval) {
        ASSERT_EQ(control->status(0, west_end(interval)), Status::Ok);
        ASSERT_EQ(control->status(0, east_end(interval)), Status::Ok);
        ASSERT_TRUE(control->wait_state(west, SessionState::Up));
        ASSERT_TRUE(control->wait_state(east, SessionState::Up));
    }
    static const message::WorkerStats& stats() { return runtime->worker({0}).stats(); }

    static std::unique_ptr<runtime::Runtime> runtime;
    static std::unique_ptr<Control> control;
    static std::unique_ptr<message::Frame> heard;
    static std::uint32_t next_slot;
    bfd::SessionHandle west;
    bfd::SessionHandle east;
};

std::unique_ptr<runtime::Runtime> Wire::runtime;
std::unique_ptr<Control> Wire::control;
std::unique_ptr<message::Frame> Wire::heard;
std::uint32_t Wire::next_slot = 0;

TEST_F(Wire, BringsAnIpv4SessionUp) {
    bring_up(50ms);
    EXPECT_TRUE(control->wait([&] { return stats().sessions_up.get() == 2; }));
    EXPECT_EQ(control->query(0, west).remote_discr, east.local_discr);
    EXPECT_TRUE(control->wait([&] { return stats().rx_fast.get() > 20; })) << "steady packets";
    EXPECT_EQ(control->drops(DropReason::UdpChecksum), 0U);
}

TEST_F(Wire, BringsAnIpv6SessionUp) {
    ASSERT_EQ(control->status(0, control->single_hop(0, west, v6(1), v6(2), 50ms)), Status::Ok);
    ASSERT_EQ(control->status(0, control->single_hop(1, east, v6(2), v6(1), 50ms)), Status::Ok);
    EXPECT_TRUE(control->wait_state(west, SessionState::Up));
    EXPECT_TRUE(control->wait_state(east, SessionState::Up));
    EXPECT_EQ(control->drops(DropReason::UdpChecksum), 0U);
}

TEST_F(Wire, ChangesTimersOfAnUpSessionWithoutAFlap) {
    bring_up(100ms);
    bfd::SessionParameters faster = west_end(40ms).parameters;
    ASSERT_EQ(control->status(0, message::SetParameters{west, faster}), Status::Ok);
    EXPECT_TRUE(control->wait([&] {
        return control->query(0, east).remote_desired_min_tx_interval == WireInterval{40'000} &&
               !control->query(0, west).poll_in_progress;
    }));
    // The peer still asks for no more than one packet in 100 ms.
    EXPECT_EQ(control->query(0, west).tx_interval, WireInterval{100'000});
    EXPECT_EQ(control->downs(west) + control->downs(east), 0U);
}

TEST_F(Wire, TellsThePeerOfADeletionAndFreesTheSlotAfterwards) {
    bring_up(50ms);
    ASSERT_EQ(control->status(0, message::DeleteSession{west}), Status::Ok);
    EXPECT_TRUE(control->wait_state(east, SessionState::Down));
    EXPECT_EQ(control->query(0, east).local_diag, bfd::Diag::NeighborSignaledSessionDown);
    ASSERT_TRUE(control->wait([&] { return control->deleted(west); }));
    const bfd::SessionHandle again = control->handle(0, west.slot.value, 2);
    EXPECT_NE(again.local_discr, west.local_discr);
    west = again;
    EXPECT_EQ(control->status(0, west_end(50ms)), Status::Ok);
    EXPECT_TRUE(control->wait_state(west, SessionState::Up));
}

TEST_F(Wire, TakesASessionAdminDownAndBack) {
    bring_up(50ms);
    ASSERT_EQ(control->status(0, message::SetAdmin{west, true}), Status::Ok);
    EXPECT_TRUE(control->wait_state(west, SessionState::AdminDown));
    EXPECT_TRUE(control->wait_state(east, SessionState::Down));
    ASSERT_EQ(control->status(0, message::SetAdmin{west, false}), Status::Ok);
    EXPECT_TRUE(control->wait_state(west, SessionState::Up));
    EXPECT_TRUE(control->wait_state(east, SessionState::Up));
}

TEST_F(Wire, DetectsASilentPeerNotBeforeTheDetectionTime) {
    bring_up(50ms);
    ASSERT_EQ(control->status(0, message::DeleteSession{east, true}), Status::Ok);
    ASSERT_TRUE(control->wait_state(west, SessionState::Down));
    const bfd::SessionSnapshot now = control->query(0, west);
    EXPECT_EQ(now.local_diag, bfd::Diag::ControlDetectionTimeExpired);
    EXPECT_GE(now.last_state_change - now.last_rx, 150ms);
    EXPECT_LE(now.last_state_change - now.last_rx, 250ms);
}

TEST_F(Wire, SendsNothingUntilTheNextHopIsKnown) {
    message::AddSession unresolved = west_end(50ms);
    const overlay::HeaderTemplate headers = unresolved.headers;
    unresolved.headers = {};
    const std::uint64_t before = control->drops(DropReason::TxUnresolved);
    ASSERT_EQ(control->status(0, unresolved), Status::Ok);
    ASSERT_EQ(control->status(0, east_end(50ms)), Status::Ok);
    EXPECT_TRUE(control->wait([&] { return control->drops(DropReason::TxUnresolved) > before; }));
    EXPECT_NE(control->state(east), SessionState::Up);
    ASSERT_EQ(control->status(0, message::SetHeaders{west, headers}), Status::Ok);
    EXPECT_TRUE(control->wait_state(west, SessionState::Up));
    EXPECT_TRUE(control->wait_state(east, SessionState::Up));
}

TEST_F(Wire, KeepsASessionWhoseSlotSomebodyElseAsksFor) {
    bring_up(50ms);
    message::AddSession other = control->single_hop(0, west, v6(1), v6(2), 50ms);
    other.headers = {};
    EXPECT_EQ(control->status(0, other), Status::SlotTaken);
    const auto last = control->query(0, east).rx_packets;
    EXPECT_TRUE(control->wait([&] { return control->query(0, east).rx_packets > last + 10; }));
    EXPECT_EQ(control->downs(west) + control->downs(east), 0U);
}

TEST_F(Wire, RefusesASlotBeyondItsTables) {
    const bfd::SessionHandle beyond{{runtime->slots_per_worker()}, {1}};
    message::AddSession add = west_end(50ms);
    add.session = beyond;
    EXPECT_EQ(control->status(0, add), Status::NoSuchSession);
    EXPECT_EQ(control->status(0, message::SetHeaders{beyond, add.headers}), Status::NoSuchSession);
}

TEST_F(Wire, CountsAPacketWithAnUnknownDiscriminatorAndDoesNothingElse) {
    const message::AddSession from = west_end(50ms);
    const bfd::ControlOctets payload =
        bfd::encode({.state = SessionState::Up,
                     .detect_mult = 3,
                     .my_discriminator = {7},
                     .your_discriminator = control->handle(0, 60).local_discr,
                     .desired_min_tx_interval = WireInterval{50'000},
                     .required_min_rx_interval = WireInterval{50'000}});
    auto frame = std::make_unique<message::Frame>();
    frame->port = from.tx_port;
    frame->length = static_cast<std::uint16_t>(from.headers.length + payload.size());
    std::copy_n(from.headers.octets.begin(), from.headers.length, frame->octets.begin());
    std::ranges::copy(payload, frame->octets.begin() + from.headers.length);
    overlay::finish_udp_checksum({frame->octets.data(), frame->length}, from.headers);

    const std::uint64_t before = control->drops(DropReason::YourDiscriminatorUnknown);
    const std::uint64_t sent = stats().tx_control.get();
    ASSERT_TRUE(runtime->worker({0}).send_frame(*frame));
    EXPECT_TRUE(control->wait(
        [&] { return control->drops(DropReason::YourDiscriminatorUnknown) == before + 1; }));
    EXPECT_EQ(stats().tx_control.get(), sent);
}

TEST_F(Wire, PuntsArpToControlAndSendsFramesOfControlPadded) {
    const std::vector<message::PortStatus> ports = runtime->ports();
    message::Frame request;
    request.port = ports[0].id;
    request.length = 42;
    std::fill_n(request.octets.begin(), 6, 0xff);
    constexpr std::array<std::uint8_t, 10> kArp{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1};
    std::ranges::copy(kArp, request.octets.begin() + 12);
    std::ranges::copy(v4(2).wire(), request.octets.begin() + 38);

    const std::uint64_t sent = stats().frames_sent.get();
    const std::uint64_t punted = stats().punted.get();
    ASSERT_TRUE(runtime->worker({0}).send_frame(request));
    ASSERT_TRUE(control->wait([&] { return runtime->worker({0}).receive_frame(*heard); }));
    EXPECT_EQ(heard->port, ports[1].id);
    EXPECT_EQ(heard->length, 60) << "padded to Ethernet's minimum";
    EXPECT_TRUE(
        std::equal(request.octets.begin(), request.octets.begin() + 42, heard->octets.begin()));
    EXPECT_LE(heard->received_at, runtime->now());
    EXPECT_GT(heard->received_at, runtime->now() - 5s);
    EXPECT_TRUE(control->wait([&] { return stats().frames_sent.get() == sent + 1; }));
    EXPECT_EQ(stats().punted.get(), punted + 1);
}

TEST_F(Wire, LimitsHowManyFramesReachControl) {
    const std::vector<message::PortStatus> ports = runtime->ports();
    message::Frame request;
    request.port = ports[0].id;
    request.length = 60;
    std::fill_n(request.octets.begin(), 6, 0xff);
    request.octets[12] = 0x08;
    request.octets[13] = 0x06;
    constexpr std::uint64_t kFlood = 2000;
    const std::uint64_t punted = stats().punted.get();
    const std::uint64_t limited = control->drops(DropReason::PuntRateLimited);
    const std::uint64_t full = control->drops(DropReason::PuntRingFull);
    for (std::uint64_t i = 0; i < kFlood;) {
        if (runtime->worker({0}).send_frame(request)) ++i;
    }
    const auto seen = [&] {
        return stats().punted.get() - punted + control->drops(DropReason::PuntRateLimited) -
               limited + control->drops(DropReason::PuntRingFull) - full;
    };
    EXPECT_TRUE(control->wait([&] { return seen() == kFlood; })) << seen();
    EXPECT_GE(stats().punted.get() - punted, 200U);
    EXPECT_GT(control->drops(DropReason::PuntRateLimited), limited);
}

TEST_F(Wire, SleepsWhenIdleAndKeepsItsHeartbeat) {
    const std::uint64_t heartbeat = stats().heartbeat.get();
    const std::uint64_t idle = stats().idle_ns.get();
    const auto cpu = cpu_time();
    std::this_thread::sleep_for(500ms);
    EXPECT_LT(cpu_time() - cpu, 200ms) << "of 500 ms";
    EXPECT_GT(stats().heartbeat.get(), heartbeat + 100);
    EXPECT_GT(stats().idle_ns.get() - idle, 300'000'000U);
}

TEST_F(Wire, AnnouncesWhatIsNewBeforeItSleepsAndNothingElse) {
    const int fd = ::eventfd(0, EFD_NONBLOCK);
    ASSERT_GE(fd, 0);
    ASSERT_TRUE(runtime->announce_on(fd));
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    ASSERT_TRUE(runtime->worker({0}).send({message::RequestId{900'002}, message::Barrier{}}));
    EXPECT_EQ(::poll(&readable, 1, 5000), 1);
    std::array<message::Event, 8> events;
    EXPECT_EQ(runtime->worker({0}).receive(events), 1U) << "was there before the announcement";
    eventfd_t count = 0;
    EXPECT_EQ(::eventfd_read(fd, &count), 0);
    EXPECT_EQ(::poll(&readable, 1, 200), 0) << "hundred sleeps without anything new";
    ASSERT_TRUE(runtime->announce_on(-1));
    ::close(fd);
}

TEST_F(Wire, AnswersABarrierAfterWhatCameBefore) {
    message::AddSession add = west_end(50ms);
    ASSERT_TRUE(runtime->worker({0}).send({message::RequestId{900'001}, add}));
    EXPECT_EQ(control->status(0, message::Barrier{}), Status::Ok);
    EXPECT_EQ(control->query(0, west).session, west);
}

TEST_F(Wire, DescribesItsPorts) {
    const std::vector<message::PortStatus> ports = runtime->ports();
    ASSERT_EQ(ports.size(), 2U);
    EXPECT_EQ(ports[0].name, "west");
    EXPECT_EQ(ports[1].device, "net_ring_east");
    EXPECT_EQ(ports[0].driver, "net_ring");
    EXPECT_TRUE(ports[0].link_up);
    EXPECT_EQ(ports[0].mtu, 1500);
    EXPECT_FALSE(ports[0].rx_checksum.empty());
    EXPECT_EQ(runtime->slots_per_worker(), 64U);
}

TEST_F(Wire, KeepsTheTimeOfTheSystem) {
    // Each reading of ours lies between two of the system's, however long they take.
    using Steady = std::chrono::steady_clock;
    const auto before_first = Steady::now();
    const Instant first = runtime->now();
    const auto after_first = Steady::now();
    std::this_thread::sleep_for(400ms);
    const auto before_second = Steady::now();
    const Nanoseconds ours = runtime->now() - first;
    const auto after_second = Steady::now();
    constexpr auto kTolerance = 100us;  // 250 ppm of the time between
    EXPECT_GE(ours, before_second - after_first - kTolerance);
    EXPECT_LE(ours, after_second - before_first + kTolerance);
    const auto wall = runtime->wall(runtime->now());
    EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - wall), 10ms);
}

}  // namespace
}  // namespace tocsin::component
