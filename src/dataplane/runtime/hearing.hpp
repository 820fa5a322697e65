#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/runtime/handover.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace tocsin::runtime {

/// Whether a worker has heard all that came for it: packets may lie in the queue of another one
/// that stands still. Owner: one worker.
class Hearing {
public:
    /// `delivered` is by worker, of those that read queues; none when there is one worker only.
    Hearing(std::size_t own, std::vector<Delivered*> delivered, Instant now) noexcept
        : delivered_{std::move(delivered)}, own_{own} {
        tell(now);
    }

    /// What lay in the queues of this worker until then was handed over.
    void tell(Instant until) noexcept {
        if (own_ < delivered_.size()) {
            delivered_[own_]->until.store(until, std::memory_order_release);
        }
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
        for (std::size_t i = 0; i < delivered_.size(); ++i) {
            if (i == own_) continue;
            const Nanoseconds gap = now - delivered_[i]->until.load(std::memory_order_acquire);
            if (gap <= kUsual) continue;
            if (now - seen_ >= kRecent) gap_ = {};
            gap_ = std::max(gap_, gap);
            seen_ = now;
            out |= gap < kLongest;
        }
        return out;
    }

    std::vector<Delivered*> delivered_;
    std::size_t own_;
    Nanoseconds gap_{};  ///< the longest of those that are not long ago
    Instant seen_{};     ///< last time that one stood still
    bool held_ = false;
};

}  // namespace tocsin::runtime
