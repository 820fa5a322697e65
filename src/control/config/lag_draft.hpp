#pragma once

#include "control/config/lag.hpp"
#include "control/config/session_draft.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// What one member has of its own, RFC 7130 2.2.
struct LagMemberDraft {
    std::string path;  ///< lag[0].member[1]
    std::string port{};
    std::string profile{};
    std::optional<std::chrono::microseconds> desired_min_tx_interval{};
    std::optional<std::chrono::microseconds> required_min_rx_interval{};
    std::optional<std::int64_t> detect_mult{};
};

/// A LAG as written; `lag` has what needs no comparison with other parts.
struct LagDraft {
    std::string path;  ///< lag[0]
    Lag lag;
    SessionDraft session;  ///< what the sessions of all members have
    std::vector<std::string> local{};
    std::vector<std::string> remote{};
    std::vector<LagMemberDraft> members{};  ///< with values of their own
};

}  // namespace tocsin::control::config
