#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// The draft's authentication, else the profile's, else none.
void read_session_auth(RuleContext& in);

}  // namespace tocsin::control::config
