#pragma once

#include "control/session/record.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tocsin::control::session {

/// Which sessions a list or a watcher is about; all that is given must match.
struct Filter {
    std::uint8_t states = 0;       ///< bit 1 << SessionState; 0 = all
    std::optional<PortId> port{};  ///< a port that does not exist matches nothing
    std::optional<IpPrefix> remote{};
    std::optional<Origin> origin{};
    std::string name_contains{};

    [[nodiscard]] bool matches_state(bfd::SessionState s) const noexcept {
        return states == 0 || (states >> static_cast<unsigned>(s) & 1U) != 0;
    }
    /// All but the state, which changes.
    [[nodiscard]] bool matches_identity(const SessionRecord& r) const {
        if (port && r.port != *port) return false;
        if (remote && !remote->contains(r.remote)) return false;
        if (origin && r.origin != *origin) return false;
        return name_contains.empty() ||
               (r.name != nullptr && r.name->find(name_contains) != std::string::npos);
    }
    [[nodiscard]] bool matches(const SessionRecord& r) const {
        return matches_state(r.status.session_state) && matches_identity(r);
    }
    [[nodiscard]] bool matches_all() const noexcept {
        return states == 0 && !port && !remote && !origin && name_contains.empty();
    }
};

}  // namespace tocsin::control::session
