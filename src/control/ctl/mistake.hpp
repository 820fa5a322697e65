#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace tocsin::control::ctl {

/// The commands that were understood, such as "tocsinctl session list".
[[nodiscard]] std::string command_path(const CLI::App& app);

/// What is wrong with `arguments`, which made `app` throw `error`: half a sentence for people.
[[nodiscard]] std::string mistake(const CLI::App& app, const std::vector<std::string>& arguments,
                                  const CLI::Error& error);

}  // namespace tocsin::control::ctl
