#pragma once

#include "control/config/session_check.hpp"
#include "control/config/session_draft.hpp"

#include <vector>

namespace tocsin::control::config {

// The rules for one session, whoever asks for it: the file and SessionService use the same.

/// Checks every member of `draft` and reports all faults. The session in the result has defaults
/// and the profile's values applied, in this order: the draft's own value, the profile's, the
/// default.
///
/// - `port` left out: the only port with the remote in a subnet (for an IPv6 link-local remote: the
/// only
///   port there is).
/// - For multihop and tunnels `port` left out is the one with the longest subnet or static route to
///   the remote, and `local` left out its address towards the next hop.
/// - `local` left out: the port's address in the remote's subnet. For an IPv6 link-local remote on
/// a
///   port without a listed link-local address it stays of family None: the daemon uses the address
///   that it derives from the port's MAC. SessionService may pass ports with that address added to
///   `addresses`; then `local` is filled in and accepted like any other.
///
/// Not checked here, because it depends on more than the session: uniqueness (see name and
/// identity()), max_sessions, how many sessions a pair of tunnel ends has, and whether there is
/// such a key chain.
[[nodiscard]] SessionCheck validate_session(const SessionDraft& draft,
                                            const std::vector<Port>& ports,
                                            const std::vector<Profile>& profiles,
                                            const TunnelSettings& tunnels = {});

}  // namespace tocsin::control::config
