#pragma once

#include "dataplane/base/types.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tocsin::runtime {

/// `rate` tokens a second on average and `burst` at once, for any number of buckets; what a bucket
/// holds is the instant at which all its tokens will be back. Rates above 10^9 are taken for that.
class TokenRate {
public:
    TokenRate(std::uint64_t rate, std::uint64_t burst) noexcept
        : interval_{std::max<std::int64_t>(
              kSecond / static_cast<std::int64_t>(std::min<std::uint64_t>(rate, kSecond)), 1)},
          depth_{interval_ * static_cast<std::int64_t>(burst)} {}

    /// Whether there is a token besides `spare` of them.
    [[nodiscard]] bool has(Instant full_at, Instant now, std::uint64_t spare = 0) const noexcept {
        const auto tokens = static_cast<std::int64_t>(spare) + 1;
        return std::max(full_at, now) + interval_ * tokens - now <= depth_;
    }
    /// What is left of those that are there.
    [[nodiscard]] std::uint64_t left(Instant full_at, Instant now) const noexcept {
        const Nanoseconds missing = std::max(full_at, now) - now;
        return missing >= depth_ ? 0 : static_cast<std::uint64_t>((depth_ - missing) / interval_);
    }
    /// Without `n` tokens more, which are there.
    [[nodiscard]] Instant less(Instant full_at, Instant now, std::int64_t n = 1) const noexcept {
        return std::max(full_at, now) + interval_ * n;
    }
    /// With no tokens but `n`.
    [[nodiscard]] Instant only(std::int64_t n, Instant now) const noexcept {
        return now + depth_ - interval_ * n;
    }

private:
    static constexpr std::int64_t kSecond = Nanoseconds{std::chrono::seconds{1}}.count();

    Nanoseconds interval_;
    Nanoseconds depth_;
};

/// Admits `rate` events a second on average and `burst` at once. One owner.
class TokenBucket {
public:
    TokenBucket(std::uint32_t rate, std::uint32_t burst, Instant now) noexcept
        : rate_{rate, burst}, full_at_{now} {}

    /// False: not now. Nothing is taken then.
    [[nodiscard]] bool take(Instant now) noexcept {
        if (!rate_.has(full_at_, now)) return false;
        full_at_ = rate_.less(full_at_, now);
        return true;
    }
    /// How many of `n` are admitted.
    [[nodiscard]] std::uint16_t take_up_to(std::uint16_t n, Instant now) noexcept {
        const auto out =
            static_cast<std::uint16_t>(std::min<std::uint64_t>(n, rate_.left(full_at_, now)));
        full_at_ = rate_.less(full_at_, now, out);
        return out;
    }
    /// Nothing until then, and no burst after it.
    void shut_until(Instant then) noexcept { full_at_ = rate_.only(0, then); }

private:
    TokenRate rate_;
    Instant full_at_;  ///< when all tokens will be back
};

}  // namespace tocsin::runtime
