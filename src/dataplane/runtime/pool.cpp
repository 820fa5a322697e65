#include "dataplane/runtime/pool.hpp"

#include "dataplane/runtime/handover.hpp"
#include "dataplane/runtime/packet_templates.hpp"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <algorithm>
#include <string>

namespace tocsin::runtime {

namespace {

/// mbufs that an lcore keeps for itself: what is in flight between its timers and its queues goes
/// round in its cache.
constexpr std::uint32_t kCache = RTE_MEMPOOL_CACHE_MAX_SIZE;

}  // namespace

static_assert(kLargestPacket <= RTE_MBUF_DEFAULT_DATAROOM);

void PoolDeleter::operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }

std::uint32_t mbufs_per_worker(const std::vector<PortConfig>& ports,
                               const std::vector<Device>& devices, std::uint32_t workers) {
    // The fill and completion rings of AF_XDP are the driver's own size, twice 2048 and more in
    // flight.
    constexpr std::uint32_t kAfXdp = 3 * 2048;
    // A worker is handed packets of all others and keeps up to one and a half times its cache of
    // each one's mbufs until more come.
    const std::uint32_t caches = std::max(workers * (kCache + kCache / 2), 4 * kCache);
    std::uint32_t out = caches + kHandoverCapacity;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        if (!ports[i].parent.empty()) continue;
        out += ports[i].rx_descriptors + ports[i].tx_descriptors + 128U;
        if (devices[i].driver == "net_af_xdp") out += kAfXdp;
    }
    return out;
}

std::uint64_t pool_octets(std::uint32_t mbufs) {
    constexpr std::uint64_t kObject = RTE_MBUF_DEFAULT_BUF_SIZE + sizeof(rte_mbuf) + 4 * 64UL;
    return mbufs * kObject;
}

Pool make_pool(unsigned index, std::uint32_t mbufs, int socket) {
    const std::string name = "tocsin_mbuf_" + std::to_string(index);
    return Pool{
        rte_pktmbuf_pool_create(name.c_str(), mbufs, kCache, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket)};
}

}  // namespace tocsin::runtime
