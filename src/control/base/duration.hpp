#pragma once

#include "control/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace tocsin::control {

/// A number with a unit: "3300us", "50ms", "1s", "1.5ms". Units are us, ms and s; the value must be
/// a whole number of microseconds, the resolution of RFC 5880 4.1. Not negative; at most 10^12 of
/// the unit. The error says what was wrong with the text and what to write instead; `where` is
/// empty.
[[nodiscard]] Result<std::chrono::microseconds> parse_duration(std::string_view text);

/// In the largest unit that needs no fraction: "1s", "300ms", "3300us". parse_duration() reads it
/// back.
[[nodiscard]] std::string to_string(std::chrono::microseconds duration);

}  // namespace tocsin::control
