#include "control/session/echo_looping.hpp"

#include <algorithm>
#include <limits>

namespace tocsin::control::session {

void EchoLooping::pump() {
    if (!changed_) return;
    changed_ = false;
    for (std::uint16_t w = 0; w < told_.size(); ++w) {
        for (std::uint16_t port = 0; port < message::kPortIds; ++port) {
            const std::uint32_t rate = rate_of(port);
            if (told_[w][port] == rate) continue;
            const message::SetEchoLooping body{.port = {port}, .rate = rate};
            if (!dataplane_.worker({w}).send({.id = kAnswer, .body = body})) {
                changed_ = true;
                break;
            }
            told_[w][port] = rate;
        }
    }
}

std::uint32_t EchoLooping::rate_of(std::uint16_t port) const {
    const std::uint64_t rate = (thousandths_[port] + 999) / 1000;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(rate, std::numeric_limits<std::uint32_t>::max()));
}

/// Exact for each session, so that what was added can be taken away again; a nonzero interval
/// never comes to nothing.
std::uint64_t EchoLooping::thousandths(const bfd::SessionParameters& p) {
    const std::uint64_t interval = p.required_min_echo_rx_interval.count();
    return interval == 0 ? 0 : (1'000'000'000 + interval - 1) / interval;
}

}  // namespace tocsin::control::session
