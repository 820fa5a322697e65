#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::ctl {

/// A discriminator as people write it: a number, also as 0x..., or the IPv4 address that stands for
/// it. nullopt: none, or 0.
[[nodiscard]] std::optional<std::uint32_t> discriminator_of(std::string_view text);

/// As the IPv4 address that stands for it.
[[nodiscard]] std::string discriminator_text(std::uint32_t discriminator);

}  // namespace tocsin::control::ctl
