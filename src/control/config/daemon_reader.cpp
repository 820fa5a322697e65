#include "control/config/daemon_reader.hpp"

#include "control/base/duration.hpp"

#include <chrono>

namespace tocsin::control::config {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kShortestShutdown = 100ms;
constexpr std::chrono::milliseconds kLongestShutdown = 60s;

}  // namespace

void read_daemon(TableReader& in, Daemon& out) {
    if (const auto dir = in.get_string("state_dir")) {
        if (dir->starts_with('/')) {
            out.state_dir = *dir;
        } else {
            in.fault("state_dir", in_quotes(*dir) +
                                      " is not an absolute path: write one such as \"" +
                                      Daemon{}.state_dir + '"');
        }
    }
    if (auto log = in.get_table("log")) {
        out.log_level = log->get_choice<LogLevel>("level", {{"debug", LogLevel::Debug},
                                                            {"info", LogLevel::Info},
                                                            {"warn", LogLevel::Warn},
                                                            {"error", LogLevel::Error}})
                            .value_or(out.log_level);
        out.log_format = log->get_choice<LogFormat>(
                                "format", {{"text", LogFormat::Text}, {"json", LogFormat::Json}})
                             .value_or(out.log_format);
        log->finish();
    }
    if (const auto timeout = in.get_duration("shutdown_timeout")) {
        if (*timeout < kShortestShutdown || *timeout > kLongestShutdown || *timeout % 1ms != 0us) {
            in.fault("shutdown_timeout", to_string(*timeout) +
                                             " is out of range: whole milliseconds, " +
                                             to_string(kShortestShutdown) + ".." +
                                             to_string(kLongestShutdown) + " are accepted");
        } else {
            out.shutdown_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
        }
    }
    in.finish();
}

}  // namespace tocsin::control::config
