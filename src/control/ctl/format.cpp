#include "control/ctl/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace tocsin::control::ctl {

std::string_view state_name(v1::SessionState state) {
    switch (state) {
        case v1::SESSION_STATE_ADMIN_DOWN:
            return "AdminDown";
        case v1::SESSION_STATE_DOWN:
            return "Down";
        case v1::SESSION_STATE_INIT:
            return "Init";
        case v1::SESSION_STATE_UP:
            return "Up";
        default:
            return "-";
    }
}

v1::SessionState state_of(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (c != '-' && c != '_') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (plain == "admindown") return v1::SESSION_STATE_ADMIN_DOWN;
    if (plain == "down") return v1::SESSION_STATE_DOWN;
    if (plain == "init") return v1::SESSION_STATE_INIT;
    if (plain == "up") return v1::SESSION_STATE_UP;
    return v1::SESSION_STATE_UNSPECIFIED;
}

std::string_view session_type_name(v1::SessionType type) {
    switch (type) {
        case v1::SESSION_TYPE_SINGLE_HOP:
            return "single_hop";
        case v1::SESSION_TYPE_MULTIHOP:
            return "multihop";
        case v1::SESSION_TYPE_ECHO:
            return "echo";
        case v1::SESSION_TYPE_MICRO:
            return "micro";
        case v1::SESSION_TYPE_VXLAN:
            return "vxlan";
        case v1::SESSION_TYPE_GENEVE:
            return "geneve";
        case v1::SESSION_TYPE_MPLS:
            return "mpls";
        case v1::SESSION_TYPE_VCCV:
            return "vccv";
        case v1::SESSION_TYPE_SBFD:
            return "sbfd";
        default:
            return "-";
    }
}

constexpr std::string_view kAuthType = "AUTH_TYPE_";

std::string auth_type_name(v1::AuthType type) {
    std::string out = v1::AuthType_Name(type);
    if (type == v1::AUTH_TYPE_UNSPECIFIED || !out.starts_with(kAuthType)) return "-";
    out.erase(0, kAuthType.size());
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

v1::AuthType auth_type_of(std::string_view name) {
    std::string word{kAuthType};
    for (const char c : name) {
        word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    v1::AuthType out = v1::AUTH_TYPE_UNSPECIFIED;
    return v1::AuthType_Parse(word, &out) ? out : v1::AUTH_TYPE_UNSPECIFIED;
}

std::string_view neighbor_state_name(v1::NeighborState state) {
    switch (state) {
        case v1::NEIGHBOR_STATE_INCOMPLETE:
            return "incomplete";
        case v1::NEIGHBOR_STATE_REACHABLE:
            return "reachable";
        case v1::NEIGHBOR_STATE_STALE:
            return "stale";
        case v1::NEIGHBOR_STATE_PROBE:
            return "probe";
        case v1::NEIGHBOR_STATE_FAILED:
            return "failed";
        default:
            return "-";
    }
}

std::string_view origin_name(v1::Origin origin) {
    switch (origin) {
        case v1::ORIGIN_CONFIG:
            return "config";
        case v1::ORIGIN_API:
            return "api";
        case v1::ORIGIN_UNSOLICITED:
            return "unsolicited";
        default:
            return "-";
    }
}

std::string_view role_name(v1::Role role) {
    switch (role) {
        case v1::ROLE_ACTIVE:
            return "active";
        case v1::ROLE_PASSIVE:
            return "passive";
        default:
            return "-";
    }
}

namespace {

/// The word of a proto's enumerator behind its prefix, in small letters.
std::string word_of(const std::string& enumerator, std::string_view prefix) {
    if (!enumerator.starts_with(prefix) || enumerator.ends_with("_UNSPECIFIED")) return "-";
    std::string out = enumerator.substr(prefix.size());
    for (char& c : out) c = c == '_' ? c : static_cast<char>(c - 'A' + 'a');
    return out;
}

}  // namespace

std::string indication_name(v1::Indication indication) {
    return word_of(v1::Indication_Name(indication), "INDICATION_");
}

std::string initiator_name(v1::Initiator initiator) {
    return word_of(v1::Initiator_Name(initiator), "INITIATOR_");
}

std::string milliseconds(std::int64_t us) {
    const std::int64_t magnitude = us < 0 ? -us : us;
    std::string out = us < 0 ? "-" : "";
    out += std::to_string(magnitude / 1000);
    std::string decimals = std::to_string(1000 + magnitude % 1000).substr(1);
    while (decimals.ends_with('0')) decimals.pop_back();
    if (!decimals.empty()) out += '.' + decimals;
    return out + " ms";
}

std::string age(std::int64_t us) {
    const std::int64_t seconds = std::max<std::int64_t>(us, 0) / 1'000'000;
    const auto two = [](std::int64_t large, char large_unit, std::int64_t small, char small_unit) {
        const std::string digits = std::to_string(100 + small).substr(1);
        return std::to_string(large) + large_unit + ' ' + digits + small_unit;
    };
    if (seconds < 60) return std::to_string(seconds) + 's';
    if (seconds < 3600) return two(seconds / 60, 'm', seconds % 60, 's');
    if (seconds < 86'400) return two(seconds / 3600, 'h', seconds / 60 % 60, 'm');
    return two(seconds / 86'400, 'd', seconds / 3600 % 24, 'h');
}

std::string time_of(std::int64_t unix_us) {
    if (unix_us <= 0) return "-";
    const auto seconds = static_cast<std::time_t>(unix_us / 1'000'000);
    std::tm fields{};
    if (gmtime_r(&seconds, &fields) == nullptr) return "-";
    std::array<char, 32> date{};
    const auto length = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &fields);
    return std::string{date.data(), length} + '.' +
           std::to_string(1'000'000 + unix_us % 1'000'000).substr(1) + 'Z';
}

std::string discriminator(std::uint32_t value) {
    if (value == 0) return "-";
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%08x", value);
    return text.data();
}

std::int64_t unix_now_us() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace tocsin::control::ctl
