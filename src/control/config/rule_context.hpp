#pragma once

#include "control/config/session_check.hpp"
#include "control/config/session_draft.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::config {

/// A session while it is checked: what was written, what it is compared with, and what came of it
/// so far. Each file of rules reads its own members and fills them in.
struct RuleContext {
    const SessionDraft& draft;
    const std::vector<Port>& ports;
    const Profile& profile;  ///< the one that is named; without values when there is none
    const TunnelSettings& tunnels;
    std::vector<MemberFault>& faults;
    Session& session;

    /// `member` lives as long as the program.
    void add(std::string_view member, std::optional<std::string> message,
             bool about_addresses = false) {
        if (message) faults.push_back({member, std::move(*message), about_addresses});
    }
};

}  // namespace tocsin::control::config
