#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/diag.hpp"
#include "dataplane/bfd/fsm.hpp"
#include "dataplane/bfd/packet.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace tocsin::bfd {

/// What a record is about.
enum class PacketKind : std::uint8_t { Control, Echo };

/// A packet, or a run of equal ones in one direction with one verdict.
struct PacketRecord {
    Instant first{};           ///< arrival or departure of the first of them
    ControlOctets octets{};    ///< of the first of them; of Echo: what was sent
    std::uint32_t count = 0;   ///< packets, at least 1
    std::uint32_t worst_us{};  ///< received: the longest gap that was noticed; sent: the latest
                               ///< departure after its instant. 0 = none worth it; microseconds
    std::uint64_t span_us : 48 {};  ///< from the first to the last
    std::uint64_t verdict : 8 {};   ///< DropReason; None: accepted, or sent
    std::uint64_t kind : 2 {};      ///< PacketKind
    std::uint64_t sent : 1 {};      ///< by us
    std::uint64_t failed : 1 {};    ///< sent: it could not leave
    std::uint64_t varied : 1 {};    ///< the others of the run had other octets

    [[nodiscard]] Instant last() const noexcept {
        return first + std::chrono::microseconds{span_us};
    }
    [[nodiscard]] DropReason reason() const noexcept { return static_cast<DropReason>(verdict); }
};
static_assert(sizeof(PacketRecord) == 48 && std::is_trivially_copyable_v<PacketRecord>);

/// What is certain about the silence before a Down: all since the last accepted packet.
struct DownEvidence {
    std::uint16_t sent = 0;      ///< at least so many of ours left
    std::uint16_t not_sent = 0;  ///< at least so many of ours could not leave
    std::uint16_t dropped = 0;   ///< at least so many of the session's were dropped on arrival
    DropReason dropped_as = DropReason::None;  ///< the last of them
    bool known = false;  ///< the rest means something: the Detection Time ran out, history is kept
};

/// What led out of Up last.
struct DownSummary {
    Instant at{};  ///< epoch = never
    Instant last_rx{};
    SessionState to{};
    Diag diag{};
    std::uint32_t loop_gap_us = 0;  ///< a Down by detection after a gap of ours: its length
    DownEvidence evidence{};
};

/// The rings of a session as they are at one instant.
struct HistorySummary {
    DownSummary down;
    std::array<std::uint8_t, 2> size{};          ///< records of the live and of the frozen ring
    std::array<std::uint32_t, 2> overwritten{};  ///< likewise those that made room for others
};

/// What a session's engine says when it writes about it: totals before the packet in question.
struct PacketTotals {
    std::uint64_t rx = 0;  ///< accepted
    std::uint64_t tx = 0;  ///< left
    Instant last_rx{};
    Instant last_tx{};  ///< of the last periodic packet
};

/// The last packets of each session, live and as they were at the last Down. No heap.
///
/// Accepted packets and periodic ones of ours are runs: a run in progress is a record whose count
/// and end are read from the session when it ends or somebody looks, so that a packet that repeats
/// the one before costs nothing here. All else is written one by one, equal ones together. Packets
/// that were dropped never take more than half of the room. At a Down the live ring becomes the
/// frozen one, and the other one begins empty.
class PacketHistory {
public:
    static constexpr std::size_t kMost = 64;  ///< records of one ring
    /// Equal packets further apart are no run.
    static constexpr std::chrono::seconds kApart{5};

    [[nodiscard]] static std::size_t memory_needed(std::uint32_t slots, unsigned kept) noexcept;

    /// `memory`: memory_needed() octets, aligned to 64; `kept` records for each ring, 0..kMost.
    PacketHistory(std::span<std::byte> memory, unsigned kept) noexcept
        : memory_{memory.data()}, kept_{static_cast<std::uint8_t>(kept)} {}

    [[nodiscard]] bool enabled() const noexcept { return kept_ != 0; }

