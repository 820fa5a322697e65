#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <sstream>
#include <string>

namespace tocsin::perf {

/// CPU numbers that DPDK takes: RTE_MAX_LCORE of distributions' builds is 128.
inline constexpr unsigned kLastCpu = 127;

inline constexpr int kWrongUsage = 2;  ///< exit status

/// CLI::Range whose help and message say "LOWEST..HIGHEST".
template <class Number>
[[nodiscard]] CLI::Validator range(Number lowest, Number highest) {
    std::ostringstream text;
    text << lowest << ".." << highest;
    return {[within = CLI::Range{lowest, highest}, range = text.str()](std::string& word) {
                return within(word).empty() ? std::string{} : word + ": must be " + range;
            },
            text.str()};
}

/// An option that is one of two words; `chosen` becomes true for `on`. The default is `off`.
CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::string& off,
                        const std::string& on, bool& chosen, const std::string& description);

/// nullopt: go on. Otherwise what the program ends with: 0 when the help was asked for,
/// kWrongUsage when the command line is wrong, which was said on stderr.
[[nodiscard]] std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv);

}  // namespace tocsin::perf
