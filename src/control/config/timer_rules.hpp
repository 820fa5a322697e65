#pragma once

#include "control/config/rule_context.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::config {

/// The timers of Control packets, RFC 5880 6.8.1.
void read_timers(RuleContext& in);

/// `to` becomes what the draft gives, else what the profile gives, else `otherwise`; the draft's is
/// compared with the rule `fault_of`, which the profile's already passed.
void take_interval(RuleContext& in, std::string_view member,
                   const std::optional<std::chrono::microseconds>& given,
                   const std::optional<WireInterval>& profiles, WireInterval otherwise,
                   std::optional<std::string> (*fault_of)(std::chrono::microseconds),
                   WireInterval& to);

}  // namespace tocsin::control::config
