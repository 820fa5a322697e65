#include "control/ctl/dampening_option.hpp"

#include "control/base/duration.hpp"

#include <charconv>
#include <chrono>
#include <limits>
#include <optional>

namespace tocsin::control::ctl {

namespace {

Error wrong(std::string message) {
    return {.kind = ErrorKind::InvalidArgument, .message = std::move(message), .where = {}};
}

/// One `member=value`; the error of it, if any.
std::optional<Error> set_member(std::string_view member, const std::string& value,
                                v1::Dampening& out) {
    if (member == "half_life" || member == "max_suppress") {
        const auto ms = milliseconds_of("--dampening", value);
        if (!ms.ok()) return ms.error();
        if (member == "half_life") {
            out.set_half_life_ms(ms.value());
        } else {
            out.set_max_suppress_ms(ms.value());
        }
        return std::nullopt;
    }
    if (member != "suppress" && member != "reuse" && member != "penalty") {
        return wrong("--dampening: \"" + std::string{member} +
                     "\" is not one of half_life, suppress, reuse, max_suppress and penalty");
    }
    std::uint32_t number = 0;
    const char* const last = value.data() + value.size();
    const auto [end, error] = std::from_chars(value.data(), last, number);
    if (error != std::errc{} || end != last) {
        return wrong("--dampening: \"" + value + "\" is not a whole number");
    }
    if (member == "suppress") {
        out.set_suppress(number);
    } else if (member == "reuse") {
        out.set_reuse(number);
    } else {
        out.set_penalty(number);
    }
    return std::nullopt;
}

}  // namespace

Result<std::uint32_t> milliseconds_of(const char* option, const std::string& text) {
    using namespace std::chrono_literals;
    const auto duration = parse_duration(text);
    if (!duration.ok()) return wrong(std::string{option} + ": " + duration.error().message);
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(duration.value());
    if (ms != duration.value() || ms.count() > std::numeric_limits<std::uint32_t>::max()) {
        return wrong(std::string{option} + ": " + text + " is not a whole number of milliseconds");
    }
    return static_cast<std::uint32_t>(ms.count());
}

Result<v1::Dampening> dampening_of(std::string_view text) {
    v1::Dampening out;
    out.set_enabled(text != "off");
    if (text == "off" || text == "on") return out;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view part = text.substr(0, comma);
        text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
        const auto equals = part.find('=');
        if (equals == part.npos) {
            return wrong("--dampening: \"" + std::string{part} +
                         "\" is neither on nor off nor MEMBER=VALUE, such as half_life=5s");
        }
        const auto fault =
            set_member(part.substr(0, equals), std::string{part.substr(equals + 1)}, out);
        if (fault) return *fault;
    }
    return out;
}

}  // namespace tocsin::control::ctl
