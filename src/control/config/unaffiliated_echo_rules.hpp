#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// A session with ourselves, RFC 9747: nobody is asked for anything. What a profile says about
/// peers is not for it. Its addresses are those of link_rules.hpp.
void check_unaffiliated_echo(RuleContext& in);

}  // namespace tocsin::control::config
