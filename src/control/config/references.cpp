#include "control/config/references.hpp"

#include "control/config/nearest.hpp"

#include <algorithm>

namespace tocsin::control::config {

namespace {

/// `noun` as people write it; `none` is what follows when there is nothing of the kind.
template <class T>
const T* named(const std::vector<T>& things, std::string_view name, std::string_view noun,
               std::string_view none, std::string& why) {
    const auto found = std::ranges::find(things, name, &T::name);
    if (found != things.end()) return &*found;
    std::vector<std::string_view> names;
    for (const T& thing : things) names.emplace_back(thing.name);
    why = "there is no " + std::string{noun} + ' ' + in_quotes(name) +
          (names.empty() ? std::string{none} : did_you_mean(name, names));
    return nullptr;
}

}  // namespace

const Port* port_named(const std::vector<Port>& ports, std::string_view name, std::string& why) {
    return named(ports, name, "port", "", why);
}

const Profile* profile_named(const std::vector<Profile>& profiles, std::string_view name,
                             std::string& why) {
    return named(profiles, name, "profile", ": the configuration has no [[profile]]", why);
}

const auth::KeyChain* key_chain_named(const std::vector<auth::KeyChain>& chains,
                                      std::string_view name, std::string& why) {
    return named(chains, name, "key chain", ": the configuration has no [[key_chain]]", why);
}

}  // namespace tocsin::control::config
