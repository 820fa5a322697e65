#pragma once

#include "control/config/lag.hpp"
#include "control/lag/group.hpp"
#include "control/session/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::lag {

/// A member's place in one load-balancing table.
struct PlaceView {
    Table table = Table::Both;
    bool permitted = false;  ///< micro-BFD does not keep it out
    Reason reason{};
    std::optional<bool>
        applied;                ///< what the load balancer was last seen to do; nullopt: not known
    bool kept_as_last = false;  ///< it is to be taken out, but is the last one
    std::string error;          ///< why the load balancer did not do it; empty: it did
};

/// A session of a member.
struct MemberSession {
    AddressFamily family = AddressFamily::None;
    session::SessionId id;  ///< 0: it does not exist now
    std::string name{};
    bfd::SessionState state = bfd::SessionState::Down;
    notify::Indication told = notify::Indication::None;
    bool peer_heard = false;  ///< ever, by this session
};

struct MemberView {
    std::string port;
    bool known = false;  ///< false: a port that is new in the file, which needs a restart
    LinkState state{};
    bool link_up = false;
    bool in_use = false;     ///< in any table, Distributing, with a link
    bool confirmed = false;  ///< all of its sessions are Up
    Instant since{};         ///< last change of `in_use`
    std::vector<PlaceView> places;
    std::vector<MemberSession> sessions;
};

/// A copy that any thread may keep and read.
struct LagView {
    config::Lag config;
    std::string actuator;
    bool up = false;
    Instant since{};  ///< last change of `up`
    std::size_t members_in_use = 0;
    std::uint64_t downs = 0;      ///< times that it went down
    std::uint64_t taken_out = 0;  ///< acts of the actuator that were verified
    std::uint64_t put_back = 0;   ///< likewise
    std::uint64_t failed_acts = 0;
    std::vector<MemberView> members;
};

}  // namespace tocsin::control::lag
