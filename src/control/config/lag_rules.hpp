#pragma once

#include "control/config/draft.hpp"
#include "control/config/rule_context.hpp"

#include <functional>
#include <string>

namespace tocsin::control::config {

/// Checks the LAGs of a file, whose ports were read, and adds what they stand for: `config.lags`,
/// and a draft of a session for each member and family. `add` takes a key path and what is wrong.
void expand_lags(Draft& draft, const std::function<void(const std::string&, std::string)>& add);

/// Of a micro-BFD session: both addresses, which the port need not have, RFC 7130 2.2.
void check_member_link(RuleContext& in);
/// Asynchronous mode without Echo, RFC 7130 2.2.
void check_micro(RuleContext& in);

}  // namespace tocsin::control::config
