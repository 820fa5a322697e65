#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "dataplane/bfd/session_event.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace tocsin::control::session {

/// RFC 7419 3.
inline constexpr std::array<WireInterval, 7> kCommonIntervals{
    WireInterval{3'300},   WireInterval{10'000},    WireInterval{20'000},    WireInterval{50'000},
    WireInterval{100'000}, WireInterval{1'000'000}, WireInterval{10'000'000}};

/// The shortest common interval that is not shorter; `interval` itself beyond the longest, and 0,
/// which asks for silence.
[[nodiscard]] constexpr WireInterval align_up(WireInterval interval) noexcept {
    if (interval == WireInterval{0}) return interval;
    const auto* const common = std::ranges::lower_bound(kCommonIntervals, interval);
    return common == kCommonIntervals.end() ? interval : *common;
}

/// What we advertise instead of `wanted` so that the interval that both agree on is a common one,
/// RFC 7419 B; `offered` is what the peer advertised for the same direction. An offer that is
/// common leaves ours alone, so that two systems that align never keep each other slow.
[[nodiscard]] constexpr WireInterval align(WireInterval wanted, WireInterval offered) noexcept {
    const WireInterval own = align_up(wanted);
    const WireInterval common = align_up(offered);
    if (own == WireInterval{0} || offered <= own || common == offered) return own;
    return common;
}
static_assert(align(WireInterval{50'000}, WireInterval{300'000}) == std::chrono::seconds{1});
static_assert(align(WireInterval{50'000}, WireInterval{100'000}) == WireInterval{50'000});

/// `wanted` with intervals that suit the peer in `status`.
[[nodiscard]] constexpr bfd::SessionParameters align(bfd::SessionParameters wanted,
                                                     const bfd::SessionSnapshot& status) noexcept {
    wanted.desired_min_tx_interval =
        align(wanted.desired_min_tx_interval, status.remote_min_rx_interval);
    wanted.required_min_rx_interval =
        align(wanted.required_min_rx_interval, status.remote_desired_min_tx_interval);
    return wanted;
}

}  // namespace tocsin::control::session
