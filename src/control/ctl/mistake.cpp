#include "control/ctl/mistake.hpp"

#include "control/config/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tocsin::control::ctl {

namespace {

/// The commands that were understood, the last one first.
std::vector<const CLI::App*> chosen(const CLI::App& app) {
    std::vector<const CLI::App*> out{&app};
    for (;;) {
        const auto below = out.front()->get_subcommands();
        if (below.empty()) return out;
        out.insert(out.begin(), below.front());
    }
}

/// That of the chosen commands; nullptr when none has it.
const CLI::Option* option_of(const std::vector<const CLI::App*>& commands,
                             const std::string& name) {
    for (const CLI::App* const command : commands) {
        if (const CLI::Option* const option = command->get_option_no_throw(name)) return option;
    }
    return nullptr;
}

bool looks_like_an_option(const std::string& argument) {
    return argument.size() > 1 && argument.starts_with('-') &&
           argument.find_first_of("0123456789", 1) != 1;  // a negative value
}

/// The first argument that looks like an option and is none of the chosen commands', and the
/// nearest that there is.
std::string unknown_option(const CLI::App& app, const std::vector<std::string>& arguments) {
    const auto commands = chosen(app);
    for (const std::string& argument : arguments) {
        if (argument == "--") break;
        if (!looks_like_an_option(argument)) continue;
        const std::string name = argument.substr(0, argument.find('='));
        if (option_of(commands, name) != nullptr) continue;
        std::vector<std::string> names;
        for (const CLI::App* const command : commands) {
            for (const CLI::Option* const option : command->get_options()) {
                for (const std::string& l : option->get_lnames()) names.push_back("--" + l);
            }
        }
        return name + config::did_you_mean(name, {names.begin(), names.end()});
    }
    return {};
}

/// The first argument that stands where a command is expected and is none: no option, no value of
/// one, and not a command that was understood. Empty when there is none.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& arguments) {
    const auto commands = chosen(app);
    std::size_t understood = commands.size() - 1;  // without the program itself
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (argument.starts_with('-')) {
            const CLI::Option* const option = option_of(commands, argument);
            if (option != nullptr && option->get_expected_min() > 0) ++i;  // its value
        } else if (understood != 0 && commands[understood - 1]->get_name() == argument) {
            --understood;
        } else {
            return argument;
        }
    }
    return {};
}

}  // namespace

std::string command_path(const CLI::App& app) {
    std::string out;
    for (const CLI::App* command : chosen(app)) {
        if (!out.empty()) out.insert(0, 1, ' ');
        out.insert(0, command->get_name());
    }
    return out;
}

std::string mistake(const CLI::App& app, const std::vector<std::string>& arguments,
                    const CLI::Error& error) {
    const std::string option = unknown_option(app, arguments);
    if (!option.empty()) return "there is no option " + option;
    const CLI::App* const last = chosen(app).front();
    const auto below = last->get_subcommands(nullptr);
    if (!below.empty()) {
        std::string names;
        std::vector<std::string_view> known;
        for (const CLI::App* command : below) {
            names += ", " + command->get_name();
            known.push_back(command->get_name());
        }
        names.erase(0, 2);
        const std::string word = unknown_command(app, arguments);
        if (word.empty()) return "a command is missing, write one of " + names;
        const std::string meant = config::did_you_mean(word, known);
        return "there is no command " + config::in_quotes(word) +
               (meant.empty() ? ", write one of " + names : meant);
    }
    const std::string_view why = error.what();
    constexpr std::string_view kMissing = " missing";
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && why.ends_with(kMissing)) {
        return std::string{why.substr(0, why.find(':'))} + " needs a value";
    }
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        const auto rest = why.rfind(": ");
        if (rest != why.npos) {
            return config::in_quotes(why.substr(rest + 2)) + " is more than " + command_path(app) +
                   " takes";
        }
    }
    return std::string{why};
}

}  // namespace tocsin::control::ctl
