#include "control/app/options.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <map>

namespace tocsin::control::app {

ParsedOptions parse_options(int argc, char** argv) {
    CLI::App app{"tocsind: Bidirectional Forwarding Detection in user space on DPDK", "tocsind"};
    Options options;
    std::string level;
    app.add_option("--config", options.config, "configuration file (TOML), required")
        ->type_name("FILE");
    app.add_flag("--check", options.check, "validate the file and exit");
    app.add_option("--log-level", level, "debug, info, warn or error; instead of the file's")
        ->type_name("LEVEL")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    app.set_version_flag("--version", std::string{"tocsind " TOCSIN_VERSION});
    app.footer(
        "Exit codes: 0 stopped by a signal (or the file is valid), 1 could not start, 2 the\n"
        "configuration has mistakes, 3 wrong usage of the command line.\n"
        "Signals: SIGHUP reloads the file; SIGTERM and SIGINT tell every peer AdminDown and stop,\n"
        "a second one stops at once.");
    try {
        app.parse(argc, argv);
        // Last, so that what was written in its place is told of first.
        if (options.config.empty()) throw CLI::RequiredError{"--config FILE"};
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() == 0) {
            app.exit(e);
            return {.options = std::nullopt, .exit = Exit::Ok};
        }
        std::cerr << "tocsind: " << e.what() << ", see tocsind --help\n";
        return {.options = std::nullopt, .exit = Exit::Usage};
    }
    static const std::map<std::string, log::Level> kLevels{{"debug", log::Level::Debug},
                                                           {"info", log::Level::Info},
                                                           {"warn", log::Level::Warn},
                                                           {"error", log::Level::Error}};
    if (!level.empty()) options.log_level = kLevels.at(level);
    return {.options = options, .exit = Exit::Ok};
}

}  // namespace tocsin::control::app
