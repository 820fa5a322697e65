#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

#include <functional>
#include <string>

namespace tocsin::control::config {

/// Reads [unsolicited_defaults], what all policies without values of their own use.
void read_unsolicited_defaults(TableReader& in, Draft& draft);
/// Reads one [[unsolicited]]: keys, types, and the range of each value by itself.
void read_unsolicited(TableReader& in, Draft& draft);

/// Compares the policies of `config` with its ports, profiles and sessions, and fills in their
/// parameters. `add` is given key path and message of each fault.
void check_unsolicited(Config& config,
                       const std::function<void(const std::string&, std::string)>& add);

}  // namespace tocsin::control::config
