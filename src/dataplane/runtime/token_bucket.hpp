#pragma once

#include "dataplane/base/types.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tocsin::runtime {

/// Admits `rate` events a second on average and `burst` at once. One owner.
class TokenBucket {
public:
    TokenBucket(std::uint32_t rate, std::uint32_t burst, Instant now) noexcept
        : interval_{std::chrono::nanoseconds{std::chrono::seconds{1}} / rate},
          depth_{interval_ * burst},
          full_at_{now} {}

    /// False: not now. Nothing is taken then.
    [[nodiscard]] bool take(Instant now) noexcept {
        const Instant from = std::max(full_at_, now);
        if (from + interval_ - now > depth_) return false;
        full_at_ = from + interval_;
        return true;
    }

private:
    Nanoseconds interval_;
    Nanoseconds depth_;
    Instant full_at_;  ///< when all tokens will be back
};

}  // namespace tocsin::runtime
