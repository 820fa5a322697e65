#pragma once

#include "control/config/draft.hpp"
#include "control/config/toml_reader.hpp"

namespace tocsin::control::config {

/// The keys of a session that say what is in its tunnel.
void read_tunnel_keys(TableReader& in, SessionDraft& out);

/// The tables `vxlan` and `geneve`.
void read_vxlan(TableReader& in, TunnelSettings& out);
void read_geneve(TableReader& in, TunnelSettings& out);

}  // namespace tocsin::control::config
