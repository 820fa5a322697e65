#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tocsin::control::log {

enum class Level : std::uint8_t { Debug, Info, Warn, Error };
enum class Format : std::uint8_t { Text, Json };

/// One key=value of a log line.
struct Field {
    template <std::integral T>
    Field(std::string_view k, T v) : key{k}, value{std::to_string(v)}, is_text{false} {}
    Field(std::string_view k, bool v) : key{k}, value{v ? "true" : "false"}, is_text{false} {}
    Field(std::string_view k, std::string v) : key{k}, value{std::move(v)} {}
    Field(std::string_view k, std::string_view v) : key{k}, value{v} {}
    Field(std::string_view k, const char* v) : key{k}, value{v} {}

    std::string_view key;
    std::string value;
    bool is_text = true;
};

/// Where lines go is stderr, from any thread. Before the first call: text, info.
void configure(Level level, Format format);
[[nodiscard]] bool enabled(Level level);

/// One event on one line: time, level, component, event, then the fields. `error`: a person must
/// act; `warn`: a peer misbehaves; `info`: a session or the configuration changed; `debug`: the
/// rest.
void write(Level level, std::string_view component, std::string_view event,
           std::initializer_list<Field> fields);

/// The line without time, as write() prints it; for tests.
[[nodiscard]] std::string line(Format format, Level level, std::string_view component,
                               std::string_view event, std::initializer_list<Field> fields);

/// A token bucket: lets `burst` lines through at once and `per_second` of them on average.
class RateLimit {
public:
    RateLimit(std::uint32_t burst, std::uint32_t per_second);

    /// `now_us` never goes backwards. False: count it as suppressed.
    [[nodiscard]] bool allow(std::int64_t now_us);
    /// How many were refused since the last call.
    [[nodiscard]] std::uint64_t take_suppressed();

private:
    std::int64_t capacity_us_;  ///< tokens are counted in microseconds of refill
    std::int64_t cost_us_;
    std::int64_t level_us_;
    std::int64_t last_us_ = 0;
    std::uint64_t suppressed_ = 0;
};

}  // namespace tocsin::control::log
