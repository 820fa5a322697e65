// Echo packets of peers and requests to an S-BFD reflector, in and out of one port by a worker of
// the daemon, in a time of its own: what one that is sent back costs, and one that is too many.

#include "dataplane/bfd/packet.hpp"
#include "dataplane/bfd/reflector.hpp"
#include "dataplane/runtime/clock.hpp"
#include "dataplane/runtime/handover.hpp"
#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/ring_link.hpp"
#include "dataplane/runtime/worker.hpp"
#include "micro/cycles.hpp"
#include "micro/rig.hpp"
#include "overlay/echo.hpp"
#include "overlay/sbfd.hpp"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

namespace tocsin::perf {

using namespace std::chrono_literals;

namespace {

constexpr MacAddress kOurMac{2, 0, 0, 0, 0, 1};
constexpr unsigned kTrain = 128;  ///< packets in a turn
constexpr Nanoseconds kTurn =
    4ms;  ///< less than 64,000 packets a second: the queue does not say how full it is
constexpr std::size_t kPayload = 64;
constexpr std::uint32_t kEntity = 0xc6336401;  ///< the last of eight

IpAddress address(std::uint8_t last) {
    return ip_address(std::array<std::uint8_t, 4>{192, 0, 2, last});
}

/// A worker with one in-memory port that sends Echo packets back, and stations that send them.
class Mirror {
public:
    static Mirror& get() {
        static Mirror* const only = new Mirror;  // lives as long as EAL
        return *only;
    }

    /// What stations may send from now on, packets a second by all sessions together.
    void allow(std::uint32_t rate) {
        const message::Command command{message::RequestId{1}, looping(rate)};
        static_cast<void>(link_->send(command));
        now_ += 1s;
        static_cast<void>(worker_->turn(now_));
        static std::array<message::Event, 64> events;
        static_cast<void>(link_->receive(events));
    }

