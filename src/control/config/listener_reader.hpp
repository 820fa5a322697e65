#pragma once

#include "control/config/schema.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads [api].
void read_api(TableReader& in, Api& out);
/// Reads [metrics].
void read_metrics(TableReader& in, Metrics& out);

}  // namespace tocsin::control::config
