// Two workers that the test turns by hand, in a time of its own, and one port with one queue: the
// first worker reads and writes it, the second one is handed everything and hands everything over.

#include "dataplane/runtime/worker.hpp"

#include "component/harness.hpp"
#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/packet.hpp"
#include "dataplane/bfd/reflector.hpp"
#include "dataplane/runtime/clock.hpp"
#include "dataplane/runtime/eal.hpp"
#include "dataplane/runtime/handover.hpp"
#include "dataplane/runtime/pool.hpp"
#include "dataplane/runtime/ring_link.hpp"
#include "overlay/echo.hpp"
#include "overlay/sbfd.hpp"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

namespace tocsin::component {
namespace {

using bfd::SessionState;

constexpr MacAddress kOurMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kPeerMac{2, 0, 0, 0, 0, 2};
constexpr std::uint32_t kSlots = 8;
constexpr std::uint16_t kPlaces = 1024;  ///< of the ring that is our transmit queue

/// What is made once, since there is one EAL in the life of a process.
struct Dataplane {
    std::unique_ptr<runtime::Eal> eal;
    runtime::Pool pool;
    rte_ring* to_us = nullptr;
    rte_ring* from_us = nullptr;
    std::uint16_t port = 0;

    static Dataplane& get() {
        static Dataplane* const only = make().release();
        return *only;
    }

private:
    static std::unique_ptr<Dataplane> make() {
        auto out = std::make_unique<Dataplane>();
        out->eal = start_eal(128);
        out->pool = runtime::make_pool(0, 4095, SOCKET_ID_ANY);
        out->to_us = rte_ring_create("to_us", 1024, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
        out->from_us = rte_ring_create("from_us", 1024, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
        const int id = rte_eth_from_rings("cable", &out->to_us, 1, &out->from_us, 1, 0);
        EXPECT_GE(id, 0);
        out->port = static_cast<std::uint16_t>(id);
        rte_eth_conf conf{};
        EXPECT_EQ(rte_eth_dev_configure(out->port, 1, 1, &conf), 0);
        EXPECT_EQ(rte_eth_rx_queue_setup(out->port, 0, 64, 0, nullptr, out->pool.get()), 0);
        EXPECT_EQ(rte_eth_tx_queue_setup(out->port, 0, 64, 0, nullptr), 0);
        EXPECT_EQ(rte_eth_dev_start(out->port), 0);
        return out;
    }
};

class HandedOver : public testing::Test {
protected:
    HandedOver() : now{clock.now() + 1h} {  // ahead of the clock that stamps bursts, for good
        for (std::uint16_t i = 0; i < 2; ++i) {
            const bfd::EngineConfig engine{
                .slots = kSlots, .worker = {i}, .discriminators = discriminators, .seed = 1};
            const std::size_t size = runtime::Worker::memory_needed(engine);
            memory[i] = static_cast<std::byte*>(rte_zmalloc("test", size, 64));
            runtime::WorkerPort port;
            port.context.port = {dpdk.port};
            port.context.mac = kOurMac;
            port.context.addresses.add(v4(1));
            port.context.on_link.add({.address = v4(1), .length = 24});
            port.receives = i == 0;
            port.drain_limit = 4096;
            port.tx.port = {dpdk.port};
            port.tx.descriptors = kPlaces;
            if (i == 1) port.tx.handover = handover->ring(1, 0);
            workers[i] = std::make_unique<runtime::Worker>(
                runtime::WorkerSetup{.id = {i},
                                     .workers = 2,
                                     .clock = clock,
                                     .engine = engine,
                                     .memory = {memory[i], size},
                                     .pool = dpdk.pool.get(),
                                     .ports = {port},
                                     .handover_to = {handover->ring(i, 0), handover->ring(i, 1)},
                                     .handover_from = {handover->ring(0, i), handover->ring(1, i)},
                                     .notices = handover->notices(),
                                     .readers = 1});
            links[i] = runtime::RingLink::create(i, SOCKET_ID_ANY, workers[i]->stats());
            workers[i]->connect(links[i]->rings());
        }
    }
    ~HandedOver() override {
        for (rte_ring* const ring : {dpdk.to_us, dpdk.from_us}) {
            void* mbuf = nullptr;
            while (rte_ring_dequeue(ring, &mbuf) == 0) {
                rte_pktmbuf_free(static_cast<rte_mbuf*>(mbuf));
            }
        }
        for (int i = 0; i < 2; ++i) {
            workers[i].reset();
            links[i].reset();
            rte_free(memory[i]);
        }
    }

    void turn(std::uint16_t worker) { static_cast<void>(workers[worker]->turn(now)); }

    [[nodiscard]] bfd::SessionHandle handle(std::uint16_t worker) const {
        return {{0}, discriminators.encode({{0}, {worker}, 1})};
    }
    /// A session on `worker`, 20 ms each way.
    void add(std::uint16_t worker) {
        message::AddSession c;
        c.session = handle(worker);
        c.key.family = AddressFamily::V4;
        c.key.port = {dpdk.port};
        c.key.local = v4(1).octets;
        c.key.remote = v4(2).octets;
        c.parameters.desired_min_tx_interval = c.parameters.required_min_rx_interval = 20ms;
        c.tx_port = {dpdk.port};
        c.headers = overlay::single_hop_headers({.source_mac = kOurMac,
                                                 .destination_mac = kPeerMac,
                                                 .source = v4(1),
                                                 .destination = v4(2)});
        ASSERT_TRUE(links[worker]->send({message::RequestId{1}, c}));
        turn(worker);
    }
    /// What the peer of that session sends, 20 ms each way.
    [[nodiscard]] rte_mbuf* from_peer(std::uint16_t worker, SessionState state) const {
        return from_peer(handle(worker).local_discr, state);
    }
    [[nodiscard]] rte_mbuf* from_peer(Discriminator yours, SessionState state) const {
        const auto headers = overlay::single_hop_headers({.source_mac = kPeerMac,
                                                          .destination_mac = kOurMac,
                                                          .source = v4(2),
                                                          .destination = v4(1)});
        bfd::ControlPacket says;
        says.state = state;
        says.detect_mult = 3;
        says.my_discriminator = {7};
        says.your_discriminator = yours;
        says.desired_min_tx_interval = says.required_min_rx_interval = 20ms;
        const bfd::ControlOctets payload = bfd::encode(says);
        const std::size_t length = headers.length + payload.size();
        rte_mbuf* const m = rte_pktmbuf_alloc(dpdk.pool.get());
        auto* const to = rte_pktmbuf_mtod(m, std::uint8_t*);
        std::memcpy(to, headers.octets.data(), headers.length);
        std::memcpy(to + headers.length, payload.data(), payload.size());
        overlay::finish_udp_checksum({to, length}, headers);
        m->data_len = static_cast<std::uint16_t>(length);
        m->pkt_len = m->data_len;
        m->port = dpdk.port;
        m->hash.usr = 0;
        return m;
    }
    [[nodiscard]] rte_mbuf* leaving(std::uint8_t mark,
                                    std::uint32_t kind = runtime::kForTransmission) const {
        rte_mbuf* const m = rte_pktmbuf_alloc(dpdk.pool.get());
        std::memset(rte_pktmbuf_append(m, 60), mark, 60);
        m->port = dpdk.port;
        m->hash.usr = kind;
        return m;
    }
    [[nodiscard]] std::uint64_t dropped(std::uint16_t worker, DropReason reason) const {
        return workers[worker]->stats().drops[static_cast<std::size_t>(reason)].get();
    }
    void arrive(rte_mbuf* m) const { ASSERT_EQ(rte_ring_enqueue(dpdk.to_us, m), 0); }

    /// The state changes that `worker` reported since the last call.
    [[nodiscard]] std::vector<bfd::SessionEvent> events(std::uint16_t worker) {
        std::vector<bfd::SessionEvent> out;
        std::array<message::Event, 64> buffer;
        const std::size_t n = links[worker]->receive(buffer);
        for (std::size_t i = 0; i < n; ++i) {
            const auto* e = std::get_if<bfd::SessionEvent>(&buffer[i].body);
            if (e != nullptr && e->transitions != 0) out.push_back(*e);
        }
        return out;
    }

    static runtime::Clock calibrated() {
        const auto first = runtime::ClockReading::take();
        std::this_thread::sleep_for(runtime::Clock::kShortestCalibration);
        return {first, runtime::ClockReading::take()};
    }

    Dataplane& dpdk = Dataplane::get();
    runtime::Clock clock = calibrated();
    bfd::DiscriminatorCodec discriminators{99, kSlots, 2};
    std::unique_ptr<runtime::Handover> handover = runtime::Handover::create(2);
    std::array<std::byte*, 2> memory{};
    std::array<std::unique_ptr<runtime::Worker>, 2> workers;
    std::array<std::unique_ptr<runtime::RingLink>, 2> links;
    Instant now;
};

// A worker with a queue of one port and none of another gets both kinds through one ring.
TEST_F(HandedOver, PacketsKeepTheirOrder) {
    add(0);
    ASSERT_TRUE(events(0).empty());
    std::array<void*, 4> mixed{from_peer(0, SessionState::Init), from_peer(0, SessionState::Down),
                               leaving(1), leaving(2)};
    ASSERT_EQ(rte_ring_enqueue_bulk(handover->ring(1, 0), mixed.data(), 4, nullptr), 4U);
    turn(0);
    const auto changes = events(0);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].now.session_state, SessionState::Down) << "Up, and then the peer's Down";
    EXPECT_EQ(changes[0].transitions, 2U);
    std::vector<std::uint8_t> marks;
    for (void* m = nullptr; rte_ring_dequeue(dpdk.from_us, &m) == 0;) {
        auto* const mbuf = static_cast<rte_mbuf*>(m);
        const std::uint8_t first = *rte_pktmbuf_mtod(mbuf, std::uint8_t*);
        if (first <= 2 && mbuf->pkt_len == 60) marks.push_back(first);
        rte_pktmbuf_free(mbuf);
    }
    EXPECT_EQ(marks, (std::vector<std::uint8_t>{1, 2}));
}

// Packets with Your Discriminator zero need nothing but an address and a TTL to be sent.
TEST_F(HandedOver, PacketsThatNobodyKnowsLeaveRoomForThoseOfSessions) {
    rte_ring* const to_other = handover->ring(0, 1);
    const auto flood = [&](Discriminator yours, SessionState state, unsigned packets) {
        for (unsigned i = 0; i < packets; ++i) arrive(from_peer(yours, state));
        turn(0);
    };
    const auto dropped = [&] {
        return workers[0]
            ->stats()
            .drops[static_cast<std::size_t>(DropReason::HandoverRingFull)]
            .get();
    };
    for (int i = 0; i < 3; ++i) flood({}, SessionState::Down, 600);
    const unsigned strangers = rte_ring_count(to_other);
    EXPECT_GE(strangers, runtime::kHandoverCapacity / 2);
    EXPECT_LT(strangers, runtime::kHandoverCapacity / 2 + 64);
    EXPECT_EQ(dropped(), 1800 - strangers);
    flood(handle(1).local_discr, SessionState::Up, 900);
    EXPECT_EQ(rte_ring_count(to_other), strangers + 900);
    EXPECT_EQ(dropped(), 1800 - strangers) << "one of an established session";
}

/// A session on the worker that reads the port, Up, and stations that ask for their Echo packets.
class EchoOfPeers : public HandedOver {
protected:
    EchoOfPeers() {
        add(0);
        arrive(from_peer(0, SessionState::Init));
        go_on(500ms, 0, 0);
        EXPECT_EQ(workers[0]->stats().sessions_up.get(), 1U);
        static_cast<void>(events(0));
        look();
    }
    ~EchoOfPeers() override { rte_eth_fp_ops[dpdk.port].tx_descriptor_status = nullptr; }

