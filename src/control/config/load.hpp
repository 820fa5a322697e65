#pragma once

#include "control/config/draft.hpp"
#include "control/config/fault.hpp"
#include "control/config/schema.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::config {

/// A configuration or what is wrong with it, never both.
struct LoadResult {
    std::optional<Config> config;
    Faults faults;  ///< in the order of the file, all at once; empty when `config` is there
    [[nodiscard]] bool ok() const noexcept { return config.has_value(); }
};

inline constexpr std::size_t kLargestFile = 256UL << 20;  ///< octets

/// Asked now and then while a large file is read; true: nobody wants the result any more.
using GiveUp = std::function<bool()>;

/// Reads, parses and validates. A file that cannot be read, or was given up, is a Fault with empty
/// path and line 0.
[[nodiscard]] LoadResult load_file(const std::filesystem::path& path, const GiveUp& give_up = {});

/// The same for text, for instance of ConfigService.CheckConfig. A TOML syntax error is one fault,
/// since nothing after it can be trusted.
[[nodiscard]] LoadResult load_text(std::string_view text, const GiveUp& give_up = {},
                                   SecretFiles secrets = SecretFiles::Read);

}  // namespace tocsin::control::config
