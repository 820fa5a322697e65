#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

// Sessions over several hops, RFC 5883; the paths of tunnels as well.

/// Any peer that a subnet or a static route leads to, from any address of ours: fills in remote,
/// local and port.
void check_path(RuleContext& in);
/// How many routers may lie on the way.
void check_multihop_ttl(RuleContext& in);
/// What does not work over several hops, RFC 5883 3.
void check_multihop(RuleContext& in);

}  // namespace tocsin::control::config