    /// What the sessions of the port advertise.
    void allow(std::uint32_t rate) {
        const message::SetEchoLooping c{.port = {dpdk.port}, .rate = rate};
        ASSERT_TRUE(links[0]->send({message::RequestId{2}, c}));
        turn(0);
    }
    [[nodiscard]] rte_mbuf* echo(std::uint8_t station) const {
        MacAddress mac = kPeerMac;
        mac[5] = station;
        overlay::HeaderTemplate headers = overlay::echo_headers(
            {.source_mac = mac, .destination_mac = kOurMac, .source = v4(2), .destination = v4(2)});
        rte_mbuf* const m = rte_pktmbuf_alloc(dpdk.pool.get());
        auto* const to = rte_pktmbuf_mtod(m, std::uint8_t*);
        m->data_len = m->pkt_len = static_cast<std::uint16_t>(headers.length + 24);
        std::memset(to, 0, m->data_len);
        std::memcpy(to, headers.octets.data(), headers.length);
        overlay::finish_udp_checksum({to, m->data_len}, headers);
        m->port = dpdk.port;
        m->hash.usr = 0;
        return m;
    }
    /// The peer speaks, the hostile station floods, the peer's own Echo comes every 50 ms; so many
    /// packets leave the transmit queue in each millisecond.
    void go_on(Nanoseconds span, unsigned hostile_each_ms, unsigned leave_each_ms = kPlaces) {
        unsigned ms = 0;
        for (const Instant end = now + span; now < end; now += 1ms, ++ms) {
            if (ms % 20 == 0) arrive(from_peer(0, SessionState::Up));
            for (unsigned i = 0; i < hostile_each_ms; ++i) arrive(echo(9));
            if (hostile_each_ms != 0 && ms % 50 == 0) {
                arrive(echo(3));
                ++asked;
            }
            turn(0);
            turn(1);
            look(leave_each_ms);
        }
    }
    /// Takes what has left.
    void look(unsigned most = kPlaces) {
        void* m = nullptr;
        for (; most != 0 && rte_ring_dequeue(dpdk.from_us, &m) == 0; --most) {
            auto* const mbuf = static_cast<rte_mbuf*>(m);
            const auto* const frame = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
            if (frame[36] == 0x0e && frame[37] == 0xc9) ++(frame[5] == 3 ? legitimate : hostile);
            rte_pktmbuf_free(mbuf);
        }
    }
    /// From now on the driver says how full the queue is.
    void let_the_driver_tell() const {
        static rte_ring* queue = nullptr;
        queue = dpdk.from_us;
        rte_eth_fp_ops[dpdk.port].tx_descriptor_status = [](void*, std::uint16_t offset) {
            return offset < rte_ring_free_count(queue) ? RTE_ETH_TX_DESC_DONE
                                                       : RTE_ETH_TX_DESC_FULL;
        };
    }
    void expect_no_harm() {
        EXPECT_EQ(dropped(0, DropReason::TxQueueFull), 0U);
        EXPECT_EQ(workers[0]->stats().transitions_down.get(), 0U);
    }

