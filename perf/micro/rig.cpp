#include "micro/rig.hpp"

#include "dataplane/runtime/clock.hpp"
#include "support/encap.hpp"

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <numeric>
#include <random>
#include <thread>

namespace tocsin::perf {

using namespace std::chrono_literals;

namespace {

/// Two turns take what one tick brings, within the budget of a turn.
constexpr Nanoseconds kTurn = bfd::kTickLength / 2;
constexpr MacAddress kWestMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kEastMac{2, 0, 0, 0, 0, 2};
constexpr std::uint32_t kWestAddress = 0x0a000001;  // 10.0.0.1
constexpr std::uint32_t kEastRange = 0x0a800000;    // 10.128.0.0/9
constexpr unsigned kEastLength = 9;
constexpr std::uint32_t kMbufs = 32767;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "micro: %s\n", what);
    std::exit(1);
}

IpAddress v4(std::uint32_t a) {
    return ip_address(std::array<std::uint8_t, 4>{
        static_cast<std::uint8_t>(a >> 24U), static_cast<std::uint8_t>(a >> 16U),
        static_cast<std::uint8_t>(a >> 8U), static_cast<std::uint8_t>(a)});
}

std::uint16_t open_port(const char* name, rte_ring* receive, rte_ring* send, rte_mempool* pool) {
    const int id = rte_eth_from_rings(name, &receive, 1, &send, 1, SOCKET_ID_ANY);
    if (id < 0) fail("no net_ring device");
    const auto port = static_cast<std::uint16_t>(id);
    rte_eth_conf conf{};
    if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
        rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, nullptr, pool) != 0 ||
        rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, nullptr) != 0 ||
        rte_eth_dev_start(port) != 0) {
        fail("net_ring device does not start");
    }
    return port;
}

runtime::Clock calibrated() {
    const runtime::ClockReading first = runtime::ClockReading::take();
    std::this_thread::sleep_for(runtime::Clock::kShortestCalibration);
    return {first, runtime::ClockReading::take()};
}

unsigned free_huge_megabytes() {
    std::ifstream in{"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"};
    unsigned pages = 0;
    in >> pages;
    return pages * 2;
}

}  // namespace

