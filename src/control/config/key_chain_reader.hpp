#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// Reads one [[key_chain]] with the files of its secrets. A key with a fault is left out and makes
/// the draft's chains doubtful. Faults never repeat a secret.
void read_key_chain(TableReader& in, Draft& draft);

}  // namespace tocsin::control::config
