#pragma once

#include "control/auth/key_chain.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// How a session shall be authenticated, as somebody wrote it.
struct AuthDraft {
    std::string type{};       ///< required: a word of auth::type_named()
    std::string key_chain{};  ///< required, but for "none"
};

/// What `draft` says; nullopt and `member` (`type` or `key_chain`) and `why` when it is wrong.
[[nodiscard]] std::optional<auth::Authentication> read_auth(const AuthDraft& draft,
                                                            std::string_view& member,
                                                            std::string& why);
/// nullopt when `chains` has what `how` needs: the chain, with secrets that fit the type.
[[nodiscard]] std::optional<std::string> key_chain_fault(const auth::Authentication& how,
                                                         const std::vector<auth::KeyChain>& chains);

}  // namespace tocsin::control::config
