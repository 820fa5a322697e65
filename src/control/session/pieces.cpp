#include "control/session/pieces.hpp"

namespace tocsin::control::session {

namespace {

constexpr std::size_t kPiece = 256;  ///< sessions between two looks at the workers

}  // namespace

void Pieces::done(std::size_t sessions) {
    if (sessions % kPiece != 0) return;
    static_cast<void>(reconciler_.poll());
    static_cast<void>(hub_.pump());
    if (between_) between_();
}

}  // namespace tocsin::control::session
