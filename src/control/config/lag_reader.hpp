#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads one [[lag]].
void read_lag(TableReader& in, Draft& draft);

}  // namespace tocsin::control::config
