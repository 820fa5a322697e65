#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// Padded packets that prove the path carries their size, RFC 9764.
void read_padding(RuleContext& in);

}  // namespace tocsin::control::config
