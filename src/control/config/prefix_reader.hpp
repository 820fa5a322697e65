#pragma once

#include "control/config/toml_reader.hpp"
#include "dataplane/base/ip.hpp"

#include <vector>

namespace tocsin::control::config {

/// Networks, or single hosts without a length; those that are right.
[[nodiscard]] std::vector<IpPrefix> read_prefixes(TableReader& in, const char* key);

}  // namespace tocsin::control::config
