#pragma once

#include "control/config/schema.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// A session that both configurations have: same port, family and remote, or the same addresses of
/// multihop.
struct SessionChange {
    Session from;
    Session to;
    std::vector<std::string> members;  ///< that differ, by key name
    /// The local address differs, which is part of how packets find the session, or the port that
    /// multihop leaves by: delete and add.
    /// False: everything can be changed while the session stays Up (parameters by Poll Sequence,
    /// RFC 5880 6.8.3; dscp by new headers; admin_down by command; the rest is control's own).
    bool must_be_recreated = false;
};

/// What takes a running daemon from one configuration to another. Sessions in the order of the
/// files.
struct Diff {
    std::vector<Session> added;
    std::vector<Session> removed;
    std::vector<SessionChange> changed;
    std::size_t unchanged = 0;
    /// All of the wanted file, when any of them or a secret differs.
    std::optional<std::vector<auth::KeyChain>> key_chains;
    /// Wanted sessions that need a port or an address which the running daemon does not have: they
    /// can be added only after a restart. Not in `added` or `changed`; a running session of the
    /// same identity is left alone and counted in `unchanged`.
    std::vector<Session> deferred;
    /// Key paths whose change takes effect at the next start, in the wanted file's numbering, such
    /// as dataplane.workers or port[1].addresses; a port that is gone is named port "wan0".
    std::vector<std::string> needs_restart;

    [[nodiscard]] bool changes_sessions() const noexcept {
        return !added.empty() || !removed.empty() || !changed.empty();
    }
};

/// Both must be valid. The keys that neither need a restart nor belong to sessions
/// (daemon.log, daemon.shutdown_timeout) are for the caller to compare and apply.
[[nodiscard]] Diff diff(const Config& running, const Config& wanted);

}  // namespace tocsin::control::config
