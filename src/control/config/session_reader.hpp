#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads one [[session]], as written.
void read_session(TableReader& in, Draft& draft);

}  // namespace tocsin::control::config
