#include "control/session/echo_looping.hpp"

namespace tocsin::control::session {

void EchoLooping::pump() {
    std::uint32_t wanted = 0;
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
        if (sessions_[i] != 0) wanted |= 1U << i;
    }
    for (std::uint16_t w = 0; w < told_.size(); ++w) {
        for (std::uint16_t port = 0; told_[w] != wanted && port < message::kMaxPorts; ++port) {
            const std::uint32_t bit = 1U << port;
            if (((told_[w] ^ wanted) & bit) == 0) continue;
            const message::SetEchoLooping body{.port = {port}, .on = (wanted & bit) != 0};
            if (!dataplane_.worker({w}).send({.id = kAnswer, .body = body})) break;
            told_[w] ^= bit;
        }
    }
}

}  // namespace tocsin::control::session
