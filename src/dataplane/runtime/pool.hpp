#pragma once

#include "dataplane/runtime/device.hpp"
#include "dataplane/runtime/runtime.hpp"

#include <cstdint>
#include <memory>
#include <vector>

struct rte_mempool;

namespace tocsin::runtime {

struct PoolDeleter {
    void operator()(rte_mempool* pool) const noexcept;
};
using Pool = std::unique_ptr<rte_mempool, PoolDeleter>;

/// So many that receive and transmit descriptors of every port, batches, the caches of all workers
/// and the ring to one that stands still can all be full at once.
[[nodiscard]] std::uint32_t mbufs_per_worker(const std::vector<PortConfig>& ports,
                                             const std::vector<Device>& devices,
                                             std::uint32_t workers);
/// Memory of a pool of so many mbufs, rounded up.
[[nodiscard]] std::uint64_t pool_octets(std::uint32_t mbufs);

/// nullptr when there is no memory.
[[nodiscard]] Pool make_pool(unsigned index, std::uint32_t mbufs, int socket);

}  // namespace tocsin::runtime
