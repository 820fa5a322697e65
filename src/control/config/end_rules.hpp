#pragma once

#include "control/config/rule_context.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

// The two systems of a session, whatever lies between them.

/// The addresses that are right by themselves; nullopt: not given, or at fault.
struct Ends {
    std::optional<IpAddress> remote;
    std::optional<IpAddress> local;
};
/// Reads remote, which is required, and local, and fills in those that are right.
[[nodiscard]] Ends read_ends(RuleContext& in);

/// The port that the draft names; nullptr: there is none, which is a fault.
[[nodiscard]] const Port* named_port(RuleContext& in);

/// Whether `remote` is our own address on `port`, which is a fault.
[[nodiscard]] bool refuse_own(RuleContext& in, const Port& port, const IpAddress& remote);

/// Names with commas between.
[[nodiscard]] std::string names_of(const std::vector<const Port*>& ports);

}  // namespace tocsin::control::config
