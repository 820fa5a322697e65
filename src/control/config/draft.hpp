#pragma once

#include "control/config/fault.hpp"
#include "control/config/lag_draft.hpp"
#include "control/config/schema.hpp"
#include "control/config/session_draft.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

/// Files of secrets. Of a text that somebody else gave, which may name any file, none is opened:
/// what is said about it would tell whether it exists, and how long it is.
enum class SecretFiles : std::uint8_t { Read, Ignored };

/// A file whose keys and types were read, but whose parts were not yet compared with each other.
/// Ports, profiles and sessions have the index that they have in the file.
struct Draft {
    Config config;                                 ///< `sessions` is empty
    SecretFiles secret_files = SecretFiles::Read;  ///< Ignored: the secrets are empty
    std::vector<SessionDraft> sessions;
    std::vector<LagDraft> lags;
    std::vector<std::string> session_paths;  ///< such as session[3], one for each
    std::optional<bool> authentication;      ///< of the dataplane, when given
    std::optional<bool> echo;                ///< likewise
    std::optional<bool> congestion_control;  ///< likewise
    std::optional<bool> overlays;            ///< likewise
    bool addresses_are_doubtful = false;     ///< a port or an address was at fault
    bool key_chains_are_doubtful = false;    ///< one of them was at fault
};

}  // namespace tocsin::control::config
