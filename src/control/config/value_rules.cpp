#include "control/config/value_rules.hpp"

#include "control/base/duration.hpp"
#include "control/config/nearest.hpp"

#include <algorithm>
#include <limits>

namespace tocsin::control::config {

namespace {

/// Below it a tick of the timing wheel is no longer small against the jitter of RFC 5880 6.8.7.
constexpr std::chrono::microseconds kShortestInterval{1000};
constexpr std::chrono::microseconds kLongestInterval{std::numeric_limits<std::uint32_t>::max()};
/// A session in Demand mode that is verified more often than that has no use for it.
constexpr std::chrono::microseconds kShortestDemandPoll{10'000};
constexpr std::chrono::microseconds kLongestDemandPoll = std::chrono::hours{1};

std::optional<std::string> interval_fault(std::chrono::microseconds value) {
    if (value >= kShortestInterval && value <= kLongestInterval) return std::nullopt;
    return to_string(value) + " is out of range: " + to_string(kShortestInterval) + ".." +
           to_string(kLongestInterval) +
           " are accepted (what timers of 65 us keep with jitter, and 32 bits of microseconds, "
           "RFC 5880 4.1)";
}

std::optional<std::string> number_fault(std::int64_t value, std::int64_t lowest,
                                        std::int64_t highest, std::string_view why) {
    if (value >= lowest && value <= highest) return std::nullopt;
    return std::to_string(value) + " is out of range: " + std::to_string(lowest) + ".." +
           std::to_string(highest) + " are accepted" + std::string{why};
}

}  // namespace

std::optional<std::string> name_fault(std::string_view name, std::size_t longest) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    if (!name.empty() && name.size() <= longest && std::ranges::all_of(name, allowed)) {
        return std::nullopt;
    }
    return in_quotes(name) + " is not a name: use 1.." + std::to_string(longest) +
           " letters, digits, '-', '_' or '.'";
}

std::optional<std::string> desired_min_tx_fault(std::chrono::microseconds value) {
    return interval_fault(value);
}

std::optional<std::string> required_min_rx_fault(std::chrono::microseconds value) {
    if (value.count() == 0) {
        return "0s asks the peer for silence for good: write demand_mode = true to have it silent "
               "while the session is Up; " +
               to_string(kShortestInterval) + ".." + to_string(kLongestInterval) + " are accepted";
    }
    return interval_fault(value);
}

std::optional<std::string> detect_mult_fault(std::int64_t value) {
    return number_fault(value, 1, 255, " (RFC 5880 6.8.1)");
}

std::optional<std::string> demand_poll_fault(std::chrono::microseconds value) {
    if (value.count() == 0 || (value >= kShortestDemandPoll && value <= kLongestDemandPoll)) {
        return std::nullopt;
    }
    return to_string(value) + " is out of range: 0s (only when asked for) or " +
           to_string(kShortestDemandPoll) + ".." + to_string(kLongestDemandPoll) + " are accepted";
}

std::optional<std::string> echo_interval_fault(std::chrono::microseconds value) {
    if (value.count() == 0 || (value >= kShortestInterval && value <= kLongestInterval)) {
        return std::nullopt;
    }
    return to_string(value) + " is out of range: 0s (no Echo) or " + to_string(kShortestInterval) +
           ".." + to_string(kLongestInterval) + " are accepted";
}

std::optional<std::string> padded_pdu_size_fault(std::int64_t value) {
    if (value == 0) return std::nullopt;
    return number_fault(value, 24, 65535,
                        " (octets of UDP payload, RFC 9764), or 0 for no padding");
}

std::optional<std::string> dscp_fault(std::int64_t value) {
    return number_fault(value, 0, 63, ", such as 48 (CS6)");
}

std::optional<std::string> min_ttl_fault(std::int64_t value) {
    return number_fault(value, 1, 255, ": 255 less the routers on the way (RFC 5883 3)");
}

}  // namespace tocsin::control::config
