#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// A session between VAPs of two NVEs, RFC 9521: what is inside of its packets. After the
/// addresses, which are those of multihop_rules.hpp.
void check_geneve(RuleContext& in);

}  // namespace tocsin::control::config
