// The least that sending and receiving one packet costs on this machine: mbufs allocated in bulk, a
// 128-byte template copied, one random hot line written, a ring in and out, one random hot line
// read and written on receipt, mbufs freed in bulk. No protocol at all.

#include "micro/cycles.hpp"
#include "micro/rig.hpp"

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <cstring>
#include <string>

namespace tocsin::perf {

namespace {

constexpr unsigned kBurst = 32;

struct alignas(64) Line {
    std::uint64_t words[8];
};
struct alignas(64) Template {
    std::uint8_t octets[128];
};

void floor(benchmark::State& state, std::uint32_t sessions) {
    static const runtime::Pool pool = runtime::make_pool(99, 8191, SOCKET_ID_ANY);
    static rte_ring* const ring =
        rte_ring_create("floor", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    const Memory line_memory{sessions * sizeof(Line)};
    const Memory template_memory{sessions * sizeof(Template)};
    auto* const lines = reinterpret_cast<Line*>(line_memory.span().data());
    auto* const templates = reinterpret_cast<Template*>(template_memory.span().data());
    const std::vector<std::uint32_t> order = shuffled(sessions, 1);
    const std::vector<std::uint32_t> peer = shuffled(sessions, 2);
    for (std::uint32_t i = 0; i < sessions; ++i) {
        std::memcpy(templates[i].octets + 46, &peer[i], sizeof peer[i]);
    }
    std::array<rte_mbuf*, kBurst> mbufs;
    std::array<rte_mbuf*, kBurst> received;
    std::array<std::uint32_t, kBurst> index;
    std::size_t at = 0;
    std::uint64_t packets = 0;
    const auto burst = [&] {
        if (at + 2 * kBurst > order.size()) at = 0;
        rte_pktmbuf_alloc_bulk(pool.get(), mbufs.data(), kBurst);
        for (unsigned i = 0; i < kBurst; ++i) {
            const std::uint32_t ahead = order[at + i + kBurst / 2];
            __builtin_prefetch(&lines[ahead], 1);
            __builtin_prefetch(templates[ahead].octets);
            __builtin_prefetch(templates[ahead].octets + 64);
            const std::uint32_t slot = order[at + i];
            std::memcpy(rte_pktmbuf_mtod(mbufs[i], void*), templates[slot].octets, 128);
            lines[slot].words[0] = packets;
        }
        at += kBurst;
        rte_ring_sp_enqueue_bulk(ring, reinterpret_cast<void**>(mbufs.data()), kBurst, nullptr);
        rte_ring_sc_dequeue_bulk(ring, reinterpret_cast<void**>(received.data()), kBurst, nullptr);
        for (unsigned i = 0; i < kBurst; ++i) {
            std::memcpy(&index[i], rte_pktmbuf_mtod(received[i], const std::uint8_t*) + 46,
                        sizeof index[i]);
            __builtin_prefetch(&lines[index[i]], 1);
        }
        for (unsigned i = 0; i < kBurst; ++i) lines[index[i]].words[1] += packets;
        rte_pktmbuf_free_bulk(received.data(), kBurst);
        packets += kBurst;
    };
    while (packets < sessions) burst();  // every page and line once
    packets = 0;
    Costs costs;
    for (auto _ : state) {
        const std::uint64_t before = packets;
        const std::uint64_t start = rte_rdtsc_precise();
        for (int i = 0; i < 256; ++i) burst();
        costs.add(rte_rdtsc_precise() - start, packets - before);
    }
    set_floor(sessions, costs.median());
    report(state, sessions, costs);
}

}  // namespace

void register_floor(std::uint32_t sessions) {
    benchmark::RegisterBenchmark(("floor/" + std::to_string(sessions)).c_str(), floor, sessions)
        ->MinTime(1.0);
}

}  // namespace tocsin::perf
