#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

#include <functional>
#include <optional>
#include <string>

namespace tocsin::control::config {

/// [sbfd].
void read_sbfd(TableReader& in, Sbfd& out);
/// [[reflector]].
void read_reflector(TableReader& in, Draft& draft);

/// After everything was read: discriminators that were left out are filled in, and reflectors
/// compared with each other.
void check_reflectors(Config& config,
                      const std::function<void(const std::string& path, std::string)>& add);

}  // namespace tocsin::control::config
