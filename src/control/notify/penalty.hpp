#pragma once

#include "control/notify/policy.hpp"
#include "dataplane/base/types.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tocsin::control::notify {

/// The penalty of a session that flaps. It is brought up to date when it is looked at, so that
/// nothing runs between two events. `now` never goes back.
class Penalty {
public:
    /// After `failures` of them.
    void add(const Dampening& how, std::uint32_t failures, Instant now) noexcept {
        value_ = std::min(at(how, now) + static_cast<double>(how.penalty) * failures, ceiling(how));
        as_of_ = now;
    }
    void clear() noexcept { value_ = 0; }

    /// At `now`, not before the last failure.
    [[nodiscard]] double at(const Dampening& how, Instant now) const noexcept {
        if (value_ == 0 || !how.on()) return 0;
        return value_ * std::exp2(-seconds(now - as_of_) / seconds(how.half_life));
    }
    /// When it will have fallen to `how.reuse`; in the past when it has.
    [[nodiscard]] Instant reusable_at(const Dampening& how) const noexcept {
        if (!how.on() || value_ <= how.reuse) return as_of_;
        const double lives = std::log2(value_ / how.reuse);
        // Rounded up to the microsecond, so that it has fallen when the time comes.
        return as_of_ + std::chrono::microseconds{static_cast<std::int64_t>(
                            std::ceil(lives * seconds(how.half_life) * 1e6))};
    }
    /// More would hold an Up back for longer than `max_suppress`.
    [[nodiscard]] static double ceiling(const Dampening& how) noexcept {
        const double lives = std::min(seconds(how.max_suppress) / seconds(how.half_life), 64.0);
        return how.reuse * std::exp2(lives);
    }

private:
    template <class Duration>
    static double seconds(Duration d) noexcept {
        return std::chrono::duration<double>(d).count();
    }

    double value_ = 0;
    Instant as_of_{};
};

}  // namespace tocsin::control::notify
