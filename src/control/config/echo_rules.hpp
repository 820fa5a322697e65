#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

// The Echo function beside Control packets, RFC 5880 6.4.

/// The intervals of both directions.
void read_echo(RuleContext& in);
/// What only the whole session shows; after read_echo() and the addresses.
void check_echo(RuleContext& in);

}  // namespace tocsin::control::config
