#pragma once

#include "control/config/fault.hpp"

#include <toml.hpp>

#include <optional>
#include <string_view>

namespace tocsin::control::config {

/// False and one fault: text that toml11 must not see, since it reads past its end or recurses too
/// deeply.
[[nodiscard]] bool check_text(std::string_view text, Faults& faults);

/// Checked TOML text as a tree, or nullopt and one fault with line, column and a sentence.
[[nodiscard]] std::optional<toml::value> read_toml(std::string_view text, Faults& faults);

}  // namespace tocsin::control::config
