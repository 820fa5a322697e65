#pragma once

#include "dataplane/base/counter.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tocsin {

/// Durations in powers of two of a microsecond: bucket 0 holds below 1 us, bucket i holds
/// [2^(i-1), 2^i) us, the last holds the rest. One writer, any reader.
class DurationHistogram {
public:
    static constexpr std::size_t kBuckets = 24;

    /// `times`: so many of the same duration.
    void record(std::uint64_t nanoseconds, std::uint64_t times = 1) noexcept {
        const auto us = nanoseconds / 1000U;
        const auto b = static_cast<std::size_t>(std::bit_width(us));
        buckets_[b < kBuckets ? b : kBuckets - 1].add(times);
        sum_ns_.add(nanoseconds * times);
        max_ns_.raise_to(nanoseconds);
    }
    [[nodiscard]] std::uint64_t bucket(std::size_t i) const noexcept { return buckets_[i].get(); }
    /// Exclusive upper bound of bucket `i` in microseconds; the last bucket has none.
    [[nodiscard]] static constexpr std::uint64_t bound_us(std::size_t i) noexcept {
        return std::uint64_t{1} << i;
    }
    [[nodiscard]] std::uint64_t sum_ns() const noexcept { return sum_ns_.get(); }
    [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_.get(); }

private:
    std::array<Counter, kBuckets> buckets_{};
    Counter sum_ns_;
    Counter max_ns_;
};

}  // namespace tocsin
