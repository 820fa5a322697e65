#pragma once

#include "dataplane/base/received_packet.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/bfd/auth.hpp"
#include "overlay/classify.hpp"
#include "overlay/header_template.hpp"
#include "overlay/vccv.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace tocsin::simulation {

/// How the packets of one end travel: in whole frames with the headers of their type, built as for
/// a peer and judged as by a worker. Numbers of ends are 0 and 1.
class Carriage {
public:
    struct Kind {
        SessionType type = SessionType::SingleHop;
        AddressFamily family = AddressFamily::V4;
        AddressFamily inner = AddressFamily::V4;  ///< in a tunnel
        bool ethernet = true;                     ///< in Geneve
        unsigned tags = 0;                        ///< VLAN tags of what is inside, 0..2
        bool outer_checksum = true;               ///< of a tunnel
        overlay::ControlChannel channel = overlay::ControlChannel::Ach;  ///< of a pseudowire
        bool ip = true;                                                  ///< in it
    };

    Carriage(const Kind& kind, std::uint8_t end) : kind_{kind}, end_{end} {}

    /// Of session `index`, below 256.
    [[nodiscard]] SessionKey key(std::uint32_t index) const;
    /// What arrives when the other end sends `packet` for session `index`. Valid until the next
    /// call. Nothing of it is lost on the way: whatever is not taken ends the test.
    [[nodiscard]] ReceivedPacket receive(std::uint32_t index, const bfd::SignedPacket& packet);

private:
    struct Link {
        overlay::HeaderTemplate headers;
        overlay::PortContext context;
    };

    [[nodiscard]] overlay::HeaderTemplate headers(std::uint32_t index) const;
    [[nodiscard]] overlay::PortContext context(std::uint32_t index) const;

    Kind kind_;
    std::uint8_t end_;
    std::map<std::uint32_t, std::unique_ptr<Link>> links_;  ///< by session, made when needed
    std::vector<std::uint8_t> frame_;
};

}  // namespace tocsin::simulation
