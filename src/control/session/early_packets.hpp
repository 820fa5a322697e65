#pragma once

#include "control/session/record.hpp"
#include "dataplane/message/early_packet.hpp"

#include <optional>
#include <unordered_map>

namespace tocsin::control::session {

/// The packets that unsolicited sessions were created for, until their workers have them.
class EarlyPackets {
public:
    void keep(SessionId id, const message::EarlyPacket& packet) { packets_[id.value] = packet; }
    void forget(SessionId id) { packets_.erase(id.value); }
    [[nodiscard]] std::optional<message::EarlyPacket> take(SessionId id) {
        if (packets_.empty()) return std::nullopt;
        const auto found = packets_.extract(id.value);
        if (!found) return std::nullopt;
        return found.mapped();
    }

private:
    std::unordered_map<std::uint64_t, message::EarlyPacket> packets_;
};

}  // namespace tocsin::control::session
