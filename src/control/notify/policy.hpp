#pragma once

#include <chrono>
#include <cstdint>

namespace tocsin::control::notify {

using Milliseconds = std::chrono::duration<std::uint32_t, std::milli>;

/// Holding back the Up of a session that flaps, as routers damp interfaces and BFD: each failure
/// adds `penalty`, which halves every `half_life`; from `suppress` on an Up is held back until it
/// has fallen to `reuse`. The defaults are those of IOS.
struct Dampening {
    Milliseconds half_life{0};  ///< 0: no dampening
    std::uint32_t suppress = 2000;
    std::uint32_t reuse = 1000;
    Milliseconds max_suppress{20'000};  ///< after the last failure an Up is held no longer
    std::uint32_t penalty = 1000;

    [[nodiscard]] constexpr bool on() const noexcept { return half_life.count() != 0; }
    friend constexpr bool operator==(const Dampening&, const Dampening&) = default;
};
inline constexpr Milliseconds kDefaultHalfLife{5000};

/// When clients are told. None of it touches the session itself, RFC 5882 3.1.
struct Policy {
    Milliseconds up_hold{0};    ///< an Up is told once it has lasted as long
    Milliseconds down_hold{0};  ///< a failure is told once it has lasted as long
    Dampening dampening{};

    /// Something is ever held back.
    [[nodiscard]] constexpr bool active() const noexcept {
        return up_hold.count() != 0 || down_hold.count() != 0 || dampening.on();
    }
    friend constexpr bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace tocsin::control::notify
