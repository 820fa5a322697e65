// What the kernel takes for a frame that leaves through one end of a veth pair, from the system
// call to the other end's socket, without any BFD: the share of a comparison that no speaker can
// save.
//
//   bare ring INTERFACE MAC FRAMES    packet socket with a ring, FRAMES with one system call, as
//                                     DPDK's net_af_packet does
//   bare udp ADDRESS                  one sendto() for each, on a UDP socket
//
// 52 octets of IPv4 to the port "discard", every millisecond for two seconds. Prints nanoseconds a
// frame: the median over all system calls.

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr int kCalls = 2000;
constexpr timespec kPause{0, 1'000'000};
constexpr std::uint16_t kDiscard = 9;
constexpr unsigned kFrames = 512;
constexpr unsigned kFrameOctets = 2048;
constexpr unsigned kBlockOctets = 4096;

std::int64_t now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

int fail(const char* what) {
    std::perror(what);
    return 1;
}

void tell(std::vector<std::int64_t>& took, unsigned frames) {
    std::ranges::sort(took);
    std::printf("%lld\n", static_cast<long long>(took[took.size() / 2] / frames));
}

int udp(const char* address) {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kDiscard);
    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) return fail("bare: socket");
    const std::array<char, 24> payload{};
    std::vector<std::int64_t> took;
    for (int i = 0; i < kCalls; ++i) {
        const std::int64_t start = now();
        if (sendto(fd, payload.data(), payload.size(), 0, reinterpret_cast<sockaddr*>(&to),
                   sizeof to) < 0) {
            return fail("bare: sendto");
        }
        took.push_back(now() - start);
        nanosleep(&kPause, nullptr);
    }
    tell(took, 1);
    close(fd);
    return 0;
}

std::array<std::uint8_t, 66> frame(const ether_addr& to) {
    std::array<std::uint8_t, 66> out{};
    std::memcpy(out.data(), &to, 6);
    out[6] = 2;
    const std::array<std::uint8_t, 24> headers{8, 0, 0x45, 0xc0, 0,    52,   0,    0,
                                               0, 0, 255,  17,   0xa6, 0x76, 10,   64,
                                               0, 1, 10,   65,   0,    1,    0xc0, 0};
    std::memcpy(&out[12], headers.data(), headers.size());
    out[37] = kDiscard;
    out[39] = 32;
    return out;
}

int ring(const char* interface, const char* mac, unsigned frames) {
    const ether_addr* const to = ether_aton(mac);
    if (to == nullptr || frames == 0 || frames > kFrames / 2) {
        std::fputs("bare: a MAC address and 1..256 frames\n", stderr);
        return 2;
    }
    const int fd = socket(AF_PACKET, SOCK_RAW, 0);
    const int version = TPACKET_V2;
    const int yes = 1;
    tpacket_req request{};
    request.tp_block_size = kBlockOctets;
    request.tp_block_nr = kFrames * kFrameOctets / kBlockOctets;
    request.tp_frame_size = kFrameOctets;
    request.tp_frame_nr = kFrames;
    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &request, sizeof request) != 0) {
        return fail("bare: packet socket");
    }
    const std::size_t size = std::size_t{kFrames} * kFrameOctets;
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    if (memory == MAP_FAILED || bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
        return fail("bare: ring");
    }
    const auto octets = frame(*to);
    std::vector<std::int64_t> took;
    unsigned next = 0;
    for (int i = 0; i < kCalls; ++i) {
        for (unsigned n = 0; n < frames; ++n) {
            auto* const slot =
                static_cast<std::uint8_t*>(memory) + std::size_t{next} * kFrameOctets;
            auto* const header = reinterpret_cast<tpacket2_hdr*>(slot);
            const std::atomic_ref status{header->tp_status};
            while (status.load(std::memory_order_acquire) != TP_STATUS_AVAILABLE) {
            }
            std::memcpy(slot + TPACKET2_HDRLEN - sizeof(sockaddr_ll), octets.data(), octets.size());
            header->tp_len = octets.size();
            status.store(TP_STATUS_SEND_REQUEST, std::memory_order_release);
            next = (next + 1) % kFrames;
        }
        const std::int64_t start = now();
        if (sendto(fd, nullptr, 0, MSG_DONTWAIT, nullptr, 0) < 0) return fail("bare: sendto");
        took.push_back(now() - start);
        nanosleep(&kPause, nullptr);
    }
    tell(took, frames);
    close(fd);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view how = argc > 1 ? argv[1] : "";
    if (how == "udp" && argc == 3) return udp(argv[2]);
    if (how == "ring" && argc == 5) {
        return ring(argv[2], argv[3], static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)));
    }
    std::fputs("usage: bare ring INTERFACE MAC FRAMES | bare udp ADDRESS\n", stderr);
    return 2;
}
