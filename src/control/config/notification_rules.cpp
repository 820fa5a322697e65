#include "control/config/notification_rules.hpp"

#include "control/base/duration.hpp"
#include "control/notify/penalty.hpp"

#include <utility>

namespace tocsin::control::config {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kLargestPenalty = 1'000'000;

std::optional<std::string> whole_milliseconds_fault(std::chrono::microseconds value,
                                                    std::chrono::microseconds lowest,
                                                    std::chrono::microseconds highest) {
    if (value >= lowest && value <= highest && value % 1ms == 0us) return std::nullopt;
    return to_string(value) + " is out of range: " + to_string(lowest) + ".." + to_string(highest) +
           " in whole milliseconds are accepted";
}

std::optional<std::string> penalty_fault(std::int64_t value) {
    if (value >= 1 && value <= kLargestPenalty) return std::nullopt;
    return std::to_string(value) + " is out of range: 1.." + std::to_string(kLargestPenalty) +
           " are accepted";
}

notify::Milliseconds milliseconds(std::chrono::microseconds value) {
    return std::chrono::duration_cast<notify::Milliseconds>(value);
}

}  // namespace

std::optional<std::string> up_hold_fault(std::chrono::microseconds value) {
    return whole_milliseconds_fault(value, 0us, 24h);
}

std::optional<std::string> down_hold_fault(std::chrono::microseconds value) {
    return whole_milliseconds_fault(value, 0us, 10min);
}

std::optional<notify::Dampening> read_dampening(const DampeningDraft& draft,
                                                std::string_view& member, std::string& why) {
    notify::Dampening out;
    if (!draft.enabled) return out;
    const auto duration = [&](const char* name, const auto& value, std::chrono::microseconds lowest,
                              std::chrono::microseconds highest, notify::Milliseconds& to) {
        if (!value) return true;
        auto fault = whole_milliseconds_fault(*value, lowest, highest);
        if (fault) {
            member = name;
            why = std::move(*fault);
            return false;
        }
        to = milliseconds(*value);
        return true;
    };
    const auto number = [&](const char* name, const auto& value, std::uint32_t& to) {
        if (!value) return true;
        auto fault = penalty_fault(*value);
        if (fault) {
            member = name;
            why = std::move(*fault);
            return false;
        }
        to = static_cast<std::uint32_t>(*value);
        return true;
    };
    out.half_life = notify::kDefaultHalfLife;
    if (!duration("half_life", draft.half_life, 100ms, 1h, out.half_life)) return std::nullopt;
    out.max_suppress = out.half_life * 4U;
    if (!duration("max_suppress", draft.max_suppress, 100ms, 24h, out.max_suppress) ||
        !number("suppress", draft.suppress, out.suppress) ||
        !number("reuse", draft.reuse, out.reuse) ||
        !number("penalty", draft.penalty, out.penalty)) {
        return std::nullopt;
    }
    if (out.reuse >= out.suppress) {
        member = "reuse";
        why = std::to_string(out.reuse) + " is not below suppress, which is " +
              std::to_string(out.suppress) + ": an Up is held from suppress on, until reuse";
        return std::nullopt;
    }
    if (notify::Penalty::ceiling(out) < out.suppress) {
        member = "max_suppress";
        why = to_string(std::chrono::microseconds{out.max_suppress}) +
              " is too short: within it no penalty falls from suppress to reuse, so that none is "
              "ever allowed to reach suppress; make it longer, or suppress smaller";
        return std::nullopt;
    }
    return out;
}

DampeningDraft draft_of(const notify::Dampening& how) {
    if (!how.on()) return {.enabled = false};
    return {.enabled = true,
            .half_life = how.half_life,
            .suppress = how.suppress,
            .reuse = how.reuse,
            .max_suppress = how.max_suppress,
            .penalty = how.penalty};
}

}  // namespace tocsin::control::config
