#pragma once

#include "control/config/auth_rules.hpp"
#include "control/config/notification_rules.hpp"
#include "control/config/toml_reader.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

// Values that several tables of the file have, under the rules of value_rules.hpp.

/// `name`, which is required; `why` says what for. As written, also when it is at fault.
[[nodiscard]] std::string read_name(TableReader& in, std::string_view why, std::size_t longest);

/// nullopt: not given, or refused by the rule `fault_of`.
template <class Duration>
[[nodiscard]] std::optional<Duration> read_duration(
    TableReader& in, const char* key,
    std::optional<std::string> (*fault_of)(std::chrono::microseconds)) {
    const auto value = in.get_duration(key);
    if (!value) return std::nullopt;
    if (auto why = fault_of(*value)) {
        in.fault(key, std::move(*why));
        return std::nullopt;
    }
    return std::chrono::duration_cast<Duration>(*value);
}

/// The same for a whole number.
template <class Number>
[[nodiscard]] std::optional<Number> read_number(
    TableReader& in, const char* key, std::optional<std::string> (*fault_of)(std::int64_t)) {
    const auto value = in.get_integer(key);
    if (!value) return std::nullopt;
    if (auto why = fault_of(*value)) {
        in.fault(key, std::move(*why));
        return std::nullopt;
    }
    return static_cast<Number>(*value);
}

/// `auth = { type = ..., key_chain = ... }`, as written.
[[nodiscard]] std::optional<AuthDraft> read_auth_table(TableReader& in);
/// `dampening = { ... }`, as written.
[[nodiscard]] std::optional<DampeningDraft> read_dampening_table(TableReader& in);

}  // namespace tocsin::control::config
