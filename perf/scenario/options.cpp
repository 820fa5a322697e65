#include "scenario/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tocsin::perf {

namespace {

constexpr const char* kUsage =
    "usage: scenario [--sessions 100000] [--interval MICROSECONDS] [--mult 3] [--seconds 60]\n"
    "                [--peer here|other] [--workers 1] [--ports 1] [--idle poll|adaptive]\n"
    "                [--encap none] [--auth none] [--fail PERCENT] [--cpu 1] [--json FILE]\n"
    "\n"
    "Real workers in real time over in-memory ports. --peer here: both ends of every path on one\n"
    "worker, --sessions ends in all, spread over --workers on CPUs from --cpu downwards and over\n"
    "--ports cables. --peer other: as many ends on a second worker, on CPU 0, with --workers 1.\n"
    "--encap and --auth: nothing else is implemented yet.\n"
    "Exit status 1 when a session did not come Up or went Down by itself.\n";

}  // namespace

std::optional<Options> parse_options(int argc, char** argv) {
    Options out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (name == "-h" || name == "--help") {
            std::fputs(kUsage, stdout);
            std::exit(EXIT_SUCCESS);
        }
        if (value == nullptr) {
            std::fprintf(stderr, "scenario: %s needs a value\n%s", argv[i], kUsage);
            return std::nullopt;
        }
        ++i;
        const std::string_view word = value;
        const auto number = [value] { return std::strtoul(value, nullptr, 10); };
        if (name == "--sessions") {
            out.sessions = static_cast<std::uint32_t>(number());
        } else if (name == "--interval") {
            out.interval = std::chrono::microseconds{number()};
        } else if (name == "--mult") {
            out.detect_mult = static_cast<unsigned>(number());
        } else if (name == "--seconds") {
            out.seconds = static_cast<unsigned>(number());
        } else if (name == "--peer" && (word == "here" || word == "other")) {
            out.peer_on_other_core = word == "other";
        } else if (name == "--fail") {
            out.fail_percent = std::strtod(value, nullptr);
        } else if (name == "--cpu") {
            out.cpu = static_cast<unsigned>(number());
        } else if (name == "--workers") {
            out.workers = static_cast<unsigned>(number());
        } else if (name == "--ports") {
            out.ports = static_cast<unsigned>(number());
        } else if (name == "--idle" && (word == "poll" || word == "adaptive")) {
            out.adaptive = word == "adaptive";
        } else if (name == "--encap" || name == "--auth") {
            if (word == "none") continue;
            std::fprintf(stderr, "scenario: %s %s is not implemented yet, only \"none\"\n",
                         argv[i - 1], value);
            return std::nullopt;
        } else if (name == "--json") {
            out.json = value;
        } else {
            std::fprintf(stderr, "scenario: %s %s is not understood\n%s", argv[i - 1], value,
                         kUsage);
            return std::nullopt;
        }
    }
    const bool sane = out.sessions >= 2 && out.sessions <= 4'000'000 &&
                      out.interval.count() >= 1000 && out.detect_mult >= 1 &&
                      out.detect_mult <= 255 && out.fail_percent >= 0 && out.fail_percent <= 100 &&
                      out.workers >= 1 && out.ports >= 1 && out.ports <= 8 &&
                      (out.peer_on_other_core ? out.workers == 1 : out.cpu + 1 >= out.workers);
    if (sane) return out;
    std::fputs(
        "scenario: 2..4000000 sessions, intervals from 1000 (microseconds, without a unit), "
        "--mult\n"
        "1..255, --fail 0..100, 1..8 ports, as many workers as there are CPUs from --cpu down to "
        "0,\n"
        "one with --peer other\n",
        stderr);
    return std::nullopt;
}

}  // namespace tocsin::perf
