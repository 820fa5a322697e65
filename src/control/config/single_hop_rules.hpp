#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

// Sessions with a neighbour, RFC 5881. Their addresses are those of link_rules.hpp.

/// RFC 5881 5 leaves no choice.
void check_single_hop_ttl(RuleContext& in);
/// What only the whole session shows.
void check_single_hop(RuleContext& in);

}  // namespace tocsin::control::config
