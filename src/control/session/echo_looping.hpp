#pragma once

#include "dataplane/bfd/parameters.hpp"
#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/worker_stats.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace tocsin::control::session {

/// Tells every worker on which ports peers get their Echo packets back: where at least one session
/// allows it (a nonzero Required Min Echo RX Interval, RFC 5880 6.8.13), since any worker may be
/// the one that receives them. Control thread only.
class EchoLooping {
public:
    explicit EchoLooping(message::Dataplane& dataplane)
        : dataplane_{dataplane}, told_(dataplane.workers(), 0) {}

    void add(PortId port, const bfd::SessionParameters& parameters) {
        if (allows(port, parameters)) ++sessions_[port.value];
    }
    void remove(PortId port, const bfd::SessionParameters& parameters) {
        if (allows(port, parameters)) --sessions_[port.value];
    }
    /// Tells those that do not know, as far as their rings have room.
    void pump();

private:
    /// Beside those of KeySender and CommandQueue, and never looked at.
    static constexpr message::RequestId kAnswer{std::uint64_t{1} << 62U};

    [[nodiscard]] static bool allows(PortId port, const bfd::SessionParameters& p) noexcept {
        return port.value < message::kMaxPorts && p.required_min_echo_rx_interval.count() > 0;
    }

    message::Dataplane& dataplane_;
    std::array<std::uint32_t, message::kMaxPorts> sessions_{};  ///< that allow it, by port
    std::vector<std::uint32_t> told_;                           ///< by worker: bit by port
};

}  // namespace tocsin::control::session
