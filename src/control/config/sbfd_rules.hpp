#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

// Sessions of type sbfd: initiators, RFC 7880 and 7881.

/// Responses may come from any distance, RFC 7881 5.
void check_sbfd_ttl(RuleContext& in);
void check_sbfd(RuleContext& in);
/// Of a session of another type.
void refuse_sbfd(RuleContext& in);

}  // namespace tocsin::control::config
