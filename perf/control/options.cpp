#include "control/options.hpp"

namespace tocsin::perf {

std::optional<int> parse_options(int argc, char** argv, ControlOptions& out) {
    CLI::App app{
        "A whole daemon over in-memory ports, and clients of its Unix socket: sessions are added,\n"
        "come Up with peers on the same worker, are listed and watched, all go Down at once, and\n"
        "are deleted. What the clients see, and whether the worker was disturbed.",
        "control"};
    add_run_options(app, out, {.longest_interval_us = 10'000'000, .largest_mult = 50});
    add_choice(app, "--from", "stream", "file", out.from_file, "where the sessions come from");
    app.footer(
        "Exit status: 0 nothing was lost, 1 a session was lost on the way or an event was not\n"
        "told, 2 the command line is wrong.");
    return parse_command_line(app, argc, argv);
}

}  // namespace tocsin::perf
