#pragma once

#include "control/config/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

// What names of the file stand for. nullptr and `why`, with the nearest name: there is no such
// thing.

[[nodiscard]] const Port* port_named(const std::vector<Port>& ports, std::string_view name,
                                     std::string& why);
[[nodiscard]] const Profile* profile_named(const std::vector<Profile>& profiles,
                                           std::string_view name, std::string& why);
[[nodiscard]] const auth::KeyChain* key_chain_named(const std::vector<auth::KeyChain>& chains,
                                                    std::string_view name, std::string& why);

}  // namespace tocsin::control::config