    /// Requests instead of Echo packets from now on, so many of each source answered in a second.
    void reflect(std::uint32_t rate_per_source) {
        const message::Command command{
            message::RequestId{2},
            message::SetReflectors{
                .table = &table_, .rate = 1'000'000, .rate_per_source = rate_per_source}};
        static_cast<void>(link_->send(command));
        now_ += 1s;
        static_cast<void>(worker_->turn(now_));
        static std::array<message::Event, 64> events;
        static_cast<void>(link_->receive(events));
        const overlay::HeaderTemplate headers =
            overlay::sbfd_headers({.source_mac = {2, 0, 0, 0, 0, 2},
                                   .destination_mac = kOurMac,
                                   .source = address(2),
                                   .destination = address(1),
                                   .source_port = 50100});
        const bfd::ControlOctets request =
            bfd::encode({.state = bfd::SessionState::Up,
                         .demand = true,
                         .detect_mult = 3,
                         .my_discriminator = {7},
                         .your_discriminator = {kEntity},
                         .desired_min_tx_interval = WireInterval{50'000}});
        length_ = static_cast<std::uint16_t>(headers.length + request.size());
        std::memcpy(frame_.data(), headers.octets.data(), headers.length);
        std::memcpy(frame_.data() + headers.length, request.data(), request.size());
        overlay::finish_udp_checksum({frame_.data(), length_}, headers);
    }

    /// One turn that finds kTrain packets of as many stations, kTurn later.
    void turn(unsigned stations) {
        for (unsigned i = 0; i < kTrain; ++i) {
            rte_mbuf* const m = rte_pktmbuf_alloc(pool_.get());
            if (m == nullptr) std::abort();
            auto* const to = rte_pktmbuf_mtod(m, std::uint8_t*);
            std::memcpy(to, frame_.data(), length_);
            to[11] = static_cast<std::uint8_t>(2 + next_++ % stations);  // last octet of the MAC
            m->data_len = m->pkt_len = length_;
            if (rte_ring_enqueue(to_us_, m) != 0) std::abort();
        }
        now_ += kTurn;
        static_cast<void>(worker_->turn(now_));
        std::array<void*, kTrain> back;
        while (const unsigned n =
                   rte_ring_dequeue_burst(from_us_, back.data(), back.size(), nullptr)) {
            rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(back.data()), n);
        }
    }
    [[nodiscard]] const message::WorkerStats& stats() const { return worker_->stats(); }

private:
    [[nodiscard]] message::SetEchoLooping looping(std::uint32_t rate) const {
        return {.port = {port_}, .rate = rate};
    }

    Mirror()
        : pool_{runtime::make_pool(90, 8191, SOCKET_ID_ANY)},
          to_us_{rte_ring_create("mirror_in", 1024, 0, RING_F_SP_ENQ | RING_F_SC_DEQ)},
          from_us_{rte_ring_create("mirror_out", 1024, 0, RING_F_SP_ENQ | RING_F_SC_DEQ)} {
        const int id = rte_eth_from_rings("mirror", &to_us_, 1, &from_us_, 1, SOCKET_ID_ANY);
        if (id < 0) std::abort();
        port_ = static_cast<std::uint16_t>(id);
        rte_eth_conf conf{};
        if (rte_eth_dev_configure(port_, 1, 1, &conf) != 0 ||
            rte_eth_rx_queue_setup(port_, 0, 512, SOCKET_ID_ANY, nullptr, pool_.get()) != 0 ||
            rte_eth_tx_queue_setup(port_, 0, 512, SOCKET_ID_ANY, nullptr) != 0 ||
            rte_eth_dev_start(port_) != 0) {
            std::abort();
        }
        const runtime::ClockReading first = runtime::ClockReading::take();
        std::this_thread::sleep_for(runtime::Clock::kShortestCalibration);
        const runtime::Clock clock{first, runtime::ClockReading::take()};
        const bfd::EngineConfig engine{
            .slots = 8, .worker = {}, .discriminators = {1, 8, 1}, .seed = 1};
        memory_ = std::make_unique<Memory>(runtime::Worker::memory_needed(engine));
        runtime::WorkerPort port;
        port.context.port = {port_};
        port.context.mac = kOurMac;
        port.context.addresses.add(address(1));
        port.context.on_link.add({.address = address(1), .length = 24});
        port.receives = true;
        port.drain_limit = 4096;
        port.tx.port = {port_};
        worker_ = std::make_unique<runtime::Worker>(runtime::WorkerSetup{.id = {},
                                                                         .clock = clock,
                                                                         .engine = engine,
                                                                         .memory = memory_->span(),
                                                                         .pool = pool_.get(),
                                                                         .ports = {port},
                                                                         .handover_to = {nullptr},
                                                                         .handover_from = {nullptr},
                                                                         .notices = {&notice_, 1}});
        link_ = runtime::RingLink::create(90, SOCKET_ID_ANY, worker_->stats());
        worker_->connect(link_->rings());
        now_ = clock.now() + 24h;
        for (std::uint32_t i = 0; i < 7; ++i) table_.set({.discriminator = {i + 1}});
        table_.set({.discriminator = {kEntity}});

        const overlay::HeaderTemplate headers =
            overlay::echo_headers({.source_mac = {2, 0, 0, 0, 0, 2},
                                   .destination_mac = kOurMac,
                                   .source = address(2),
                                   .destination = address(2)});
        length_ = static_cast<std::uint16_t>(headers.length + kPayload);
        overlay::HeaderTemplate sized = headers;
        sized.payload_length = kPayload;
        std::memcpy(frame_.data(), headers.octets.data(), headers.length);
        overlay::set_lengths({frame_.data(), length_}, sized);
        overlay::finish_udp_checksum({frame_.data(), length_}, sized);
    }

    runtime::Pool pool_;
    rte_ring* to_us_;
    rte_ring* from_us_;
    std::uint16_t port_ = 0;
    std::unique_ptr<Memory> memory_;
    runtime::Notice notice_;
    std::unique_ptr<runtime::Worker> worker_;
    std::unique_ptr<runtime::RingLink> link_;
    Instant now_;
    std::array<std::uint8_t, 256> frame_{};
    std::uint16_t length_ = 0;
    unsigned next_ = 0;
    bfd::ReflectorTable table_;
};

/// Cycles of reception, which sends them back too, for each Echo packet that came.
void reflect(benchmark::State& state, unsigned stations, std::uint32_t rate) {
    Mirror& mirror = Mirror::get();
    mirror.allow(rate);
    const message::WorkerStats& s = mirror.stats();
    Costs costs;
    std::uint64_t looped = 0;
    std::uint64_t all = 0;
    for (auto _ : state) {
        const std::uint64_t cycles = s.rx_cycles.get();
        const std::uint64_t before = s.echo_looped.get();
        for (int i = 0; i < 64; ++i) mirror.turn(stations);
        costs.add(s.rx_cycles.get() - cycles, 64 * kTrain);
        looped += s.echo_looped.get() - before;
        all += 64 * kTrain;
    }
    report(state, costs, nullptr);
    state.counters["looped_share"] = static_cast<double>(looped) / static_cast<double>(all);
}

/// The same for each request to a reflector.
void reflect_sbfd(benchmark::State& state, std::uint32_t rate_per_source) {
    Mirror& mirror = Mirror::get();
    mirror.reflect(rate_per_source);
    const message::WorkerStats& s = mirror.stats();
    Costs costs;
    std::uint64_t answered = 0;
    std::uint64_t all = 0;
    for (auto _ : state) {
        const std::uint64_t cycles = s.rx_cycles.get();
        const std::uint64_t before = s.reflected.get();
        for (int i = 0; i < 64; ++i) mirror.turn(1);
        costs.add(s.rx_cycles.get() - cycles, 64 * kTrain);
        answered += s.reflected.get() - before;
        all += 64 * kTrain;
    }
    report(state, costs, nullptr);
    state.counters["answered_share"] = static_cast<double>(answered) / static_cast<double>(all);
}

}  // namespace

void register_reflect() {
    constexpr std::uint32_t kEnough = 1'000'000;  // 32,000 packets a second come
    for (const unsigned stations : {1U, 100U}) {
        benchmark::RegisterBenchmark(("reflect/" + std::to_string(stations)).c_str(), reflect,
                                     stations, kEnough)
            ->MinTime(1.5);
    }
    benchmark::RegisterBenchmark("reflect_flood", reflect, 1U, 20U)->MinTime(1.5);
    benchmark::RegisterBenchmark("reflect_sbfd", reflect_sbfd, kEnough)->MinTime(1.5);
    benchmark::RegisterBenchmark("reflect_sbfd_flood", reflect_sbfd, 100U)->MinTime(1.5);
}

}  // namespace tocsin::perf
