#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads one [[port]].
void read_port(TableReader& in, Draft& draft);

}  // namespace tocsin::control::config
