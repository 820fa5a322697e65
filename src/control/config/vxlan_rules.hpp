#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// A session between VTEPs, RFC 8971: what is inside of its packets. After the addresses, which are
/// those of multihop_rules.hpp.
void check_vxlan(RuleContext& in);

}  // namespace tocsin::control::config
