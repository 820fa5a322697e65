#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tocsin::sequence {

/// Reads packets, commands and steps of time from `octets`, gives them to one engine and compares
/// it with a ReferenceSession per session after each. Any octets are a valid input. Returns what
/// went wrong, or an empty string.
[[nodiscard]] std::string run(std::span<const std::uint8_t> octets);

}  // namespace tocsin::sequence
