#pragma once

#include "control/auth/secret.hpp"
#include "control/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace tocsin::control::auth {

/// How a file holds the octets of a key.
enum class SecretFormat : std::uint8_t {
    Ascii,   ///< as they are, printable; what ends the line is not part of the key
    Hex,     ///< two digits for each octet, with 0x in front or not; white space is passed over
    Base64,  ///< RFC 4648 4; white space is passed over
};

inline constexpr std::size_t kLongestSecretFile = 256;  ///< octets

/// The key in `path`, 1..`longest` octets. Refused: what is no regular file, belongs to neither
/// root nor this user, or can be read or written by group or others. Errors name the file and never
/// what is in it.
[[nodiscard]] Result<Secret> read_secret_file(const std::filesystem::path& path,
                                              SecretFormat format, std::size_t longest);

}  // namespace tocsin::control::auth
