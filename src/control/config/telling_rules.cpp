#include "control/config/telling_rules.hpp"

#include "control/config/notification_rules.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

/// Names of members live as long as the program.
std::string_view dampening_member(std::string_view member) {
    for (const std::string_view m : {"dampening.half_life", "dampening.suppress", "dampening.reuse",
                                     "dampening.max_suppress"}) {
        if (m.ends_with('.' + std::string{member})) return m;
    }
    return "dampening.penalty";
}

}  // namespace

void read_telling(RuleContext& in) {
    in.session.interval_alignment =
        in.draft.interval_alignment.value_or(in.profile.interval_alignment.value_or(false));
    notify::Policy& out = in.session.notification;
    out.up_hold = in.profile.up_hold.value_or(out.up_hold);
    out.down_hold = in.profile.down_hold.value_or(out.down_hold);
    out.dampening = in.profile.dampening.value_or(out.dampening);
    if (const auto value = in.draft.up_hold) {
        in.add("up_hold", up_hold_fault(*value));
        out.up_hold = std::chrono::duration_cast<notify::Milliseconds>(*value);
    }
    if (const auto value = in.draft.down_hold) {
        in.add("down_hold", down_hold_fault(*value));
        out.down_hold = std::chrono::duration_cast<notify::Milliseconds>(*value);
    }
    if (!in.draft.dampening) return;
    std::string_view member;
    std::string why;
    if (const auto read = read_dampening(*in.draft.dampening, member, why)) {
        out.dampening = *read;
    } else {
        in.add(dampening_member(member), std::move(why));
    }
}

}  // namespace tocsin::control::config
