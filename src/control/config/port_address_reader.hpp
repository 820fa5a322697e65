#pragma once

#include "control/config/schema.hpp"
#include "control/config/toml_reader.hpp"

#include <vector>

namespace tocsin::control::config {

// The addresses of a [[port]], and what lies behind them.

/// Reads addresses. Those that are right by themselves are taken; false: some were at fault.
[[nodiscard]] bool read_port_addresses(TableReader& in, Port& out);
/// Reads one [[port.route]].
void read_route(TableReader& in, std::vector<Route>& out);
void read_echo_source(TableReader& in, Port& out);

}  // namespace tocsin::control::config
