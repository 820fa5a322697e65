#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::config {

// What one value by itself may be, used for sessions, profiles and policies alike.

/// nullopt when `name` is 1..`longest` letters, digits, '-', '_' or '.'.
[[nodiscard]] std::optional<std::string> name_fault(std::string_view name, std::size_t longest);
inline constexpr std::size_t kLongestSessionName = 64;
inline constexpr std::size_t kLongestPortName = 32;
inline constexpr std::size_t kLongestProfileName = 64;
inline constexpr std::size_t kLongestKeyChainName = 64;

/// The accepted ranges of the numbers. nullopt = in range.
[[nodiscard]] std::optional<std::string> desired_min_tx_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> required_min_rx_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> detect_mult_fault(std::int64_t value);
[[nodiscard]] std::optional<std::string> demand_poll_fault(std::chrono::microseconds value);
/// Of both intervals of Echo; 0 = none.
[[nodiscard]] std::optional<std::string> echo_interval_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> padded_pdu_size_fault(std::int64_t value);
[[nodiscard]] std::optional<std::string> dscp_fault(std::int64_t value);
/// Of multihop sessions.
[[nodiscard]] std::optional<std::string> min_ttl_fault(std::int64_t value);

}  // namespace tocsin::control::config
