#pragma once

#include "dataplane/bfd/auth.hpp"

#include <string>
#include <vector>

namespace tocsin::perf {

/// One key for the type of such a word ("meticulous_keyed_sha1", ...), as long as the type takes;
/// for "none" and any other word AuthType::None. Lives as long as the program.
[[nodiscard]] const bfd::AuthKeys& auth_keys(const std::string& word);
/// The words, "none" first.
[[nodiscard]] std::vector<std::string> auth_words();

}  // namespace tocsin::perf
