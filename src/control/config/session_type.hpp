#pragma once

#include "dataplane/base/session_key.hpp"

#include <optional>
#include <string_view>

namespace tocsin::control::config {

/// "single_hop", "multihop" and so on, as the file writes it.
[[nodiscard]] std::string_view type_name(SessionType type) noexcept;
[[nodiscard]] std::optional<SessionType> session_type_named(std::string_view name) noexcept;

}  // namespace tocsin::control::config
