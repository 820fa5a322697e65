#pragma once

#include "control/session/record.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::api {

/// Where a list goes on, opaque to clients. `scope` (the serialized filter) must be the same when
/// the token comes back.
[[nodiscard]] std::string page_token(session::SessionId after, std::string_view scope);

/// nullopt: not a token of ours, or made for another scope.
[[nodiscard]] std::optional<session::SessionId> read_page_token(std::string_view token,
                                                                std::string_view scope);

}  // namespace tocsin::control::api
