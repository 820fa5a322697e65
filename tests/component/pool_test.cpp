// Packet buffers when every worker has received packets of every other.

#include "dataplane/runtime/pool.hpp"

#include "component/harness.hpp"
#include "dataplane/runtime/eal.hpp"
#include "dataplane/runtime/mbuf.hpp"

#include <rte_mempool.h>

#include <algorithm>
#include <array>

namespace tocsin::component {
namespace {

TEST(Pool, IsNotExhaustedByWhatOtherWorkersKeep) {
    const auto eal = start_eal(128);
    constexpr std::uint32_t kWorkers = 8;
    runtime::PortConfig port;
    const std::vector<runtime::Device> devices(1);
    const auto mbufs = runtime::mbufs_per_worker({port}, devices, kWorkers);
    const runtime::Pool pool = runtime::make_pool(0, mbufs, SOCKET_ID_ANY);
    ASSERT_NE(pool, nullptr);
    constexpr unsigned kBurst = 32;
    std::array<void*, kBurst> burst{};

    // What devices hold.
    for (unsigned n = 0; n < port.rx_descriptors + 0U + port.tx_descriptors; n += kBurst) {
        ASSERT_EQ(rte_mempool_generic_get(pool.get(), burst.data(), kBurst, nullptr), 0);
    }
    // The others have given back as much as they may before they pass it on.
    std::vector<rte_mempool_cache*> caches;
    for (std::uint32_t w = 1; w < kWorkers; ++w) {
        rte_mempool_cache* const cache = rte_mempool_cache_create(pool->cache_size, SOCKET_ID_ANY);
        ASSERT_NE(cache, nullptr);
        caches.push_back(cache);
        while (cache->len + kBurst <= cache->flushthresh) {
            ASSERT_EQ(rte_mempool_generic_get(pool.get(), burst.data(), kBurst, nullptr), 0)
                << "nothing is left when " << w - 1 << " other workers have theirs";
            rte_mempool_generic_put(pool.get(), burst.data(), kBurst, cache);
        }
    }
    runtime::MbufStash stash{pool.get()};
    EXPECT_NE(stash.take(64), nullptr);
    for (rte_mempool_cache* const cache : caches) rte_mempool_cache_free(cache);
}

}  // namespace
}  // namespace tocsin::component
