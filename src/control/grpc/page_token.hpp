#pragma once

#include "control/session/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::api {

/// What a page hands to the next one.
struct PageToken {
    session::SessionId after;
    std::uint64_t total = 0;
    friend bool operator==(const PageToken&, const PageToken&) = default;
};

/// Where a list goes on, opaque to clients. `scope` (the serialized filter) must be the same when
/// the token comes back.
[[nodiscard]] std::string page_token(const PageToken& token, std::string_view scope);

/// nullopt: not a token of ours, or made for another scope.
[[nodiscard]] std::optional<PageToken> read_page_token(std::string_view token,
                                                       std::string_view scope);

}  // namespace tocsin::control::api
