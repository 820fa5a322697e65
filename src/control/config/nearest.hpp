#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// `, did you mean "..."?` with the known word that is fewest edits away (insert, delete, replace,
/// swap of neighbours); empty when none is near enough to be meant.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string_view>& known);

/// "a", "b" or "c".
[[nodiscard]] std::string one_of(const std::vector<std::string_view>& words);

/// In double quotes, with control characters and quotes escaped, and shortened when very long.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace tocsin::control::config
