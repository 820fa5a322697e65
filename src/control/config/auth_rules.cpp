#include "control/config/auth_rules.hpp"

#include "control/config/nearest.hpp"
#include "control/config/references.hpp"

namespace tocsin::control::config {

std::optional<auth::Authentication> read_auth(const AuthDraft& draft, std::string_view& member,
                                              std::string& why) {
    member = "type";
    const auto type = auth::type_named(draft.type);
    if (!type) {
        why = (draft.type.empty() ? "is missing: write "
                                  : in_quotes(draft.type) +
                                        " is not a type of "
                                        "authentication: write ") +
              one_of(auth::type_names());
        return std::nullopt;
    }
    member = "key_chain";
    const bool none = type->first == bfd::AuthType::None;
    if (none != draft.key_chain.empty()) {
        why = none ? "is given without authentication: leave it out, or choose another type"
                   : "is missing: write the name of a [[key_chain]]";
        return std::nullopt;
    }
    return auth::Authentication{
        .type = type->first, .method = type->second, .key_chain = draft.key_chain};
}

std::optional<std::string> key_chain_fault(const auth::Authentication& how,
                                           const std::vector<auth::KeyChain>& chains) {
    if (how.type == bfd::AuthType::None) return std::nullopt;
    std::string why;
    const auth::KeyChain* const chain = key_chain_named(chains, how.key_chain, why);
    if (chain == nullptr) return why;
    return auth::secret_fault(how, *chain);
}

}  // namespace tocsin::control::config
