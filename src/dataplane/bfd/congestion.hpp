#pragma once

#include "dataplane/bfd/timers.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace tocsin::bfd {

/// Congestion control of a multihop session, RFC 5880 7. Loss is measured over windows that begin
/// and end with a packet that arrived: what was received is compared with the least that the
/// peer's interval allows. What is missing becomes a debt, which windows without loss pay back.

/// Packets that a window is to expect at least.
inline constexpr std::uint32_t kLossWindow = 16;
/// Debt is counted in half packets. At this much there is congestion.
inline constexpr int kCongested = 12;
/// Likewise soon after intervals were halved: until so many windows in a row were without loss.
inline constexpr int kCongestedAgain = 6;
inline constexpr std::uint8_t kProbation = 8;
/// What one window adds at most: a single interruption, however long, is no congestion.
inline constexpr int kMostOfOneWindow = 8;
/// When the session fails: what shows that there was loss before the silence that ended it.
inline constexpr int kLossBeforeFailure = 2;
/// A session that was Up for less than so many windows may have failed of nothing else.
inline constexpr int kShortLived = 4;
/// Intervals are doubled at most so often: 16 times as long.
inline constexpr unsigned kMostDoublings = 4;
/// Windows without loss before intervals are halved; doubled each time that loss returns soon after
/// a halving, so often at most.
inline constexpr std::uint8_t kLeastClean = 8;
inline constexpr std::uint8_t kMostPatience = 4;

/// Packets that left undisturbed at least, if the peer paused by no more than its interval between
/// two of them. Jitter makes them up to a third more, RFC 5880 6.8.7.
[[nodiscard]] constexpr std::uint32_t fewest_packets(Nanoseconds time,
                                                     WireInterval interval) noexcept {
    if (interval == WireInterval{0} || time <= Nanoseconds{0}) return 0;
    return static_cast<std::uint32_t>(
        std::min<std::int64_t>(time / Nanoseconds{interval}, std::numeric_limits<int>::max() / 4));
}

/// The debt after a window. A 32nd of what was expected may be missing for nothing.
[[nodiscard]] constexpr std::uint8_t loss_debt(std::uint8_t debt, std::uint32_t expected,
                                               std::uint32_t received) noexcept {
    const std::int64_t missing =
        2 * (std::int64_t{expected} - received) - std::int64_t{expected / 16};
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(
        debt + std::min<std::int64_t>(missing, kMostOfOneWindow), 0, 2 * kCongested));
}
static_assert(loss_debt(0, 16, 15) == 1 && loss_debt(1, 16, 16) == 0);
static_assert(loss_debt(0, 16, 0) == kMostOfOneWindow);

[[nodiscard]] constexpr WireInterval doubled(WireInterval interval, unsigned times) noexcept {
    const std::uint64_t us = std::uint64_t{interval.count()} << times;
    return WireInterval{static_cast<std::uint32_t>(
        std::min<std::uint64_t>(us, std::numeric_limits<std::uint32_t>::max()))};
}

/// What the peer asks for is doubled up to here only: at this rate nothing is congested, and a
/// false interval of hours in one forged packet must not outlive it.
inline constexpr WireInterval kLongestBackOff{10'000'000};

/// An interval that was `configured` and is to be `base`, doubled so often.
[[nodiscard]] constexpr WireInterval raised(WireInterval configured, WireInterval base,
                                            unsigned times) noexcept {
    const WireInterval most = std::max(kLongestBackOff, doubled(configured, times));
    return std::max(configured, std::min(doubled(base, times), most));
}

/// Our packets in `time`, jitter included, at most 255 and at least one.
[[nodiscard]] constexpr std::uint8_t packets_in(Nanoseconds time, WireInterval interval) noexcept {
    if (interval == WireInterval{0}) return 255;
    const std::int64_t n = 8 * time / (7 * Nanoseconds{interval}) + 1;
    return static_cast<std::uint8_t>(std::min<std::int64_t>(n, 255));
}
static_assert(packets_in(16 * std::chrono::milliseconds{50}, WireInterval{50'000}) == 19);

/// What congestion control knows of a session.
struct alignas(32) SessionCongestion {
    Tick window_since{};
    std::uint32_t stalled{};  ///< Engine::stalled_ when the window began
    WireInterval expected{};  ///< interval that the window counts with; 0 = none is measured
    WireInterval tx_base{};   ///< in force when intervals were raised first: these are doubled
    WireInterval rx_base{};   ///< likewise
    /// Packets received when the window began, low 32 bits: of a peer that sends much more often
    /// than we do a window has very many.
    std::uint32_t rx_mark{};
    std::uint32_t
        backoffs : 24 {};           ///< times that intervals were raised; the most: as many or more
    std::uint32_t debt : 8 {};      ///< loss_debt()
    std::uint8_t tx_ahead{};        ///< what SessionHot::tx_packets was moved ahead of the count
    std::uint8_t doublings : 4 {};  ///< in force or on their way to the peer
    std::uint8_t patience : 4 {};   ///< kMostPatience
    std::uint8_t clean{};           ///< windows without debt in a row
    bool eased{};                   ///< on probation after a halving
};
inline constexpr std::uint32_t kMostBackoffs = (1U << 24U) - 1;
static_assert(sizeof(SessionCongestion) == 32 && std::is_trivially_copyable_v<SessionCongestion>);

}  // namespace tocsin::bfd
