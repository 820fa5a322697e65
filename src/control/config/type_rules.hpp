#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// What sets one type of session apart. A type has a file of rules, and an entry here.
struct TypeRules {
    /// Over a way that routers may lie on, nothing but addresses and keys stops a forged packet.
    bool match_source = false;
    void (*ttl)(RuleContext&);        ///< which packets are from near enough
    void (*addresses)(RuleContext&);  ///< fills in remote, local and port
    void (*whole)(RuleContext&);      ///< what only the whole session shows
};

[[nodiscard]] const TypeRules& rules_of(SessionType type) noexcept;

}  // namespace tocsin::control::config
