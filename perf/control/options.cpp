#include "control/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tocsin::perf {

namespace {

constexpr const char* kUsage =
    "usage: control [--sessions 100000] [--interval MICROSECONDS] [--mult 3] [--seconds 10]\n"
    "               [--cpu 1] [--idle poll|adaptive] [--from stream|file]\n"
    "\n"
    "A whole daemon over in-memory ports, and clients of its Unix socket: sessions are added, "
    "come\n"
    "Up with peers on the same worker, are listed and watched, all go Down at once, and are\n"
    "deleted. What the clients see, and whether the worker was disturbed. Exit status 1 when a\n"
    "session was lost on the way or an event was not told.\n";

}  // namespace

std::optional<ControlOptions> parse_control_options(int argc, char** argv) {
    ControlOptions out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (name == "-h" || name == "--help") {
            std::fputs(kUsage, stdout);
            std::exit(EXIT_SUCCESS);
        }
        if (value == nullptr) {
            std::fprintf(stderr, "control: %s needs a value\n%s", argv[i], kUsage);
            return std::nullopt;
        }
        ++i;
        const std::string_view word = value;
        const unsigned long number = std::strtoul(value, nullptr, 10);
        if (name == "--sessions") {
            out.sessions = static_cast<std::uint32_t>(number);
        } else if (name == "--interval") {
            out.interval = std::chrono::microseconds{number};
        } else if (name == "--mult") {
            out.detect_mult = static_cast<unsigned>(number);
        } else if (name == "--seconds") {
            out.seconds = static_cast<unsigned>(number);
        } else if (name == "--cpu") {
            out.cpu = static_cast<unsigned>(number);
        } else if (name == "--idle" && (word == "poll" || word == "adaptive")) {
            out.adaptive = word == "adaptive";
        } else if (name == "--from" && (word == "stream" || word == "file")) {
            out.from_file = word == "file";
        } else {
            std::fprintf(stderr, "control: %s %s is not understood\n%s", argv[i - 1], value,
                         kUsage);
            return std::nullopt;
        }
    }
    const bool sane = out.sessions >= 2 && out.sessions <= 4'000'000 &&
                      out.interval.count() >= 1000 && out.interval.count() <= 10'000'000 &&
                      out.detect_mult >= 1 && out.detect_mult <= 50;
    if (sane) return out;
    std::fputs("control: 2..4000000 sessions, intervals of 1000..10000000 us, --mult 1..50\n",
               stderr);
    return std::nullopt;
}

}  // namespace tocsin::perf
