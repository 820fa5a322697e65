#pragma once

#include "dataplane/base/types.hpp"

#include <algorithm>
#include <cstdint>

namespace tocsin::bfd {

/// Floor of bfd.DesiredMinTxInterval while the session is not Up, RFC 5880 6.8.3.
inline constexpr WireInterval kSlowInterval{1'000'000};

/// bfd.DesiredMinTxInterval for a configured value, RFC 5880 6.8.3.
[[nodiscard]] constexpr WireInterval desired_min_tx(WireInterval configured, bool up) noexcept {
    return up ? configured : std::max(configured, kSlowInterval);
}

/// Detection Time in Asynchronous mode, RFC 5880 6.8.4: remote Detect Mult times the greater of
/// bfd.RequiredMinRxInterval and the last received Desired Min TX Interval. Microseconds in,
/// nanoseconds out; widened first, because 2^32 us x 255 does not fit 32 bits.
[[nodiscard]] constexpr Nanoseconds detection_time(std::uint8_t remote_detect_mult,
                                                   WireInterval required_min_rx,
                                                   WireInterval remote_desired_min_tx) noexcept {
    const Nanoseconds agreed = std::max(required_min_rx, remote_desired_min_tx);
    return remote_detect_mult * agreed;
}
static_assert(detection_time(255, WireInterval{1}, WireInterval{4294967295U}) ==
              std::chrono::microseconds{1095216660225});

/// Resolution of the timing wheel: 2^16 ns, about 65.5 us. Ticks wrap; they are compared by
/// difference, so that instants up to 39 hours apart keep their order.
using Tick = std::uint32_t;
inline constexpr unsigned kTickShift = 16;
inline constexpr Nanoseconds kTickLength{1LL << kTickShift};

[[nodiscard]] constexpr Tick tick_at(Instant t) noexcept {
    return static_cast<Tick>(t.time_since_epoch().count() >> kTickShift);
}
/// The first tick that is not before `t`.
[[nodiscard]] constexpr Tick tick_after(Instant t) noexcept {
    return static_cast<Tick>((t.time_since_epoch().count() + kTickLength.count() - 1) >>
                             kTickShift);
}
[[nodiscard]] constexpr bool earlier(Tick a, Tick b) noexcept {
    return static_cast<std::int32_t>(a - b) < 0;
}

/// How long ago the beginning of `tick` was; `tick` is at most 39 hours back.
[[nodiscard]] constexpr Nanoseconds since(Tick tick, Instant now) noexcept {
    const std::int64_t within = now.time_since_epoch().count() & (kTickLength.count() - 1);
    return (tick_at(now) - tick) * kTickLength + Nanoseconds{within};
}

/// One periodic gap, RFC 5880 6.8.7: the interval less a random 0 to 25 per cent; with a Detect
/// Mult of 1 10 to 25 per cent. `random` is uniform over 32 bits. The result is at least 75 per
/// cent of the interval also after both of its ends were rounded down to ticks.
[[nodiscard]] constexpr Nanoseconds jittered(WireInterval interval, bool detect_mult_is_one,
                                             std::uint32_t random) noexcept {
    const std::int64_t whole = Nanoseconds{interval}.count();
    const std::int64_t lowest = whole - whole / 4;
    const std::int64_t highest = detect_mult_is_one ? whole - whole / 10 : whole;
    std::int64_t from = std::min(lowest + 2 * kTickLength.count(), highest);
    const auto span = static_cast<std::uint64_t>(highest - from);
    // span is at most 2^42 / 4: split so that the product fits 64 bits.
    const std::uint64_t part = (span >> 10U) * random + (((span & 1023U) * random) >> 10U);
    from += static_cast<std::int64_t>(part >> 22U);
    return Nanoseconds{from};
}
static_assert(jittered(WireInterval{100'000}, false, 0) >= std::chrono::milliseconds{75});
static_assert(jittered(WireInterval{100'000}, false, ~0U) <= std::chrono::milliseconds{100});
static_assert(jittered(WireInterval{100'000}, true, ~0U) <= std::chrono::milliseconds{90});
static_assert(jittered(WireInterval{4294967295U}, false, ~0U) <= WireInterval{4294967295U});

}  // namespace tocsin::bfd
