#pragma once

#include "control/auth/key_chain.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace tocsin::control::auth {

inline constexpr WallTime kNoon{std::chrono::hours{500'000}};

/// `send` as `accept` unless it is given.
inline Key key(std::uint8_t id, const std::string& secret, Lifetime accept = {},
               std::optional<Lifetime> send = {}) {
    return {.id = id,
            .secret = std::make_shared<const Secret>(secret.begin(), secret.end()),
            .secret_file = "/etc/tocsin/keys/" + std::to_string(id),
            .accept = accept,
            .send = send.value_or(accept)};
}

}  // namespace tocsin::control::auth
