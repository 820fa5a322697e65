#pragma once

#include "support/command_line.hpp"

#include <chrono>
#include <cstdint>

namespace tocsin::perf {

/// What every run of many sessions in real time is told.
struct RunOptions {
    std::uint32_t sessions = 100'000;
    std::chrono::microseconds interval{1'000'000};
    unsigned detect_mult = 3;
    unsigned seconds = 60;
    unsigned cpu = 1;
    bool adaptive = false;  ///< idle = "adaptive" instead of "poll"
};

struct RunLimits {
    std::uint32_t longest_interval_us;
    unsigned largest_mult;
};

/// Declares --sessions, --interval, --mult, --seconds, --cpu and --idle; their defaults are what
/// `options` holds. Of an option that is given twice the last one counts. `options` must outlive
/// the parsing.
void add_run_options(CLI::App& app, RunOptions& options, const RunLimits& limits);

}  // namespace tocsin::perf
