#pragma once

#include "control/config/schema.hpp"
#include "control/config/toml_reader.hpp"

#include <vector>

namespace tocsin::control::config {

/// Reads one [[profile]].
void read_profile(TableReader& in, std::vector<Profile>& out);

}  // namespace tocsin::control::config
