#include "scenario/options.hpp"

#include "support/auth_keys.hpp"
#include "support/encap.hpp"

#include <limits>
#include <string>
#include <vector>

namespace tocsin::perf {

namespace {

/// CPUs go down to 0, and with --peer other the second worker is there.
void check_workers(const Options& o) {
    if (o.peer_on_other_core && o.workers != 1) {
        throw CLI::ValidationError{"--workers", "must be 1 with --peer other"};
    }
    if (o.workers > o.cpu + 1) {
        throw CLI::ValidationError{"--workers", "must be 1.." + std::to_string(o.cpu + 1) +
                                                    ", one for each CPU from --cpu down to 0"};
    }
}

void add_words(CLI::App& app, const char* option, const std::vector<std::string>& words,
               std::string& out, const char* what) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : "|") + word;
    app.add_option(option, out, what)->type_name(all)->check(CLI::IsMember(words).description(""));
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& out) {
    CLI::App app{
        "Real workers in real time over in-memory ports: sessions come Up, are held, some fail.\n"
        "--peer here: both ends of every path on one worker, --sessions ends in all, spread over\n"
        "--workers on CPUs from --cpu downwards and over --ports cables. --peer other: as many\n"
        "ends on a second worker, on CPU 0, with --workers 1.",
        "scenario"};
    add_run_options(
        app, out,
        {.longest_interval_us = std::numeric_limits<std::uint32_t>::max(), .largest_mult = 255});
    add_choice(app, "--peer", "here", "other", out.peer_on_other_core, "worker of the other end");
    app.add_option("--workers", out.workers, "how many carry sessions")
        ->check(range(1U, kLastCpu + 1));
    app.add_option("--ports", out.ports, "cables")->check(range(1U, 8U));
    app.add_option("--fail", out.fail_percent, "sessions that fail after the hold, in percent")
        ->check(range(0.0, 100.0));
    add_words(app, "--encap", encap_words(), out.encap, "encapsulation of every session");
    add_words(app, "--auth", auth_words(), out.auth, "authentication of every session");
    app.add_option("--json", out.json, "the results for programs")->type_name("FILE");
    app.callback([&out] { check_workers(out); });
    app.footer(
        "Exit status: 0 all is well, 1 a session did not come Up or went Down by itself, 2 the\n"
        "command line is wrong.");
    return parse_command_line(app, argc, argv);
}

}  // namespace tocsin::perf
