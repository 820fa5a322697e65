#pragma once

#include <cstdint>

namespace tocsin::bfd {

/// A Poll Sequence, RFC 5880 6.5, with the queueing of 6.8.3: a change during a sequence waits
/// until the sequence has ended and a packet with F clear was received, so that the next Final is
/// not mistaken.
enum class Poll : std::uint8_t {
    Idle,
    Requested,    ///< from the next scheduled packet on; a Final now answers nothing of ours
    Active,       ///< packets with P leave
    ActiveAgain,  ///< as Active, and another sequence is wanted afterwards
    Separating,   ///< ended or abandoned; the next sequence waits for a packet with F clear
};

/// Whether scheduled packets carry P.
[[nodiscard]] constexpr bool sends_poll(Poll p) noexcept {
    return p == Poll::Requested || p == Poll::Active || p == Poll::ActiveAgain;
}
/// A parameter changed that needs a sequence.
[[nodiscard]] constexpr Poll on_poll_wanted(Poll p) noexcept {
    if (p == Poll::Idle) return Poll::Requested;
    return p == Poll::Active ? Poll::ActiveAgain : p;
}
/// A packet with P has left.
[[nodiscard]] constexpr Poll on_poll_sent(Poll p) noexcept {
    return p == Poll::Requested ? Poll::Active : p;
}
/// An accepted packet had F set.
[[nodiscard]] constexpr Poll on_final(Poll p) noexcept {
    if (p == Poll::Active) return Poll::Idle;
    return p == Poll::ActiveAgain ? Poll::Separating : p;
}
/// An accepted packet had F clear and no Final of the sequence before can follow it, or waiting for
/// one has taken too long.
[[nodiscard]] constexpr Poll on_final_clear(Poll p) noexcept {
    return p == Poll::Separating ? Poll::Requested : p;
}
/// The session changed its state: what was asked no longer matters, what comes next needs its own
/// sequence.
[[nodiscard]] constexpr Poll on_abandoned(Poll p) noexcept {
    return p == Poll::Active || p == Poll::ActiveAgain ? Poll::Separating : p;
}

}  // namespace tocsin::bfd
