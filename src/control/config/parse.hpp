#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Keys, types and the range of each value by itself; every mistake is added to `faults`.
[[nodiscard]] Draft parse(const toml::value& root, SecretFiles secrets, Faults& faults);

/// The same for the sessions of a piece of the file, the first of which is session[first].
void parse_sessions(const toml::value& piece, std::size_t first, Draft& draft, Faults& faults);

}  // namespace tocsin::control::config