    unsigned asked = 0;  ///< Echo packets of the peer itself
    unsigned legitimate = 0;
    unsigned hostile = 0;
};

TEST_F(EchoOfPeers, AFloodStarvesOnlyTheStationThatSendsIt) {
    allow(20);
    go_on(10s, 200);
    EXPECT_EQ(legitimate, asked);
    EXPECT_LE(hostile, 600U + 1);
    EXPECT_GE(hostile, 599U);
    EXPECT_EQ(dropped(0, DropReason::EchoRateLimited), 10'000U * 200 - hostile);
    EXPECT_EQ(dropped(0, DropReason::EchoNoRoom), 0U);
    expect_no_harm();
}

TEST_F(EchoOfPeers, NeverFillAQueueThatDoesNotSayHowFullItIs) {
    allow(10'000'000);
    go_on(2s, 600, 100);
    EXPECT_GE(hostile, 2000U * 60);
    EXPECT_LE(hostile, 2000U * 64 + 256);
    EXPECT_GT(dropped(0, DropReason::EchoNoRoom), 0U);
    expect_no_harm();
}

TEST_F(EchoOfPeers, LeaveHalfOfAQueueThatSaysHowFullItIs) {
    let_the_driver_tell();
    allow(10'000'000);
    go_on(20ms, 600, 0);
    const unsigned waiting = rte_ring_count(dpdk.from_us);
    EXPECT_GE(waiting, kPlaces / 2U - 64);
    EXPECT_LE(waiting, kPlaces / 2U + 8) << "and some Control packets";
    go_on(2s, 600, 300);  // as many leave as may
    EXPECT_GE(hostile, 2000U * 290);
    expect_no_harm();
}

TEST_F(EchoOfPeers, PauseWhenAQueueThatDoesNotSayHowFullItIsHasRefusedSome) {
    allow(10'000'000);
    go_on(20ms, 600, 0);
    EXPECT_EQ(rte_ring_free_count(dpdk.from_us), 0U);
    look();
    hostile = 0;
    go_on(5ms, 600);
    EXPECT_EQ(hostile, 0U);
    go_on(30ms, 600);
    EXPECT_GT(hostile, 0U);
}

TEST_F(EchoOfPeers, HandedOverLeaveHalfOfTheQueueToo) {
    let_the_driver_tell();
    const auto hand = [this](std::uint8_t mark, std::uint32_t kind, unsigned packets) {
        for (unsigned i = 0; i < packets; ++i) {
            ASSERT_EQ(rte_ring_enqueue(handover->ring(1, 0), leaving(mark, kind)), 0);
        }
        turn(0);
    };
    hand(1, runtime::kForTransmission | runtime::kOthers, 700);
    const unsigned waiting = rte_ring_count(dpdk.from_us);
    EXPECT_LE(waiting, kPlaces / 2U + 8);
    EXPECT_GE(waiting, kPlaces / 2U - 64);
    EXPECT_EQ(dropped(0, DropReason::EchoNoRoom), 700 - waiting);
    hand(2, runtime::kForTransmission, 300);
    EXPECT_EQ(rte_ring_count(dpdk.from_us), waiting + 300);
    expect_no_harm();
}

/// A session on the worker that reads the port, and initiators that ask a reflector.
class ReflectorOnAPort : public EchoOfPeers {
protected:
    static constexpr std::uint32_t kEntity = 0xc6336401;

    ReflectorOnAPort() { table.set({.discriminator = {kEntity}, .counter = 5}); }

    void tell(const bfd::ReflectorTable* t, std::uint32_t rate = 1'000'000,
              std::uint32_t rate_per_source = 100'000) {
        const message::SetReflectors c{
            .table = t, .rate = rate, .rate_per_source = rate_per_source};
        ASSERT_TRUE(links[0]->send({message::RequestId{3}, c}));
        turn(0);
    }
    [[nodiscard]] rte_mbuf* request(std::uint8_t source, std::uint32_t yours = kEntity) const {
        const overlay::HeaderTemplate headers = overlay::sbfd_headers({.source_mac = kPeerMac,
                                                                       .destination_mac = kOurMac,
                                                                       .source = v4(source),
                                                                       .destination = v4(1),
                                                                       .source_port = 50100});
        bfd::ControlPacket says;
        says.state = SessionState::Down;
        says.demand = true;
        says.detect_mult = 3;
        says.my_discriminator = {7};
        says.your_discriminator = {yours};
        says.desired_min_tx_interval = 20ms;
        const bfd::ControlOctets payload = bfd::encode(says);
        rte_mbuf* const m = rte_pktmbuf_alloc(dpdk.pool.get());
        auto* const to = rte_pktmbuf_mtod(m, std::uint8_t*);
        m->data_len = m->pkt_len = static_cast<std::uint16_t>(headers.length + payload.size());
        std::memcpy(to, headers.octets.data(), headers.length);
        std::memcpy(to + headers.length, payload.data(), payload.size());
        overlay::finish_udp_checksum({to, m->data_len}, headers);
        m->port = dpdk.port;
        m->hash.usr = 0;
        return m;
    }
    /// Answers to `source` that left since the last call; everything else is thrown away.
    unsigned answers(std::uint8_t source) {
        unsigned out = 0;
        void* one = nullptr;
        while (rte_ring_dequeue(dpdk.from_us, &one) == 0) {
            auto* const m = static_cast<rte_mbuf*>(one);
            const auto* const f = rte_pktmbuf_mtod(m, const std::uint8_t*);
            out += m->data_len == 66 && load_be16(f + 34) == 7784 && f[33] == source ? 1 : 0;
            rte_pktmbuf_free(m);
        }
        return out;
    }
    [[nodiscard]] const message::ReflectorStats& counted() const {
        return workers[0]->stats().reflectors[5];
    }

    bfd::ReflectorTable table;
};

// req: RFC7880-5-02 RFC7880-7.2.1-02 RFC7880-8.1-01
TEST_F(ReflectorOnAPort, AnswersEachRequestOfManyAndKeepsNoState) {
    tell(&table, 1'000'000, 100'000);
    const std::uint64_t sessions = workers[0]->stats().sessions.get();
    unsigned out = 0;
    for (unsigned i = 0; i < 1000; i += 100) {
        for (unsigned j = 0; j < 100; ++j) arrive(request(static_cast<std::uint8_t>(3 + j)));
        turn(0);
        void* one = nullptr;
        while (rte_ring_dequeue(dpdk.from_us, &one) == 0) {
            auto* const m = static_cast<rte_mbuf*>(one);
            out += load_be16(rte_pktmbuf_mtod(m, const std::uint8_t*) + 34) == 7784 ? 1 : 0;
            rte_pktmbuf_free(m);
        }
        now += 2ms;  // within what a queue that does not tell is trusted with
    }
    EXPECT_EQ(out, 1000U);
    EXPECT_EQ(workers[0]->stats().reflected.get(), 1000U);
    EXPECT_EQ(counted().answered.get(), 1000U);
    EXPECT_EQ(workers[0]->stats().sessions.get(), sessions);
}

// req: RFC7880-5-03 RFC7880-7.2.1-01
TEST_F(ReflectorOnAPort, AnswersForNobodyElseAndNobodyWithoutATable) {
    arrive(request(2));
    turn(0);
    EXPECT_EQ(answers(2), 0U);
    EXPECT_EQ(dropped(0, DropReason::YourDiscriminatorUnknown), 1U);
    tell(&table);
    arrive(request(2, kEntity + 1));
    arrive(request(2));
    turn(0);
    EXPECT_EQ(answers(2), 1U);
    EXPECT_EQ(dropped(0, DropReason::YourDiscriminatorUnknown), 2U);
    tell(nullptr);
    arrive(request(2));
    turn(0);
    EXPECT_EQ(answers(2), 0U);
}

// req: RFC7880-5-03
TEST_F(ReflectorOnAPort, AFloodCostsOnlyItsSource) {
    tell(&table, 100'000, 100);
    unsigned flood = 0;
    unsigned peer_back = 0;
    for (int ms = 0; ms < 1000; ++ms, now += 1ms) {
        for (int i = 0; i < 10; ++i) arrive(request(9));
        turn(0);
        flood += answers(9);
        if (ms % 20 != 0) continue;
        arrive(request(3));
        turn(0);
        peer_back += answers(3);
    }
    EXPECT_EQ(peer_back, 50U);
    EXPECT_LE(flood, 100U + 65);
    EXPECT_EQ(dropped(0, DropReason::ReflectorRateLimited), 10'000U - flood);
    EXPECT_EQ(counted().refused.get(), 10'000U - flood);
}

TEST_F(ReflectorOnAPort, AFullQueueIsNotFilledForOthers) {
    tell(&table);
    for (unsigned i = 0; i < 200; ++i) arrive(request(static_cast<std::uint8_t>(3 + i)));
    turn(0);  // nobody begins with a burst
    static_cast<void>(answers(3));
    now += 1s;
    turn(0);
    static_cast<void>(answers(3));
    let_the_driver_tell();
    for (unsigned i = 0; i < 900; ++i) arrive(request(static_cast<std::uint8_t>(3 + i % 200)));
    turn(0);
    const unsigned waiting = rte_ring_count(dpdk.from_us);
    EXPECT_LE(waiting, kPlaces / 2U + 8);
    EXPECT_GE(waiting, kPlaces / 2U - 64);
    EXPECT_EQ(dropped(0, DropReason::ReflectorNoRoom), 900 - waiting);
    EXPECT_EQ(dropped(0, DropReason::EchoNoRoom), 0U);
}

TEST(Hearing, LetsAWorkerSleepOnlyAsLongAsEachOneAllows) {
    std::array<runtime::Notice, 3> notices;
    const Instant now{10s};
    runtime::Hearing a{0, notices, 1, now};
    runtime::Hearing b{1, notices, 1, now};
    runtime::Hearing c{2, notices, 1, now};
    a.tell(now, 2);
    b.tell(now, 0);
    c.tell(now, 1);
    EXPECT_EQ(a.least_leisure(2), 0U);
    EXPECT_EQ(b.least_leisure(0), 0U);
    b.tell(now, 2);
    EXPECT_EQ(a.least_leisure(2), 1U);
    c.tell(now, 2);
    EXPECT_EQ(a.least_leisure(2), 2U);
    EXPECT_EQ(a.least_leisure(1), 1U);
}

/// A session on the second worker, Up.
class OtherWorkersPackets : public HandedOver {
protected:
    OtherWorkersPackets() {
        add(1);
        arrive(from_peer(1, SessionState::Init));
        go_on(500ms, true, true);
        EXPECT_EQ(workers[1]->stats().sessions_up.get(), 1U);
        static_cast<void>(events(1));
    }

    /// Both workers turn, or only that of the session; the peer sends, or is silent.
    void go_on(Nanoseconds span, bool first_turns, bool peer_sends) {
        for (const Instant end = now + span; now < end;) {
            if (peer_sends) arrive(from_peer(1, SessionState::Up));
            for (int i = 0; i < 20; ++i) {
                now += 1ms;
                if (first_turns) turn(0);
                turn(1);
            }
        }
    }
};

// The packets wait in the queue of a worker that stands still: the peer has missed nothing.
TEST_F(OtherWorkersPackets, AreWaitedForWhileThatOneStandsStill) {
    go_on(300ms, false, true);
    go_on(500ms, true, true);
    EXPECT_TRUE(events(1).empty());
    EXPECT_EQ(workers[1]->stats().transitions_down.get(), 0U);
}

TEST_F(OtherWorkersPackets, ThatDoNotComeAreMissedWhenItIsBackAndWhatStoodStillIsTold) {
    go_on(200ms, false, false);
    EXPECT_TRUE(events(1).empty());
    go_on(60ms, true, false);
    const auto changes = events(1);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].now.local_diag, bfd::Diag::ControlDetectionTimeExpired);
    EXPECT_GE(changes[0].loop_gap, 100ms);
    EXPECT_LE(changes[0].loop_gap, 201ms);
}

TEST_F(OtherWorkersPackets, AreNotWaitedForWhenItNeverComesBack) {
    go_on(900ms, false, true);
    EXPECT_TRUE(events(1).empty());
    go_on(200ms, false, true);
    const auto changes = events(1);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].now.session_state, SessionState::Down);
    EXPECT_GE(changes[0].loop_gap, 1s);
}

// 8.8 ms more in the queue of a worker whose own sessions have time would be nearly a Detection
// Time of three times 3 ms.
TEST_F(OtherWorkersPackets, DoNotWaitForAWorkerWhoseOwnSessionsHaveTime) {
    EXPECT_EQ(handover->notices()[0].leisure.load(), bfd::kMostLeisure) << "it has none";
    EXPECT_EQ(handover->notices()[1].leisure.load(), 0U);
}

TEST_F(OtherWorkersPackets, AreMissedInTimeWhileItTurns) {
    turn(0);
    turn(1);
    const Instant last = now;
    while (events(1).empty() && now < last + 200ms) {
        now += 1ms;
        turn(0);
        turn(1);
    }
    EXPECT_LE(now - last, 61ms);
    EXPECT_GE(now - last, 40ms);
}

}  // namespace
}  // namespace tocsin::component
