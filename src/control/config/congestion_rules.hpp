#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// Congestion control, RFC 5880 7: on over several hops unless it is turned off, refused elsewhere.
/// What a profile says is for its multihop sessions only.
void read_congestion_control(RuleContext& in);

}  // namespace tocsin::control::config
