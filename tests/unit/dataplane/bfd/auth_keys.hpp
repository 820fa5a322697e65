#pragma once

#include "dataplane/bfd/auth.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace tocsin::test {

inline constexpr bfd::AuthType kTypes[]{bfd::AuthType::SimplePassword, bfd::AuthType::KeyedMd5,
                                        bfd::AuthType::MeticulousKeyedMd5, bfd::AuthType::KeyedSha1,
                                        bfd::AuthType::MeticulousKeyedSha1};

inline bfd::AuthKey key(std::uint8_t id, std::string_view secret) {
    bfd::AuthKey out;
    out.id = id;
    out.length = static_cast<std::uint8_t>(secret.size());
    for (std::size_t i = 0; i < secret.size(); ++i) {
        out.secret.at(i) = static_cast<std::uint8_t>(secret[i]);
    }
    return out;
}

inline bfd::AuthKeys keys(bfd::AuthType type, std::initializer_list<bfd::AuthKey> list,
                          std::uint8_t current = 0) {
    bfd::AuthKeys out;
    out.type = type;
    out.current = current;
    for (const bfd::AuthKey& k : list) out.keys.at(out.count++) = k;
    return out;
}

}  // namespace tocsin::test
