#pragma once

#include "control/session/record.hpp"
#include "dataplane/bfd/session_event.hpp"

#include <cstdint>
#include <string>

namespace tocsin::control::session {

/// As config::header_octets().
[[nodiscard]] inline std::uint32_t header_octets(const SessionRecord& record) noexcept {
    if (record.tunnel) return config::tunnel_header_octets(record.remote.family, *record.tunnel);
    return record.remote.is_v6() ? 48 : 28;
}

/// UDP payload of the packets that we send, octets, RFC 9764 3: the size that is asked for, or the
/// Control packet where that is longer.
[[nodiscard]] std::uint32_t udp_payload_octets(std::uint16_t padded_pdu_size,
                                               const bfd::SessionSnapshot& status) noexcept;

/// What the size may have to do with a session not being Up, for people; empty when nothing says
/// so. Only the peer knows what it does not hear: it has to tell. `headers`: header_octets().
[[nodiscard]] std::string size_hint(std::uint32_t headers, std::uint16_t padded_pdu_size,
                                    const bfd::SessionSnapshot& status);

}  // namespace tocsin::control::session
