#include "control/notify/indication.hpp"

namespace tocsin::control::notify {

using bfd::Diag;
using bfd::SessionState;

Initiator initiator(const bfd::SessionEvent& event, Initiator before) noexcept {
    if (event.transitions == 0) return before;
    const bfd::SessionSnapshot& now = event.now;
    switch (now.session_state) {
        case SessionState::AdminDown:
            return Initiator::LocalAdmin;
        case SessionState::Init:
        case SessionState::Up:
            return Initiator::Handshake;
        case SessionState::Down:
            break;
    }
    switch (now.local_diag) {
        case Diag::ControlDetectionTimeExpired:
            return Initiator::DetectionTime;
        case Diag::EchoFunctionFailed:
            return Initiator::Echo;
        case Diag::NeighborSignaledSessionDown:
            return now.remote_session_state == SessionState::AdminDown ? Initiator::RemoteAdmin
                                                                       : Initiator::Neighbor;
        case Diag::None:
        case Diag::AdministrativelyDown:
            return Initiator::LocalAdmin;
        default:
            return Initiator::Path;
    }
}

Indication indication(const bfd::SessionEvent& event, Indication before) noexcept {
    const bfd::SessionSnapshot& now = event.now;
    if (now.session_state == SessionState::Up) return Indication::Up;
    if (now.session_state == SessionState::AdminDown) return Indication::AdminDown;
    // Of a peer that fell silent after its AdminDown the last word counts, 4.2.
    if (now.remote_session_state == SessionState::AdminDown) return Indication::AdminDown;
    // Disabled and enabled again before anybody was told: the diagnostic stays.
    const bool was_disabled = now.local_diag == Diag::AdministrativelyDown;
    const bool was_up = before == Indication::Up || event.reported_state == SessionState::Up;
    if (was_up && !was_disabled) return Indication::PathFailure;
    return before == Indication::PathFailure && !was_disabled ? Indication::PathFailure
                                                              : Indication::None;
}

}  // namespace tocsin::control::notify
