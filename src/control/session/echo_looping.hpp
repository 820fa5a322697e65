#pragma once

#include "dataplane/bfd/parameters.hpp"
#include "dataplane/message/dataplane.hpp"
#include "dataplane/message/worker_stats.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace tocsin::control::session {

/// Tells every worker on which ports peers get their Echo packets back, and how many: what those
/// sessions add up to that allow it (a nonzero Required Min Echo RX Interval, RFC 5880 6.8.13). Any
/// worker may be the one that receives them all. Control thread only.
class EchoLooping {
public:
    explicit EchoLooping(message::Dataplane& dataplane)
        : dataplane_{dataplane}, told_(dataplane.workers()) {}

    void add(PortId port, const bfd::SessionParameters& parameters) {
        change(port, thousandths(parameters));
    }
    void remove(PortId port, const bfd::SessionParameters& parameters) {
        change(port, std::uint64_t{0} - thousandths(parameters));
    }
    /// The same of a reflector of S-BFD, on every port that has sessions or reflectors.
    void add(PortId port, WireInterval required_min_echo_rx_interval) {
        bfd::SessionParameters p;
        p.required_min_echo_rx_interval = required_min_echo_rx_interval;
        add(port, p);
    }
    void remove(PortId port, WireInterval required_min_echo_rx_interval) {
        bfd::SessionParameters p;
        p.required_min_echo_rx_interval = required_min_echo_rx_interval;
        remove(port, p);
    }
    /// Tells those that do not know, as far as their rings have room.
    void pump();

private:
    /// Beside those of KeySender and CommandQueue, and never looked at.
    static constexpr message::RequestId kAnswer{std::uint64_t{1} << 62U};

    using Rates = std::array<std::uint32_t, message::kPortIds>;  ///< packets a second, by port

    /// What a session allows, packets in a thousand seconds.
    [[nodiscard]] static std::uint64_t thousandths(const bfd::SessionParameters& p);
    [[nodiscard]] std::uint32_t rate_of(std::uint16_t port) const;
    void change(PortId port, std::uint64_t by) {
        if (port.value >= message::kPortIds || by == 0) return;
        thousandths_[port.value] += by;
        changed_ = true;
    }

    message::Dataplane& dataplane_;
    std::array<std::uint64_t, message::kPortIds> thousandths_{};  ///< of all sessions, by port
    std::vector<Rates> told_;                                     ///< by worker
    bool changed_ = false;                                        ///< somebody may not know
};

}  // namespace tocsin::control::session