std::string start_eal(unsigned cpu, unsigned megabytes) {
    const bool huge = free_huge_megabytes() >= megabytes;
    std::vector<std::string> args{
        "micro", "-l", std::to_string(cpu), "--no-pci", "--no-telemetry", "--log-level=error"};
    if (huge) {
        args.emplace_back("--in-memory");
    } else {
        args.insert(args.end(), {"--no-huge", "--no-shconf", "-m", std::to_string(megabytes)});
    }
    std::vector<char*> argv;
    for (std::string& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    if (rte_eal_init(static_cast<int>(args.size()), argv.data()) < 0) return {};
    return huge ? "2 MiB pages" : "4 KiB pages";
}

Memory::Memory(std::size_t size)
    : octets_{static_cast<std::byte*>(rte_zmalloc("perf", size, 64))}, size_{size} {
    if (octets_ == nullptr) fail("not enough memory");
}

Memory::~Memory() { rte_free(octets_); }

Cable& Cable::get() {
    static Cable cable = [] {
        rte_ring* const to_east =
            rte_ring_create("to_east", kRing, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
        rte_ring* const to_west =
            rte_ring_create("to_west", kRing, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
        static const runtime::Pool pool = runtime::make_pool(100, 1023, SOCKET_ID_ANY);
        if (to_east == nullptr || to_west == nullptr || !pool) fail("no memory for the cable");
        Cable c;
        c.west = open_port("west", to_west, to_east, pool.get());
        c.east = open_port("east", to_east, to_west, pool.get());
        return c;
    }();
    return cable;
}

WireInterval interval_for(std::uint32_t sessions) {
    return WireInterval{std::max(1000U, sessions * 3U / 10U)};
}

std::vector<std::uint32_t> shuffled(std::uint32_t n, std::uint64_t seed) {
    std::vector<std::uint32_t> out(n);
    std::iota(out.begin(), out.end(), 0U);
    std::shuffle(out.begin(), out.end(), std::mt19937_64{seed});
    return out;
}

Rig::Rig(std::uint32_t sessions, WireInterval interval, const bfd::AuthKeys& keys,
         const std::string& encap)
    : encap_{encap},
      sessions_{sessions},
      interval_{interval},
      discriminators_{0x1f3d5b79, sessions, 1},
      slots_{shuffled(sessions, 7)},
      keys_{keys},
      engine_{.slots = sessions,
              .worker = {},
              .discriminators = discriminators_,
              .seed = 42,
              .key_chains = static_cast<std::uint16_t>(authenticated() ? 1 : 0)},
      memory_{runtime::Worker::memory_needed(engine_)} {
    const Cable& cable = Cable::get();
    static unsigned rigs = 0;
    ++rigs;
    pool_ = runtime::make_pool(100 + rigs, kMbufs, SOCKET_ID_ANY);
    if (!pool_) fail("not enough memory for packet buffers");
    static const runtime::Clock clock = calibrated();
    runtime::WorkerSetup setup{.id = {},
                               .clock = clock,
                               .engine = engine_,
                               .memory = memory_.span(),
                               .pool = pool_.get(),
                               .ports = {},
                               .handover_to = {nullptr},
                               .handover_from = {nullptr},
                               .notices = {&notice_, 1}};
    for (const std::uint16_t id : {cable.west, cable.east}) {
        runtime::WorkerPort port;
        port.context.port = {id};
        port.context.mac = id == cable.west ? kWestMac : kEastMac;
        if (id == cable.west) {
            port.context.addresses.add(v4(kWestAddress));
        } else {
            port.context.addresses.set_range(v4(kEastRange), kEastLength);
        }
        port.receives = true;
        port.drain_limit = Cable::kRing;
        port.tx.port = {id};
        setup.ports.push_back(port);
    }
    worker_ = std::make_unique<runtime::Worker>(std::move(setup));
    link_ = runtime::RingLink::create(rigs, SOCKET_ID_ANY, worker_->stats());
    if (!link_) fail("not enough memory for the rings");
    worker_->connect(link_->rings());
    now_ = clock.now() + 1h;  // ahead of the clock that stamps bursts, for good
    if (authenticated()) send({message::RequestId{0}, message::SetKeys{1, &keys_}});
    for (std::uint32_t i = 0; i < sessions; ++i) add(i);
}

Rig::~Rig() {
    for (const std::uint16_t port : {Cable::get().west, Cable::get().east}) {
        std::array<rte_mbuf*, 32> mbufs;
        while (const std::uint16_t n = rte_eth_rx_burst(port, 0, mbufs.data(), mbufs.size())) {
            rte_pktmbuf_free_bulk(mbufs.data(), n);
        }
    }
}

bfd::SessionHandle Rig::handle(std::uint32_t index) const {
    const Slot slot{slots_[index]};
    return {slot, discriminators_.encode({slot, {}, 1})};
}

/// Sessions 2i and 2i + 1 are the ends of path i, the even one on port west.
void Rig::add(std::uint32_t index) {
    const Cable& cable = Cable::get();
    const bool west = index % 2 == 0;
    const IpAddress far = v4(kEastRange + index / 2 + 1);
    const IpAddress near = v4(kWestAddress);
    message::AddSession c;
    c.session = handle(index);
    c.tx_port = {west ? cable.west : cable.east};
    c.parameters.desired_min_tx_interval = interval_;
    c.parameters.required_min_rx_interval = interval_;
    c.parameters.detect_mult = 3;
    c.parameters.key_chain = authenticated() ? 1 : 0;
    carry_in(encap_,
             {.near = west ? near : far,
              .far = west ? far : near,
              .mac = west ? kWestMac : kEastMac,
              .peer_mac = west ? kEastMac : kWestMac,
              .port = c.tx_port,
              .path = index / 2,
              .west = west},
             c);
    send({message::RequestId{index}, c});
}

void Rig::send(const message::Command& command) {
    while (!link_->send(command)) {
        turn();
        take_events();
    }
}

void Rig::turn() noexcept {
    now_ += kTurn;
    static_cast<void>(worker_->turn(now_));
}

std::size_t Rig::take_events() {
    static std::array<message::Event, 512> buffer;
    std::size_t all = 0;
    while (const std::size_t n = link_->receive(buffer)) all += n;
    return all;
}

bool Rig::bring_up(int seconds) {
    const Instant limit = now_ + std::chrono::seconds{seconds};
    std::size_t quiet = 0;
    // Up, and then until no Poll Sequence changes anything any more.
    while (quiet < 2'000'000'000 / static_cast<std::size_t>(kTurn.count())) {
        turn();
        const bool news = take_events() != 0;
        quiet = news || stats().sessions_up.get() != sessions_ ? 0 : quiet + 1;
        if (now_ > limit) return false;
    }
    return true;
}

}  // namespace tocsin::perf
