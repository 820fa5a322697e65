#include "control/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <utility>

namespace tocsin::control::log {

namespace {

std::atomic<Level> g_level{Level::Info};
std::atomic<Format> g_format{Format::Text};

constexpr std::string_view level_name(Level l) {
    constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
    return kNames[static_cast<std::size_t>(l)];
}

/// Quoted where the value would otherwise not be one word.
void append_text(std::string& out, std::string_view value) {
    const bool plain = !value.empty() && std::ranges::none_of(value, [](char c) {
        return c == ' ' || c == '"' || c == '=' || static_cast<unsigned char>(c) < 0x20;
    });
    if (plain) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    out += '"';
}

void append_json(std::string& out, std::string_view value) {
    out += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            constexpr std::string_view kHex = "0123456789abcdef";
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4U];
            out += kHex[static_cast<unsigned char>(c) & 15U];
        } else {
            out += c;
        }
    }
    out += '"';
}

spdlog::logger& logger(Format format) {
    static const std::array<std::unique_ptr<spdlog::logger>, 2> loggers = [] {
        const auto make = [](const char* pattern) {
            auto l = std::make_unique<spdlog::logger>(
                "tocsin", std::make_shared<spdlog::sinks::stderr_sink_mt>());
            l->set_level(spdlog::level::trace);
            l->flush_on(spdlog::level::trace);
            l->set_pattern(pattern, spdlog::pattern_time_type::utc);
            return l;
        };
        return std::array{make("%Y-%m-%dT%H:%M:%S.%fZ %v"),
                          make("{\"time\":\"%Y-%m-%dT%H:%M:%S.%fZ\",%v}")};
    }();
    return *loggers[static_cast<std::size_t>(format)];
}

}  // namespace

void configure(Level level, Format format) {
    g_level = level;
    g_format = format;
}

bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view component, std::string_view event,
           std::initializer_list<Field> fields) {
    if (!enabled(level)) return;
    const Format format = g_format.load(std::memory_order_relaxed);
    const std::string text = line(format, level, component, event, fields);
    logger(format).log(spdlog::level::info, spdlog::string_view_t{text.data(), text.size()});
}

std::string line(Format format, Level level, std::string_view component, std::string_view event,
                 std::initializer_list<Field> fields) {
    std::string out;
    if (format == Format::Text) {
        out.append(level_name(level)).append(1, ' ').append(component).append(1, ' ').append(event);
        for (const Field& f : fields) {
            out.append(1, ' ').append(f.key).append(1, '=');
            append_text(out, f.value);
        }
        return out;
    }
    out.append("\"level\":\"").append(level_name(level)).append("\",\"component\":");
    append_json(out, component);
    out += ",\"event\":";
    append_json(out, event);
    for (const Field& f : fields) {
        out += ',';
        append_json(out, f.key);
        out += ':';
        if (f.is_text) {
            append_json(out, f.value);
        } else {
            out += f.value;
        }
    }
    return out;
}

RateLimit::RateLimit(std::uint32_t burst, std::uint32_t per_second)
    : capacity_us_{std::int64_t{1'000'000} * burst / per_second},
      cost_us_{1'000'000 / per_second},
      level_us_{capacity_us_} {}

bool RateLimit::allow(std::int64_t now_us) {
    level_us_ = std::min(capacity_us_, level_us_ + (now_us - last_us_));
    last_us_ = now_us;
    if (level_us_ < cost_us_) {
        ++suppressed_;
        return false;
    }
    level_us_ -= cost_us_;
    return true;
}

std::uint64_t RateLimit::take_suppressed() { return std::exchange(suppressed_, 0); }

}  // namespace tocsin::control::log
