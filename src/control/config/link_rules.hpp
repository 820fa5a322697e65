#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// The addresses of a session whose peer is on the link of a port, RFC 5881: fills in remote, local
/// and port.
void check_link(RuleContext& in);

}  // namespace tocsin::control::config
