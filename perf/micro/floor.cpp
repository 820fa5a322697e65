#include "micro/floor.hpp"

#include "micro/cycles.hpp"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <cstring>
#include <string>

namespace tocsin::perf {

namespace {

constexpr int kBursts = 256;  ///< in a round

}  // namespace

Floor::Floor(std::uint32_t sessions)
    : line_memory_{sessions * sizeof(Line)},
      template_memory_{sessions * sizeof(Template)},
      lines_{reinterpret_cast<Line*>(line_memory_.span().data())},
      templates_{reinterpret_cast<Template*>(template_memory_.span().data())},
      order_{shuffled(sessions, 1)} {
    static const runtime::Pool pool = runtime::make_pool(99, 8191, SOCKET_ID_ANY);
    static rte_ring* const ring =
        rte_ring_create("floor", 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    pool_ = pool.get();
    ring_ = ring;
    const std::vector<std::uint32_t> peer = shuffled(sessions, 2);
    for (std::uint32_t i = 0; i < sessions; ++i) {
        std::memcpy(templates_[i].octets + kPeerOffset, &peer[i], sizeof peer[i]);
    }
    while (packets_ < sessions) burst();  // every page and line once
}

void Floor::burst() {
    if (at_ + 2 * kBurst > order_.size()) at_ = 0;
    rte_pktmbuf_alloc_bulk(pool_, mbufs_.data(), kBurst);
    for (unsigned i = 0; i < kBurst; ++i) {
        const std::uint32_t ahead = order_[at_ + i + kBurst / 2];
        __builtin_prefetch(&lines_[ahead], 1);
        __builtin_prefetch(templates_[ahead].octets);
        __builtin_prefetch(templates_[ahead].octets + 64);
        const std::uint32_t slot = order_[at_ + i];
        std::memcpy(rte_pktmbuf_mtod(mbufs_[i], void*), templates_[slot].octets, sizeof(Template));
        lines_[slot].words[0] = packets_;
    }
    at_ += kBurst;
    rte_ring_sp_enqueue_bulk(ring_, reinterpret_cast<void**>(mbufs_.data()), kBurst, nullptr);
    rte_ring_sc_dequeue_bulk(ring_, reinterpret_cast<void**>(received_.data()), kBurst, nullptr);
    for (unsigned i = 0; i < kBurst; ++i) {
        std::memcpy(&index_[i], rte_pktmbuf_mtod(received_[i], const std::uint8_t*) + kPeerOffset,
                    sizeof index_[i]);
        __builtin_prefetch(&lines_[index_[i]], 1);
    }
    for (unsigned i = 0; i < kBurst; ++i) lines_[index_[i]].words[1] += packets_;
    rte_pktmbuf_free_bulk(received_.data(), kBurst);
    packets_ += kBurst;
}

void Floor::round(Costs& costs) {
    const std::uint64_t before = packets_;
    const std::uint64_t start = rte_rdtsc_precise();
    for (int i = 0; i < kBursts; ++i) burst();
    costs.add(rte_rdtsc_precise() - start, packets_ - before);
}

void register_floor(std::uint32_t sessions) {
    const auto run = [](benchmark::State& state, std::uint32_t n) {
        Floor floor{n};
        Costs costs;
        for (auto _ : state) floor.round(costs);
        if (!costs.empty()) set_floor(n, costs.median());
        report(state, costs, &costs);
    };
    benchmark::RegisterBenchmark(("floor/" + std::to_string(sessions)).c_str(), run, sessions)
        ->MinTime(1.0);
}

}  // namespace tocsin::perf
