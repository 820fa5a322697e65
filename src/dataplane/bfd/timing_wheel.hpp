#pragma once

#include "dataplane/bfd/timers.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

/// Deadlines by tick, without heap. Entries are 32 bits of the owner's and carry no time: the owner
/// remembers at which tick its valid entry sits and ignores the others, so that nothing is ever
/// searched or moved. Entries of one tick sit in chunks of contiguous memory, so that what they
/// point to can be prefetched. An insertion reads nothing but the tick's tail, which sits with
/// those of its neighbours, and writes one word: it never waits for the memory of a chunk.
class TimingWheel {
public:
    static constexpr std::uint32_t kTicks = 1U << 15U;  ///< horizon: about 2.1 s
    static constexpr std::uint32_t kWordsPerChunk = 64;
    static constexpr std::uint32_t kEntriesPerChunk = kWordsPerChunk - 1;

    /// The chunk that comes after it, then entries.
    struct alignas(64) Chunk {
        std::uint32_t next;
        std::array<std::uint32_t, kEntriesPerChunk> entries;
    };
    static_assert(sizeof(Chunk) == 256);

    /// What a wheel needs that holds at most `entries` at a time.
    [[nodiscard]] static constexpr std::uint32_t chunks_needed(std::uint32_t entries) noexcept {
        const std::uint32_t partly_filled = entries < kTicks ? entries : kTicks;
        return partly_filled + entries / kEntriesPerChunk + 8;
    }

    /// `tails` has kTicks members, `occupied` kTicks / 64; the memory outlives the wheel.
    TimingWheel(std::span<std::uint32_t> tails, std::span<std::uint64_t> occupied,
                std::span<Chunk> chunks, std::uint32_t capacity, Tick now) noexcept
        : tails_{tails}, occupied_{occupied}, chunks_{chunks}, capacity_{capacity}, cursor_{now} {
        for (auto& t : tails_) t = kEmpty;
        for (auto& o : occupied_) o = 0;
        for (std::uint32_t i = 0; i < chunks_.size(); ++i) {
            chunks_[i].next = i + 1 < chunks_.size() ? i + 1 : kNone;
        }
        free_ = chunks_.empty() ? kNone : 0;
    }

    /// Entries held, valid or not.
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

    /// The nearest tick that can be held.
    [[nodiscard]] Tick earliest() const noexcept { return cursor_ + 1; }
    /// The farthest tick that can be held.
    [[nodiscard]] Tick horizon() const noexcept { return cursor_ + kTicks - 1; }

    /// Puts `entry` at `tick`, or at the nearest tick that the wheel can hold: never before the
    /// next one, never beyond the horizon. Returns where it is. The caller keeps size() below
    /// capacity().
    Tick insert(Tick tick, std::uint32_t entry) noexcept {
        if (earlier(tick, earliest())) tick = earliest();
        if (earlier(horizon(), tick)) tick = horizon();
        const std::uint32_t at = tick & (kTicks - 1);
        std::uint32_t tail = tails_[at];
        if (tail % kWordsPerChunk == 0) [[unlikely]]
            tail = grow(at, tail);
        chunks_[tail / kWordsPerChunk].entries[tail % kWordsPerChunk - 1] = entry;
        tails_[at] = tail + 1;
        ++size_;
        return tick;
    }

