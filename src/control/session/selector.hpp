#pragma once

#include "control/base/result.hpp"
#include "control/session/reconciler.hpp"
#include "control/session/registry.hpp"

#include <string>
#include <variant>

namespace tocsin::control::session {

/// A session by its addresses; port and local may be left out while the remote is unambiguous.
struct PeerSelector {
    IpAddress remote;
    IpAddress local{};   ///< family None: any
    std::string port{};  ///< empty: any
};
/// How a person or a program names one session.
using Selector = std::variant<SessionId, std::string, Discriminator, PeerSelector>;

/// NOT_FOUND when there is no such session, INVALID_ARGUMENT when there are several.
[[nodiscard]] Result<SessionId> resolve(const Selector& selector, Registry& registry,
                                        Reconciler& reconciler);

}  // namespace tocsin::control::session
