#pragma once

#include "dataplane/base/types.hpp"

#include <algorithm>
#include <bit>
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

/// Ticks, 2.1 ms: how far apart gathered packets of sessions in a hurry leave at most, and how long
/// what they receive may lie unseen.
inline constexpr Tick kWidestGrid = 32;

/// How often a session with this Detection Time allows kWidestGrid to be doubled: about a 64th of
/// the Detection Time.
inline constexpr unsigned kMostLeisure = 2;
[[nodiscard]] constexpr unsigned leisure(Nanoseconds detection_time) noexcept {
    const Nanoseconds step = 128 * kWidestGrid * kTickLength;
    return detection_time < step ? 0 : detection_time < 2 * step ? 1 : kMostLeisure;
}
static_assert(leisure(std::chrono::milliseconds{150}) == 0);
static_assert(leisure(std::chrono::milliseconds{300}) == 1);
static_assert(leisure(std::chrono::milliseconds{900}) == 2);

/// Widest grid, in ticks, on which so many sessions are gathered: less when there are many, so that
/// what leaves together remains about a hundred packets.
[[nodiscard]] constexpr Tick widest_grid(std::uint32_t sessions, unsigned leisure) noexcept {
    return std::max<Tick>(kWidestGrid << leisure >> std::bit_width(sessions >> 11U), 1);
}
static_assert(widest_grid(2047, 0) == kWidestGrid && widest_grid(2048, 0) == kWidestGrid / 2);
static_assert(widest_grid(~0U, kMostLeisure) == 1);

/// Ticks of the cells in each of which gathered sessions with `interval` have one instant to send
/// at: a power of two, at most `widest` and a tick less than a sixteenth of the interval, a quarter
/// of what jitter spans.
[[nodiscard]] constexpr Tick shared_grid(WireInterval interval, Tick widest) noexcept {
    const std::int64_t most = (Nanoseconds{interval}.count() / 16 >> kTickShift) - 1;
    return std::bit_floor(static_cast<Tick>(std::clamp<std::int64_t>(most, 1, widest)));
}
static_assert(shared_grid(WireInterval{1'000}, kWidestGrid) == 1);
static_assert(shared_grid(WireInterval{10'000}, kWidestGrid) == 8);
static_assert(shared_grid(WireInterval{50'000}, kWidestGrid) == kWidestGrid);

/// The instant of the cell of `grid` ticks that begins at `cell`: anywhere in it, the same for all,
/// so that differences of two of them are spread as evenly as what jitter draws.
[[nodiscard]] constexpr Tick shared_instant(Tick cell, Tick grid) noexcept {
    Tick x = cell / grid;
    x = (x ^ x >> 16U) * 0x85ebca6bU;
    x = (x ^ x >> 13U) * 0xc2b2ae35U;
    return cell + ((x ^ x >> 16U) & (grid - 1));
}

/// `next`, which jittered() chose for the packet after the one of tick `sent`, moved to the nearest
/// shared_instant() in its quarter of what jitter spans (its half, with a Detect Mult of 1), so
/// that gaps remain spread as they were drawn; where that has none, to the nearest that jitter
/// allows, and where there is none either, left alone.
[[nodiscard]] constexpr Tick gathered(Tick next, Tick sent, WireInterval interval,
                                      bool detect_mult_is_one, Tick grid) noexcept {
    if (grid == 1) return next;
    const Nanoseconds whole = interval;
    const Nanoseconds part = detect_mult_is_one ? whole * 3 / 40 : whole / 16;
    const Nanoseconds most = detect_mult_is_one ? whole * 9 / 10 : whole;
    // Past 75 per cent, if the packet left at the end of its tick.
    const auto past_least = [&](Tick t) { return (t - sent - 1) * kTickLength - whole * 3 / 4; };
    const auto away = [&](Tick t) { return earlier(t, next) ? next - t : t - next; };
    const std::int64_t quarter = past_least(next) / part;
    Tick best = next;
    bool best_at_home = false;
    const Tick cell = next & ~(grid - 1);
    for (const Tick c : {cell - grid, cell, cell + grid}) {
        const Tick t = shared_instant(c, grid);
        if (!earlier(sent + 1, t) || past_least(t) < Nanoseconds{0} ||
            (t - sent) * kTickLength > most) {
            continue;
        }
        const bool at_home = past_least(t) / part == quarter;
        if (best_at_home && !at_home) continue;
        if (best == next || (at_home && !best_at_home) || away(t) < away(best)) {
            best = t;
            best_at_home = at_home;
        }
    }
    return best;
}

}  // namespace tocsin::bfd
