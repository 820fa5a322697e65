#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads [dataplane].
void read_dataplane(TableReader& in, Draft& draft);

}  // namespace tocsin::control::config
