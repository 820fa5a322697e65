#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

// What CLI11 lacks, with messages for people.

/// A check that an option is one of these words.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);
/// A check that an option is a whole number.
[[nodiscard]] CLI::Validator number(unsigned lowest, unsigned highest);
/// A check that the name of a file is not empty, as of a variable that a script forgot to set.
[[nodiscard]] CLI::Validator file_name();

/// A pair of flags, since one flag of CLI11 cannot tell "off" from "not given".
void add_switch(CLI::App& command, const std::string& on, const std::string& off,
                std::optional<bool>& target, const std::string& help);

}  // namespace tocsin::control::ctl
