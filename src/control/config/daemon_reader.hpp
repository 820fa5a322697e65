#pragma once

#include "control/config/schema.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads [daemon].
void read_daemon(TableReader& in, Daemon& out);

}  // namespace tocsin::control::config
