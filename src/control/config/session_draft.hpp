#pragma once

#include "control/base/boxed.hpp"
#include "control/config/auth_rules.hpp"
#include "control/config/notification_rules.hpp"
#include "control/config/schema.hpp"
#include "control/config/tunnel_draft.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::control::config {

/// A session as somebody wrote it: text and numbers that nobody has checked. Empty text and nullopt
/// mean not given. Every member has an initializer, so that drafts can be written with names.
struct SessionDraft {
    SessionType type = SessionType::SingleHop;
    std::string name{};
    std::string remote{};  ///< required
    std::string local{};
    std::string port{};
    std::string profile{};
    std::optional<std::chrono::microseconds> desired_min_tx_interval{};
    std::optional<std::chrono::microseconds> required_min_rx_interval{};
    std::optional<std::int64_t> detect_mult{};
    std::optional<std::int64_t> min_ttl{};
    std::optional<std::int64_t> dscp{};
    std::optional<bool> passive{};
    std::optional<bool> demand_mode{};
    std::optional<std::chrono::microseconds> demand_poll_interval{};
    std::optional<std::chrono::microseconds> desired_min_echo_tx_interval{};
    std::optional<std::chrono::microseconds> required_min_echo_rx_interval{};
    std::optional<bool> match_source{};
    std::optional<bool> congestion_control{};
    std::optional<bool> follow_link{};
    std::optional<AuthDraft> auth{};
    std::optional<std::int64_t> padded_pdu_size{};
    std::optional<bool> interval_alignment{};
    std::optional<std::chrono::microseconds> up_hold{};
    std::optional<std::chrono::microseconds> down_hold{};
    std::optional<DampeningDraft> dampening{};
    bool admin_down = false;
    MemberFrames frames{};    ///< of type Micro; as Session
    bool on_request = false;  ///< likewise
    Boxed<TunnelDraft> tunnel{};
    std::optional<std::int64_t> remote_discriminator{};
};

/// The draft that validate_session() would read as `session`: to change one member of a session
/// that exists, draft it, set the member, and validate again.
[[nodiscard]] SessionDraft draft_of(const Session& session);

}  // namespace tocsin::control::config
