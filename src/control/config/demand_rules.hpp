#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

// Demand mode, RFC 5880 6.6.

/// Whether we ask for it, and how often we verify the path then.
void read_demand(RuleContext& in);
/// That something proves the peer is there; after read_demand() and read_echo().
void check_demand(RuleContext& in);

}  // namespace tocsin::control::config
