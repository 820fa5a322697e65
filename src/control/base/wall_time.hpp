#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace tocsin::control {

/// A time as RFC 3339 writes it, to the second: 2026-01-01T00:00:00Z, or with an offset such as
/// +01:00. nullopt: it is not one.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_wall_time(const std::string& text);

/// 2026-01-01T00:00:00Z.
[[nodiscard]] std::string to_string(std::chrono::sys_seconds time);

}  // namespace tocsin::control