    /// Calls fire(entry, tick) for what is due by `now`, in order of ticks, at most `budget` times;
    /// `ahead(entry)` is told of entries that come soon. `fire` may insert. False: there was more.
    template <class Ahead, class Fire>
    bool advance(Tick now, std::uint32_t budget, Ahead&& ahead, Fire&& fire) noexcept {
        for (;;) {
            while (draining_ != kNone) {
                const Chunk& chunk = chunks_[draining_];
                if (position_ == 0) {
                    if (chunk.next != kNone) prefetch(chunk.next);
                    for (std::uint32_t i = 0; i < kLookAhead && i < count_; ++i) {
                        ahead(chunk.entries[i]);
                    }
                }
                while (position_ < count_) {
                    if (budget == 0) return false;
                    --budget;
                    if (position_ + kLookAhead < count_) {
                        ahead(chunk.entries[position_ + kLookAhead]);
                    }
                    const std::uint32_t entry = chunk.entries[position_++];
                    --size_;
                    fire(entry, cursor_);
                }
                const std::uint32_t done = draining_;
                draining_ = chunk.next;
                position_ = 0;
                count_ = kEntriesPerChunk;  // only the newest one is not full
                chunks_[done].next = free_;
                free_ = done;
            }
            if (!earlier(cursor_, now)) return true;
            Tick next = next_occupied(now);
            cursor_ = next;
            const std::uint32_t at = cursor_ & (kTicks - 1);
            if (const std::uint32_t last = tails_[at]; last != kEmpty) {
                draining_ = (last - 1) / kWordsPerChunk;
                count_ = (last - 1) % kWordsPerChunk;
                tails_[at] = kEmpty;
            }
            if (const std::uint32_t soon = tails_[(at + 1) & (kTicks - 1)]; soon != kEmpty) {
                prefetch((soon - 1) / kWordsPerChunk);
            }
            occupied_[at / 64] &= ~(std::uint64_t{1} << (at % 64));
        }
    }

    /// The next tick with an entry, at most `limit`; the current one while it is being drained.
    [[nodiscard]] Tick next_due(Tick limit) const noexcept {
        if (draining_ != kNone) return cursor_;
        return earlier(cursor_, limit) ? next_occupied(limit) : limit;
    }

private:
    // A tail is the number of the word, over all chunks, where the next entry of the tick goes. At
    // the first word of a chunk, which holds no entry, there is no room: kEmpty, or the one behind
    // a chunk that is full.
    static constexpr std::uint32_t kEmpty = 0;
    static constexpr std::uint32_t kNone = ~0U;
    static constexpr std::uint32_t kLookAhead = 16;

    void prefetch(std::uint32_t chunk) const noexcept {
        const auto* const octets = reinterpret_cast<const char*>(&chunks_[chunk]);
        for (std::size_t i = 0; i < sizeof(Chunk); i += 64) __builtin_prefetch(octets + i);
    }

    /// Gives a tick without room another chunk. Returns its new tail.
    std::uint32_t grow(std::uint32_t at, std::uint32_t tail) noexcept {
        const std::uint32_t fresh = free_;
        free_ = chunks_[fresh].next;
        chunks_[fresh].next = tail == kEmpty ? kNone : tail / kWordsPerChunk - 1;
        occupied_[at / 64] |= std::uint64_t{1} << (at % 64);
        return fresh * kWordsPerChunk + 1;
    }

    /// First occupied tick after the cursor, or `limit` (which is after the cursor).
    [[nodiscard]] Tick next_occupied(Tick limit) const noexcept {
        const Tick first = cursor_ + 1;
        const std::uint32_t span = limit - first;  // ticks to look at, less one
        std::uint32_t looked = 0;
        while (looked <= span && looked < kTicks) {
            const std::uint32_t at = (first + looked) & (kTicks - 1);
            const std::uint64_t word = occupied_[at / 64] >> (at % 64);
            if (word != 0) {
                const auto step = static_cast<std::uint32_t>(std::countr_zero(word));
                return looked + step <= span ? first + looked + step : limit;
            }
            looked += 64 - at % 64;
        }
        return limit;
    }

    std::span<std::uint32_t> tails_;
    std::span<std::uint64_t> occupied_;
    std::span<Chunk> chunks_;
    std::uint32_t capacity_;
    std::uint32_t size_ = 0;
    std::uint32_t free_ = kNone;
    Tick cursor_;                     ///< everything up to here was taken out
    std::uint32_t draining_ = kNone;  ///< chunks of the cursor's tick that are not yet fired
    std::uint32_t position_ = 0;      ///< in that chunk
    std::uint32_t count_ = 0;         ///< entries of that chunk
};

}  // namespace tocsin::bfd
