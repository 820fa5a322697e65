#include "support/command_line.hpp"

namespace tocsin::perf {

CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::string& off,
                        const std::string& on, bool& chosen, const std::string& description) {
    return app
        .add_option_function<std::string>(
            name, [&chosen, on](const std::string& word) { chosen = word == on; }, description)
        ->type_name(off + '|' + on)
        ->check(CLI::IsMember({off, on}).description(""))
        ->default_str(off);
}

std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
    app.failure_message([](const CLI::App* a, const CLI::Error& e) {
        return a->get_name() + ": " + e.what() + "; see --help\n";
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : kWrongUsage;
    }
    return std::nullopt;
}

}  // namespace tocsin::perf
