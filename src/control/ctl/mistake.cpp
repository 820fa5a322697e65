#include "control/ctl/mistake.hpp"

#include <algorithm>

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

/// The first argument that looks like an option and is none of the chosen commands'.
std::string unknown_option(const CLI::App& app, const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
        if (argument == "--") break;
        if (!argument.starts_with('-') || argument.size() < 2) continue;
        if (argument.find_first_of("0123456789", 1) == 1) continue;  // a negative value
        std::string name = argument.substr(0, argument.find('='));
        const bool known = std::ranges::any_of(chosen(app), [&](const CLI::App* command) {
            return command->get_option_no_throw(name) != nullptr;
        });
        if (!known) return name;
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
        for (const CLI::App* command : below) names += ", " + command->get_name();
        const auto word =
            std::ranges::find_if(arguments.rbegin(), arguments.rend(),
                                 [](const std::string& a) { return !a.starts_with('-'); });
        const bool given = word != arguments.rend() && *word != last->get_name();
        return (given ? "there is no command \"" + *word + "\", write one of "
                      : "a command is missing, write one of ") +
               names.substr(2);
    }
    return error.what();
}

}  // namespace tocsin::control::ctl