    /// A new session. Nothing else is called for a slot before.
    void clear(Slot slot) noexcept;
    /// A packet is about to be accepted.
    void accepted(Slot slot, const ControlOctets& octets, const PacketTotals& before,
                  Instant now) noexcept;
    /// The run of accepted packets is one of these: the next one again needs no call.
    [[nodiscard]] bool receives(Slot slot, const ControlOctets& octets) const noexcept;
    void dropped(Slot slot, const ControlOctets& octets, DropReason reason, Instant now) noexcept;
    /// A periodic packet, or one that counts as such, is about to leave.
    void sending(Slot slot, const ControlOctets& octets, const PacketTotals& before,
                 Instant now) noexcept;
    /// It did not leave, or another one did not.
    void not_sent(Slot slot, const ControlOctets& octets, const PacketTotals& before,
                  Instant now) noexcept;
    /// One that is not periodic (a Final) is about to leave.
    void sent_once(Slot slot, const ControlOctets& octets, Instant now) noexcept;
    /// An Echo packet of ours left, or could not; or one came back (None), or was dropped. They are
    /// runs whatever their octets.
    void echo(Slot slot, const ControlOctets& octets, bool sent, bool left, DropReason reason,
              Instant now) noexcept;
    /// A periodic packet left so long after its instant.
    void late(Slot slot, Nanoseconds by) noexcept;
    void end_received_run(Slot slot, const PacketTotals& now) noexcept;
    void end_sent_run(Slot slot, const PacketTotals& now) noexcept;
    /// Out of Up. `down.at`, `last_rx` and the like are given; evidence is filled in when the
    /// Detection Time ran out. `tx_interval` was in force before.
    void freeze(Slot slot, DownSummary down, const PacketTotals& totals,
                WireInterval tx_interval) noexcept;

    [[nodiscard]] const DownSummary& last_down(Slot slot) const noexcept { return head(slot).down; }
    [[nodiscard]] std::size_t size(Slot slot, bool frozen) const noexcept;
    /// Records that had to make room for others.
    [[nodiscard]] std::uint32_t overwritten(Slot slot, bool frozen) const noexcept;
    /// Record `index` below size(), in no order of time.
    [[nodiscard]] PacketRecord at(Slot slot, bool frozen, std::size_t index,
                                  const PacketTotals& now) const noexcept;

private:
    static constexpr std::uint8_t kNone = 0xff;

    struct alignas(64) Head {
        DownSummary down;
        std::uint64_t rx_before = 0;  ///< accepted before the run in progress
        std::uint64_t tx_before = 0;  ///< likewise sent, without those that are no part of it
        std::array<std::uint32_t, 2> overwritten{};
        std::array<std::uint8_t, 2> size{};
        std::uint8_t live = 0;
        std::uint8_t rx_run = kNone;  ///< record of the live ring that is in progress
        std::uint8_t tx_run = kNone;
    };

    static_assert(sizeof(Head) == 64);

    [[nodiscard]] static std::size_t stride(unsigned kept) noexcept {
        return sizeof(Head) + (2 * kept * sizeof(PacketRecord) + 63) / 64 * 64;
    }
    [[nodiscard]] Head& head(Slot slot) const noexcept {
        return *reinterpret_cast<Head*>(memory_ + slot.value * stride(kept_));
    }
    [[nodiscard]] PacketRecord* ring(const Head& h, unsigned which) const noexcept {
        auto* const first = reinterpret_cast<std::byte*>(const_cast<Head*>(&h)) + sizeof(Head);
        return reinterpret_cast<PacketRecord*>(first) + which * kept_;
    }
    [[nodiscard]] std::uint8_t put(Head& h, const PacketRecord& record) const noexcept;
    void drop_record(Head& h, std::uint8_t index) const noexcept;
    void put_or_merge(Head& h, const PacketRecord& record) const noexcept;
    void gather_evidence(const Head& h, DownSummary& down, WireInterval tx_interval,
                         std::uint8_t tx_run) const noexcept;

    std::byte* memory_;
    std::uint8_t kept_;
};

}  // namespace tocsin::bfd
