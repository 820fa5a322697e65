#include "support/auth_keys.hpp"

#include "control/auth/key_chain.hpp"

#include <algorithm>
#include <map>

namespace tocsin::perf {

const bfd::AuthKeys& auth_keys(const std::string& word) {
    static std::map<std::string, bfd::AuthKeys> made;
    const auto [at, added] = made.try_emplace(word);
    const auto named = control::auth::type_named(word);
    if (!added || !named || named->first == bfd::AuthType::None) return at->second;
    bfd::AuthKeys& keys = at->second;
    keys.type = named->first;
    keys.method = named->second;
    keys.count = 1;
    keys.current = 0;
    keys.keys[0].id = 1;
    keys.keys[0].length = static_cast<std::uint8_t>(bfd::longest_secret(keys.type));
    std::fill_n(keys.keys[0].secret.begin(), keys.keys[0].length, std::uint8_t{0x5a});
    return keys;
}

std::vector<std::string> auth_words() {
    std::vector<std::string> out{"none"};
    for (const std::string_view word : control::auth::type_names()) out.emplace_back(word);
    return out;
}

}  // namespace tocsin::perf
