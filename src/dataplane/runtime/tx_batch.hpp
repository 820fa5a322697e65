#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/message/worker_stats.hpp"
#include "dataplane/runtime/handover.hpp"
#include "dataplane/runtime/mbuf.hpp"
#include "dataplane/runtime/token_bucket.hpp"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace tocsin::runtime {

inline constexpr std::uint16_t kBurst = 32;

/// Where a worker's packets for one port go: the port's queue of this worker, or, when the driver
/// has fewer queues than there are workers, the ring to a worker that has one.
struct TxTarget {
    PortId port;
    QueueId queue;
    rte_ring* handover = nullptr;
    std::uint16_t descriptors = 512;  ///< of the queue
    /// Source of our Echo packets, RFC 5881 4: at most one of each family; family None: as that of
    /// Control packets.
    IpAddress echo_source_v4{};
    IpAddress echo_source_v6{};
};

/// Packets of others that are sent back.
enum class Others : std::uint8_t { Echo, Reflected };

/// Packets of ours for one port that leave together. Owner: one worker.
class TxBatch {
public:
    using Count = Counter message::WorkerStats::*;

    /// `count` counts those that were handed to the driver.
    TxBatch() noexcept : TxBatch{&message::WorkerStats::tx_control} {}
    explicit TxBatch(Count count) noexcept : count_{count} {}

    void set_target(const TxTarget& target) noexcept { target_ = target; }
    [[nodiscard]] const TxTarget& target() const noexcept { return target_; }

    /// Takes the mbuf; sends when the batch is full.
    void push(rte_mbuf* mbuf, message::WorkerStats& stats) noexcept {
        mbufs_[size_++] = mbuf;
        octets_ += mbuf->pkt_len;
        if (size_ == kBurst) flush(stats);
    }
    void flush(message::WorkerStats& stats) noexcept {
        if (size_ == 0) return;
        (stats.*count_).add(send(mbufs_.data(), size_, octets_, stats));
        size_ = 0;
        octets_ = 0;
    }
    /// For a packet that is not a Control packet; behind those that wait. 1 or 0.
    std::uint16_t send_one(rte_mbuf* mbuf, message::WorkerStats& stats) noexcept {
        flush(stats);
        return send(&mbuf, 1, mbuf->pkt_len, stats);
    }
    /// At most kBurst packets that are not ours, behind those that wait and as far as there is room
    /// to spare. How many left; the others are counted as what they are, and freed.
    std::uint16_t send_others(rte_mbuf** mbufs, std::uint16_t n, Others what, Instant now,
                              message::WorkerStats& stats) noexcept {
        flush(stats);
        std::uint64_t octets = 0;
        const std::uint16_t fit = to_spare(n, now);
        for (std::uint16_t i = 0; i < fit; ++i) octets += mbufs[i]->pkt_len;
        const std::uint16_t sent = give(mbufs, fit, kind_of(what), 1);
        for (std::uint16_t i = sent; i < fit; ++i) octets -= mbufs[i]->pkt_len;
        no_room(mbufs + sent, n - sent, no_room_for(what), stats);
        stats.ports[target_.port.value].tx_packets.add(sent);
        stats.ports[target_.port.value].tx_bytes.add(octets);
        return sent;
    }
    /// At most kBurst packets that another worker handed over for this port; it has counted them.
    void forward(rte_mbuf** mbufs, std::uint16_t n, message::WorkerStats& stats) noexcept {
        flush(stats);
        const std::uint16_t sent = give(mbufs, n);
        no_room(mbufs + sent, n - sent, DropReason::TxQueueFull, stats);
    }
    /// The same for packets that are not ours.
    void forward_others(rte_mbuf** mbufs, std::uint16_t n, Others what, Instant now,
                        message::WorkerStats& stats) noexcept {
        flush(stats);
        const std::uint16_t sent = give(mbufs, to_spare(n, now), kind_of(what), 1);
        no_room(mbufs + sent, n - sent, no_room_for(what), stats);
    }

private:
    /// A queue that is full for a moment gets another chance; one that stays full must not hold the
    /// worker.
    static constexpr int kTries = 4;

