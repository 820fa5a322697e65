#pragma once

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace tocsin::runtime {

// Drivers and pools order memory between who gives an mbuf away and who gets it. Their libraries
// are not instrumented: the thread sanitizer has to be told, or it knows nothing of that order.

/// Before these mbufs go to a driver or back to their pool.
inline void giving([[maybe_unused]] rte_mbuf* const* mbufs, [[maybe_unused]] unsigned n) noexcept {
#if defined(__SANITIZE_THREAD__)
    for (unsigned i = 0; i < n; ++i) __tsan_release(mbufs[i]);
#endif
}

/// After these mbufs came from a driver or from their pool.
inline void got([[maybe_unused]] rte_mbuf* const* mbufs, [[maybe_unused]] unsigned n) noexcept {
#if defined(__SANITIZE_THREAD__)
    for (unsigned i = 0; i < n; ++i) __tsan_acquire(mbufs[i]);
#endif
}

/// mbufs of one pool taken in bulk, ready to be filled. Owner: one worker.
class MbufStash {
public:
    explicit MbufStash(rte_mempool* pool) noexcept : pool_{pool} {
        rte_mbuf fresh{};
        fresh.data_off = RTE_PKTMBUF_HEADROOM;
        fresh.nb_segs = 1;
        fresh.port = RTE_MBUF_PORT_INVALID;
        rte_mbuf_refcnt_set(&fresh, 1);
        std::memcpy(&rearm_, &fresh.rearm_data, sizeof rearm_);
    }

    /// One of `length` octets without offloads; nullptr when the pool is empty. What lies in a pool
    /// is of one segment and referred to once (rte_mbuf_raw_alloc()), which saves looking at the
    /// second half of its header.
    [[nodiscard]] rte_mbuf* take(std::uint16_t length) noexcept {
        if (left_ == 0 && !refill()) [[unlikely]]
            return nullptr;
        rte_mbuf* const m = mbufs_[--left_];
        std::memcpy(&m->rearm_data, &rearm_, sizeof rearm_);
        m->ol_flags = 0;
        m->packet_type = 0;
        m->pkt_len = length;
        m->data_len = length;
        m->vlan_tci = 0;
        return m;
    }

private:
    static constexpr unsigned kBulk = 32;

    bool refill() noexcept {
        auto** const objects = reinterpret_cast<void**>(mbufs_.data());
        if (rte_mempool_get_bulk(pool_, objects, kBulk) == 0) [[likely]] {
            left_ = kBulk;
        } else if (rte_mempool_get(pool_, objects) == 0) {
            left_ = 1;
        }
        got(mbufs_.data(), left_);
        return left_ != 0;
    }

    rte_mempool* pool_;
    std::uint64_t rearm_ = 0;
    unsigned left_ = 0;
    std::array<rte_mbuf*, kBulk> mbufs_{};
};

/// Gives back mbufs of one segment. Those of one pool that nobody else refers to, as nearly all
/// are, go together.
inline void free_burst(rte_mbuf** mbufs, unsigned n) noexcept {
    giving(mbufs, n);
    rte_mempool* const pool = mbufs[0]->pool;
    bool plain = true;
    for (unsigned i = 0; i < n; ++i) {
        const rte_mbuf* const m = mbufs[i];
        plain &= m->pool == pool && rte_mbuf_refcnt_read(m) == 1 && m->nb_segs == 1 &&
                 RTE_MBUF_DIRECT(m);
    }
    if (plain) [[likely]] {
        rte_mempool_put_bulk(pool, reinterpret_cast<void* const*>(mbufs), n);
    } else {
        rte_pktmbuf_free_bulk(mbufs, n);
    }
}

}  // namespace tocsin::runtime
