#pragma once

#include "control/config/fault.hpp"

#include <toml.hpp>

#include <optional>
#include <string_view>

namespace tocsin::control::config {

/// TOML text as a tree, or nullopt and one fault with line, column and a sentence.
[[nodiscard]] std::optional<toml::value> read_toml(std::string_view text, Faults& faults);

}  // namespace tocsin::control::config
