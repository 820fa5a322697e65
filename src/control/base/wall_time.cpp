#include "control/base/wall_time.hpp"

#include <array>
#include <ctime>

namespace tocsin::control {

std::optional<std::chrono::sys_seconds> parse_wall_time(const std::string& text) {
    // strptime() is content with less: single digits, white space, years of any length.
    constexpr std::size_t kWithoutZone = 19;
    if (text.size() <= kWithoutZone || text.find_first_of(" \t\n") != std::string::npos) {
        return std::nullopt;
    }
    std::tm read{};
    const char* const end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S%z", &read);
    if (end == nullptr || *end != '\0') return std::nullopt;
    const long offset = read.tm_gmtoff;
    std::tm local = read;
    const std::time_t seconds = ::timegm(&local);
    // The 31st of February has become a day in March.
    const bool exists = local.tm_mday == read.tm_mday && local.tm_mon == read.tm_mon &&
                        local.tm_sec == read.tm_sec && local.tm_hour == read.tm_hour;
    std::array<char, 32> again{};
    std::strftime(again.data(), again.size(), "%Y-%m-%dT%H:%M:%S", &local);
    if (!exists || text.compare(0, kWithoutZone, again.data()) != 0) return std::nullopt;
    return std::chrono::sys_seconds{std::chrono::seconds{seconds - offset}};
}

std::string to_string(std::chrono::sys_seconds time) {
    const std::time_t seconds = time.time_since_epoch().count();
    std::tm read{};
    ::gmtime_r(&seconds, &read);
    std::array<char, 32> out{};
    std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &read);
    return out.data();
}

}  // namespace tocsin::control
