#include "control/ctl/option.hpp"

#include "control/config/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace tocsin::control::ctl {

CLI::Validator one_of(std::vector<std::string> words) {
    return {[words = std::move(words)](std::string& given) {
                if (std::ranges::find(words, given) != words.end()) return std::string{};
                const std::vector<std::string_view> known{words.begin(), words.end()};
                const std::string meant = config::did_you_mean(given, known);
                if (!meant.empty()) return config::in_quotes(given) + " is not accepted" + meant;
                return config::in_quotes(given) + " is not accepted: write " +
                       config::one_of(known);
            },
            ""};
}

CLI::Validator number(unsigned lowest, unsigned highest) {
    return {[lowest, highest](std::string& given) {
                unsigned value = 0;
                const char* const last = given.data() + given.size();
                const auto [end, error] = std::from_chars(given.data(), last, value);
                if (error == std::errc{} && end == last && value >= lowest && value <= highest) {
                    return std::string{};
                }
                return '"' + given + "\" is not a number of " + std::to_string(lowest) + ".." +
                       std::to_string(highest);
            },
            ""};
}

CLI::Validator file_name() {
    return {[](std::string& given) {
                return std::string{given.empty() ? "the name of a file is empty" : ""};
            },
            ""};
}

void add_switch(CLI::App& command, const std::string& on, const std::string& off,
                std::optional<bool>& target, const std::string& help) {
    CLI::Option* const yes = command.add_flag_callback(
        on, [&target] { target = true; }, help);
    command
        .add_flag_callback(
            off, [&target] { target = false; }, "The contrary of " + on)
        ->excludes(yes);
}

}  // namespace tocsin::control::ctl
