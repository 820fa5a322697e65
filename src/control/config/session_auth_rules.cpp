#include "control/config/session_auth_rules.hpp"

#include "control/config/auth_rules.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

void read_session_auth(RuleContext& in) {
    in.session.auth = in.profile.auth.value_or(auth::Authentication{});
    if (!in.draft.auth) return;
    std::string_view member;
    std::string why;
    if (auto read = read_auth(*in.draft.auth, member, why)) {
        in.session.auth = std::move(*read);
    } else {
        in.add(member == "type" ? "auth.type" : "auth.key_chain", std::move(why));
    }
}

}  // namespace tocsin::control::config
