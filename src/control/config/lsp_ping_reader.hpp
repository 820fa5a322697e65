#pragma once

#include "control/config/lsp_ping.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// The table [lsp_ping] with its [[lsp_ping.egress]].
void read_lsp_ping(TableReader& in, LspPing& out);

}  // namespace tocsin::control::config
