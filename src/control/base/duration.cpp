#include "control/base/duration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace tocsin::control {

namespace {

constexpr std::size_t kWholeDigits = 12;  // 10^12 s in microseconds fit 63 bits
constexpr std::array<std::pair<std::string_view, int>, 3> kUnits{{{"us", 0}, {"ms", 3}, {"s", 6}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Error invalid(std::string_view text, std::string_view why) {
    return {.kind = ErrorKind::InvalidArgument,
            .message = '"' + std::string{text} + "\" " + std::string{why},
            .where = {}};
}

}  // namespace

Result<std::chrono::microseconds> parse_duration(std::string_view text) {
    if (text.starts_with('-')) return invalid(text, "is negative: a duration is 0s or more");
    const auto whole_end = std::ranges::find_if_not(text, is_digit);
    std::string_view whole{text.begin(), whole_end};
    std::string_view rest{whole_end, text.end()};
    if (whole.empty()) {
        return invalid(
            text, "is not a duration: write a number and a unit (us, ms, s), such as \"50ms\"");
    }
    std::string_view fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        const auto fraction_end = std::ranges::find_if_not(rest, is_digit);
        fraction = {rest.begin(), fraction_end};
        rest = {fraction_end, rest.end()};
        if (fraction.empty())
            return invalid(text, "needs a digit after the point, such as \"1.5ms\"");
    }
    if (rest.empty())
        return invalid(text, "has no unit: write \"" + std::string{text} + "ms\" or \"" +
                                 std::string{text} + "s\" (units: us, ms, s)");
    const auto* const unit = std::ranges::find(kUnits, rest, &decltype(kUnits)::value_type::first);
    if (unit == kUnits.end()) {
        return invalid(text,
                       "has an unknown unit: use us, ms or s, such as \"50ms\" (no space between)");
    }
    while (whole.starts_with('0')) whole.remove_prefix(1);
    while (fraction.ends_with('0')) fraction.remove_suffix(1);
    if (whole.size() > kWholeDigits) return invalid(text, "is too long");
    const auto decimals = static_cast<std::size_t>(unit->second);
    if (fraction.size() > decimals) {
        return invalid(text, "is not a whole number of microseconds, the resolution of BFD");
    }
    std::int64_t value = 0;
    for (const char c : whole) value = value * 10 + (c - '0');
    for (std::size_t i = 0; i < decimals; ++i) {
        value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    }
    return std::chrono::microseconds{value};
}

std::string to_string(std::chrono::microseconds duration) {
    const auto us = duration.count();
    if (us % 1'000'000 == 0) return std::to_string(us / 1'000'000) + "s";
    if (us != 0 && us % 1'000 == 0) return std::to_string(us / 1'000) + "ms";
    return std::to_string(us) + "us";
}

}  // namespace tocsin::control
