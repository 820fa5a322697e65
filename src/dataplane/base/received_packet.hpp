#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"

#include <cstdint>

namespace tocsin {

/// A BFD Control packet found in a frame: what overlay strips off, and what bfd judges it by.
/// Pointers reach into the frame and live as long as it does.
struct ReceivedPacket {
    const std::uint8_t* payload = nullptr;  ///< first octet of the Control packet
    const std::uint8_t* source = nullptr;   ///< as SessionKey::remote, 4 or 16 octets by `family`
    const std::uint8_t* destination = nullptr;  ///< as SessionKey::local, likewise
    std::uint32_t instance = 0;                 ///< as SessionKey::instance
    std::uint16_t payload_length = 0;           ///< octets; at least 24, overlay drops less
    std::uint16_t domain = 0;                   ///< as SessionKey::domain
    PortId port;                                ///< arrival port, or a pseudo port: port_in_key()
    std::uint16_t link = 0;                     ///< as SessionKey::link
    SessionType type = SessionType::SingleHop;  ///< by the headers
    AddressFamily family = AddressFamily::None;
    std::uint8_t ttl = 0;         ///< TTL or Hop Limit; 255 already enforced for single hop
    bool point_to_point = false;  ///< of the arrival port, RFC 5881 6
};

}  // namespace tocsin