    // Of a queue that does not say how full it is we assume that it has no more than 512 places, as
    // virtual devices do, and that as many leave in 8 ms: frames of 1500 octets on a gigabit link
    // take 6. When it has refused some, it is slower, and gets a pause.
    static constexpr std::uint32_t kAssumedPlaces = 512;
    static constexpr std::uint32_t kAssumedRate = kAssumedPlaces * 125;  // packets a second
    static constexpr Nanoseconds kPause = std::chrono::milliseconds{20};

    [[nodiscard]] static constexpr std::uint32_t kind_of(Others what) noexcept {
        return kForTransmission | kOthers | (what == Others::Reflected ? kReflected : 0U);
    }
    [[nodiscard]] static constexpr DropReason no_room_for(Others what) noexcept {
        return what == Others::Reflected ? DropReason::ReflectorNoRoom : DropReason::EchoNoRoom;
    }

    /// Counts, and frees what could not leave. `octets`: of all of them together.
    std::uint16_t send(rte_mbuf** mbufs, std::uint16_t n, std::uint64_t octets,
                       message::WorkerStats& stats) noexcept {
        // Afterwards only those that were not taken may be looked at.
        const std::uint16_t sent = give(mbufs, n);
        if (sent < n) [[unlikely]] {
            for (std::uint16_t i = sent; i < n; ++i) octets -= mbufs[i]->pkt_len;
            no_room(mbufs + sent, n - sent, DropReason::TxQueueFull, stats);
        }
        stats.ports[target_.port.value].tx_packets.add(sent);
        stats.ports[target_.port.value].tx_bytes.add(octets);
        return sent;
    }

    /// Counts and frees `n` packets that could not leave.
    static void no_room(rte_mbuf** mbufs, int n, DropReason reason,
                        message::WorkerStats& stats) noexcept {
        if (n == 0) [[likely]]
            return;
        stats.drops[static_cast<std::size_t>(reason)].add(static_cast<std::uint64_t>(n));
        free_burst(mbufs, static_cast<unsigned>(n));
    }

    /// How many of `n` packets of others may leave, so that half of the queue is left to ours.
    [[nodiscard]] std::uint16_t to_spare(std::uint16_t n, Instant now) noexcept {
        if (target_.handover != nullptr) {
            return rte_ring_count(target_.handover) < kHandoverCapacity / 2 ? n : std::uint16_t{0};
        }
        // For a descriptor in the middle it hardly matters whether a driver counts from where the
        // next packet goes, as documented, or from the oldest one.
        const int there = rte_eth_tx_descriptor_status(
            target_.port.value, target_.queue.value,
            static_cast<std::uint16_t>(target_.descriptors / 2 + n - 1));
        if (there >= 0) return there == RTE_ETH_TX_DESC_DONE ? n : std::uint16_t{0};
        if (refused_) [[unlikely]] {
            refused_ = false;
            guess_.shut_until(now + kPause);
        }
        return guess_.take_up_to(n, now);
    }

    std::uint16_t give(rte_mbuf** mbufs, std::uint16_t n, std::uint32_t handed = kForTransmission,
                       int tries = kTries) noexcept {
        if (target_.handover != nullptr) {
            for (std::uint16_t i = 0; i < n; ++i) {
                mbufs[i]->port = target_.port.value;
                mbufs[i]->hash.usr = handed;
            }
            return static_cast<std::uint16_t>(rte_ring_sp_enqueue_burst(
                target_.handover, reinterpret_cast<void* const*>(mbufs), n, nullptr));
        }
        giving(mbufs, n);
        std::uint16_t sent = 0;
        for (int i = 0; i < tries && sent < n; ++i) {
            if (i != 0) rte_pause();
            sent = static_cast<std::uint16_t>(
                sent + rte_eth_tx_burst(target_.port.value, target_.queue.value, mbufs + sent,
                                        static_cast<std::uint16_t>(n - sent)));
        }
        refused_ |= sent < n;
        return sent;
    }

    TxTarget target_;
    Count count_;
    std::uint16_t size_ = 0;
    bool refused_ = false;      ///< the driver took fewer packets than were given, since to_spare()
    std::uint64_t octets_ = 0;  ///< of what waits
    std::array<rte_mbuf*, kBurst> mbufs_;
    TokenBucket guess_{kAssumedRate, kAssumedPlaces / 2, Instant{}};
};

}  // namespace tocsin::runtime
