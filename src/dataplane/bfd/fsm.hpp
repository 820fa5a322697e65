#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tocsin::bfd {

enum class SessionState : std::uint8_t { AdminDown, Down, Init, Up };  // wire values, RFC 5880 4.1

/// bfd.SessionState after a packet that passed every check: kOnReceive[local][received].
/// RFC 5880 6.8.6. A local AdminDown discards the packet, hence the constant first row.
inline constexpr auto kOnReceive = [] {
    using enum SessionState;
    return std::array{
        std::array{AdminDown, AdminDown, AdminDown, AdminDown},  // local AdminDown
        std::array{Down, Init, Up, Down},                        // local Down
        std::array{Down, Init, Up, Up},                          // local Init
        std::array{Down, Down, Up, Up},                          // local Up
    };
}();
static_assert(kOnReceive[1][3] == SessionState::Down, "Up heard while Down: no change");

[[nodiscard]] constexpr SessionState on_receive(SessionState local,
                                                SessionState received) noexcept {
    return kOnReceive[static_cast<std::size_t>(local)][static_cast<std::size_t>(received)];
}

/// bfd.SessionState of an initiator of S-BFD after a response that passed every check, RFC 7880
/// 7.3.1: kOnResponse[local][received]. There is no Init, and reflectors are never in Down or Init.
inline constexpr auto kOnResponse = [] {
    using enum SessionState;
    return std::array{
        std::array{AdminDown, AdminDown, AdminDown, AdminDown},  // local AdminDown
        std::array{Down, Down, Down, Up},                        // local Down
        std::array{Down, Down, Down, Up},                        // local Init: never
        std::array{Down, Up, Up, Up},                            // local Up
    };
}();

[[nodiscard]] constexpr SessionState on_response(SessionState local,
                                                 SessionState received) noexcept {
    return kOnResponse[static_cast<std::size_t>(local)][static_cast<std::size_t>(received)];
}

/// As RFC 5880 writes it.
[[nodiscard]] constexpr std::string_view name(SessionState s) noexcept {
    constexpr std::array<std::string_view, 4> kNames{"AdminDown", "Down", "Init", "Up"};
    return kNames[static_cast<std::size_t>(s) & 3U];
}

}  // namespace tocsin::bfd
