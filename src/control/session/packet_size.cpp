#include "control/session/packet_size.hpp"

#include <algorithm>

namespace tocsin::control::session {

std::uint32_t udp_payload_octets(std::uint16_t padded_pdu_size,
                                 const bfd::SessionSnapshot& status) noexcept {
    return std::max<std::uint32_t>(padded_pdu_size, status.control_length);
}

std::string size_hint(std::uint32_t headers, std::uint16_t padded_pdu_size,
                      const bfd::SessionSnapshot& status) {
    const bool not_up = status.session_state == bfd::SessionState::Down ||
                        status.session_state == bfd::SessionState::Init;
    const bool peer_hears_nothing = status.local_diag == bfd::Diag::NeighborSignaledSessionDown &&
                                    status.remote_diag == bfd::Diag::ControlDetectionTimeExpired;
    if (padded_pdu_size == 0 || !not_up || !peer_hears_nothing) return {};
    const std::uint32_t payload = udp_payload_octets(padded_pdu_size, status);
    return "the peer is heard but no longer hears us: the path may carry no IP packets of " +
           std::to_string(payload + headers) + " octets (padded_pdu_size " +
           std::to_string(padded_pdu_size) + ')';
}

}  // namespace tocsin::control::session
