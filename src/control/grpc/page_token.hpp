#pragma once

#include "control/base/result.hpp"
#include "control/net/stack.hpp"
#include "control/session/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::api {

// Pages of lists that may be long.

inline constexpr std::uint32_t kLargestPage = 10'000;
inline constexpr std::uint32_t kDefaultPage = 1'000;
/// Elements of a page for which a request says so in `page_size`.
[[nodiscard]] constexpr std::uint32_t page_size(std::uint32_t asked) noexcept {
    return asked == 0 ? kDefaultPage : asked;
}
[[nodiscard]] std::optional<Error> page_size_fault(std::uint32_t asked);
/// Of a token that is none; `what` must not change from page to page, such as "the same filter".
[[nodiscard]] Error page_token_fault(std::string_view what);

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

/// The same of a list of neighbours: the last one of a page.
[[nodiscard]] std::string page_token(const net::NeighborPlace& after, std::string_view scope);
[[nodiscard]] std::optional<net::NeighborPlace> read_neighbor_token(std::string_view token,
                                                                    std::string_view scope);

}  // namespace tocsin::control::api
