#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// What clients are told of a session when: its holds, its dampening and the alignment of its
/// intervals.
void read_telling(RuleContext& in);

}  // namespace tocsin::control::config
