// A TAP port: frames written on the kernel's side reach the worker, and what it sends can be read
// there.

#include "component/harness.hpp"
#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/packet.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <thread>
#include <vector>

namespace tocsin::component {
namespace {

using bfd::SessionState;
using bfd::Status;

constexpr char kInterface[] = "tocsintap0";
constexpr Discriminator kPeer{77};
constexpr MacAddress kPeerMac{0x02, 0, 0, 0, 0, 0x0b};

using Octets = std::vector<std::uint8_t>;

int open_kernel_side() {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(ETH_P_ALL);
    to.sll_ifindex = static_cast<int>(if_nametoindex(kInterface));
    if (fd < 0 || to.sll_ifindex == 0) return -1;
    if (bind(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return -1;
    return fd;
}

Octets packet(const MacAddress& to, SessionState state, Discriminator yours) {
    const overlay::HeaderTemplate headers = overlay::single_hop_headers(
        {.source_mac = kPeerMac, .destination_mac = to, .source = v4(2), .destination = v4(1)});
    const bfd::ControlOctets payload =
        bfd::encode({.state = state,
                     .detect_mult = 3,
                     .my_discriminator = kPeer,
                     .your_discriminator = yours,
                     .desired_min_tx_interval = WireInterval{50'000},
                     .required_min_rx_interval = WireInterval{50'000}});
    Octets out{headers.octets.begin(), headers.octets.begin() + headers.length};
    out.insert(out.end(), payload.begin(), payload.end());
    overlay::finish_udp_checksum(out, headers);
    return out;
}

/// Whether the worker's packets can be read from the kernel's side within two seconds.
bool hears_control_packet(int fd, Discriminator from) {
    timeval limit{2, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::array<std::uint8_t, 2048> frame{};
    for (int i = 0; i < 100; ++i) {
        const ssize_t n = recv(fd, frame.data(), frame.size(), 0);
        if (n < 0) return false;
        if (n == 66 && load_be16(&frame[12]) == 0x0800 && load_be16(&frame[36]) == 3784 &&
            load_be32(&frame[46]) == from.value) {
            return true;
        }
    }
    return false;
}

void send_for(int fd, const Octets& packet, std::chrono::milliseconds time) {
    for (auto t = 0ms; t < time; t += 20ms) {
        (void)!send(fd, packet.data(), packet.size(), 0);
        const timespec pause{0, 20'000'000};
        nanosleep(&pause, nullptr);
    }
}

TEST(Tap, HearsTheKernelsSideAndBlamesNobodyForItsOwnStandstill) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root for a TAP device";
    if (access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/net/tun";
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs a network namespace of its own";

    runtime::Config config = small_config();
    runtime::PortConfig port;
    port.name = "tap";
    port.device = std::string{"net_tap0,iface="} + kInterface;
    port.addresses = {v4(1)};
    config.ports = {port};
    runtime::StartError error;
    const auto runtime = runtime::Runtime::start(config, error);
    ASSERT_NE(runtime, nullptr) << error.where << ": " << error.message;
    const message::PortStatus status = runtime->ports()[0];
    EXPECT_EQ(status.driver, "net_tap");
    EXPECT_TRUE(status.link_up);
    const int fd = open_kernel_side();
    ASSERT_GE(fd, 0);

    Control control{*runtime};
    const bfd::SessionHandle session = control.handle(0, 0);
    message::AddSession add;
    add.session = session;
    add.key.family = AddressFamily::V4;
    add.key.port = status.id;
    add.key.local = v4(1).octets;
    add.key.remote = v4(2).octets;
    add.parameters.desired_min_tx_interval = WireInterval{50'000};
    add.parameters.required_min_rx_interval = WireInterval{50'000};
    add.tx_port = status.id;
    add.headers = overlay::single_hop_headers({.source_mac = status.mac,
                                               .destination_mac = kPeerMac,
                                               .source = v4(1),
                                               .destination = v4(2)});
    ASSERT_EQ(control.status(0, add), Status::Ok);
    EXPECT_TRUE(hears_control_packet(fd, session.local_discr));

    const Octets down = packet(status.mac, SessionState::Down, {});
    const Octets up = packet(status.mac, SessionState::Up, session.local_discr);
    (void)!send(fd, down.data(), down.size(), 0);
    ASSERT_TRUE(control.wait_state(session, SessionState::Init, 2s));
    (void)!send(fd, up.data(), up.size(), 0);

    const pid_t self = getpid();
    const pid_t peer = fork();
    ASSERT_GE(peer, 0);
    if (peer == 0) {
        send_for(fd, up, 300ms);
        kill(self, SIGSTOP);
        send_for(fd, up, 400ms);  // more than the Detection Time of 150 ms
        kill(self, SIGCONT);
        send_for(fd, up, 1000ms);
        _exit(0);
    }
    EXPECT_TRUE(control.wait_state(session, SessionState::Up, 2s));
    const message::WorkerStats& stats = runtime->worker({0}).stats();
    EXPECT_TRUE(control.wait([&] { return stats.loop_gap.max_ns() > 300'000'000; }, 3s));
    std::this_thread::sleep_for(300ms);
    EXPECT_TRUE(control.wait([] { return true; }));
    EXPECT_EQ(control.state(session), SessionState::Up);
    EXPECT_EQ(control.downs(session), 0U);
    EXPECT_GE(stats.loop_gaps.get(), 1U);

    int ended = 0;
    waitpid(peer, &ended, 0);
    EXPECT_TRUE(control.wait_state(session, SessionState::Down, 2s)) << "the peer is gone";
    EXPECT_EQ(control.query(0, session).local_diag, bfd::Diag::ControlDetectionTimeExpired);
    EXPECT_EQ(control.drops(DropReason::UdpChecksum), 0U);
    close(fd);
    runtime->stop();
}

}  // namespace
}  // namespace tocsin::component
