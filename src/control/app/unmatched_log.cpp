#include "control/app/unmatched_log.hpp"

#include "control/base/address.hpp"
#include "control/base/log.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::control::app {

bool UnmatchedLog::note(const message::UnmatchedPacket& packet) {
    const Instant now = dataplane_.now();
    std::erase_if(quiet_until_, [now](const auto& known) { return known.second <= now; });
    if (quiet_until_.size() >= kSenders) return false;
    const Sender sender{packet.type, packet.source, packet.vni};
    if (!quiet_until_.emplace(sender, now + kAgain).second) return false;
    const auto ports = dataplane_.ports();
    const auto port = std::ranges::find(ports, packet.port, &message::PortStatus::id);
    log::write(log::Level::Warn, "bfd", "packet_without_session",
               {{"type", name(packet.type)},
                {"port", port == ports.end() ? std::string{"?"} : port->name},
                {"source", to_string(packet.source)},
                {"destination", to_string(packet.destination)},
                {"vni", packet.vni},
                {"my_discriminator", fmt::format("0x{:08x}", packet.my_discriminator.value)},
                {"advice",
                 "the peer has a session in this VNI and we have none with these addresses: "
                 "compare both ends"}});
    return true;
}

}  // namespace tocsin::control::app
