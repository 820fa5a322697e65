#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/bfd/timers.hpp"
#include "dataplane/runtime/handover.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>

namespace tocsin::runtime {

/// Whether a worker has heard all that came for it: packets may lie in the queue of another one
/// that stands still. Owner: one worker.
class Hearing {
public:
    /// `notices` is by worker, and outlives this; the first `readers` workers read queues.
    Hearing(std::size_t own, std::span<Notice> notices, std::size_t readers, Instant now) noexcept
        : notices_{notices}, readers_{readers}, own_{own} {
        tell(now, 0);
    }

    /// What lay in the queues of this worker until then was handed over; what others have for it
    /// may wait as `leisure` says (bfd::leisure()).
    void tell(Instant until, unsigned leisure) noexcept {
        notices_[own_].leisure.store(leisure, std::memory_order_relaxed);
        notices_[own_].delivered.store(until, std::memory_order_release);
    }

    /// The least of `own` and of what the others tell: packets of each may come to this worker, or
    /// leave through it.
    [[nodiscard]] unsigned least_leisure(unsigned own) const noexcept {
        for (std::size_t i = 0; i < notices_.size(); ++i) {
            if (i != own_) own = std::min(own, notices_[i].leisure.load(std::memory_order_relaxed));
        }
        return own;
    }

    /// At the start of a turn, before anything is received.
    void look(Instant now) noexcept {
        if (held_) [[unlikely]]
            held_ = stands_still(now);
    }

    /// For how long another worker has stood still, which may have a packet that came in time. Once
    /// it was seen to, until a turn has begun in which it does not. 0: all was heard.
    [[nodiscard]] Nanoseconds missing(Instant now) noexcept {
        held_ = held_ || stands_still(now);
        return held_ ? gap_ : Nanoseconds{};
    }

    /// How long another worker had stood still just before.
    [[nodiscard]] Nanoseconds recent_gap(Instant now) const noexcept {
        return now - seen_ < kRecent ? gap_ : Nanoseconds{};
    }

private:
    /// Sleep, and a few turns with full queues: a worker may be away for so long.
    static constexpr Nanoseconds kUsual = std::chrono::milliseconds{10};
    /// One that stands still for longer has ended: nobody waits for it.
    static constexpr Nanoseconds kLongest = std::chrono::seconds{1};
    static constexpr Nanoseconds kRecent = std::chrono::milliseconds{250};

    [[nodiscard]] bool stands_still(Instant now) noexcept {
        bool out = false;
        for (std::size_t i = 0; i < readers_; ++i) {
            if (i == own_) continue;
            const Nanoseconds gap = now - notices_[i].delivered.load(std::memory_order_acquire);
            if (gap <= kUsual) continue;
            if (now - seen_ >= kRecent) gap_ = {};
            gap_ = std::max(gap_, gap);
            seen_ = now;
            out |= gap < kLongest;
        }
        return out;
    }

    std::span<Notice> notices_;
    std::size_t readers_;
    std::size_t own_;
    Nanoseconds gap_{};  ///< the longest of those that are not long ago
    Instant seen_{};     ///< last time that one stood still
    bool held_ = false;
};

}  // namespace tocsin::runtime
