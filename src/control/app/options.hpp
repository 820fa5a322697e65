#pragma once

#include "control/base/log.hpp"

#include <optional>
#include <string>

namespace tocsin::control::app {

/// Exit codes of tocsind.
enum class Exit : int { Ok = 0, CannotStart = 1, Configuration = 2, Usage = 3 };

struct Options {
    std::string config;
    bool check = false;
    std::optional<log::Level> log_level;  ///< instead of the file's
};

/// Options, or how to exit at once (after --help and --version, or a mistake, both already
/// printed).
struct ParsedOptions {
    std::optional<Options> options;
    Exit exit = Exit::Ok;
};
[[nodiscard]] ParsedOptions parse_options(int argc, char** argv);

}  // namespace tocsin::control::app
