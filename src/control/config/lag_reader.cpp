#include "control/config/lag_reader.hpp"

#include "control/base/duration.hpp"
#include "control/config/nearest.hpp"
#include "control/config/value_reader.hpp"
#include "control/config/value_rules.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::config {

namespace {

using namespace std::chrono_literals;

/// Those that are texts.
std::vector<std::string> read_texts(TableReader& in, const char* key) {
    std::vector<std::string> out;
    for (auto& text : in.get_strings(key).value_or(Elements<std::string>{})) {
        if (text) out.push_back(std::move(*text));
    }
    return out;
}

void read_common(TableReader& in, SessionDraft& out) {
    out.type = SessionType::Micro;
    out.profile = in.get_string("profile").value_or("");
    out.desired_min_tx_interval = in.get_duration("desired_min_tx_interval");
    out.required_min_rx_interval = in.get_duration("required_min_rx_interval");
    out.detect_mult = in.get_integer("detect_mult");
    out.passive = in.get_bool("passive");
    out.dscp = in.get_integer("dscp");
    out.padded_pdu_size = in.get_integer("padded_pdu_size");
    out.follow_link = in.get_bool("follow_link");
    out.admin_down = in.get_bool("admin_down").value_or(false);
    out.auth = read_auth_table(in);
    out.interval_alignment = in.get_bool("interval_alignment");
    out.up_hold = in.get_duration("up_hold");
    out.down_hold = in.get_duration("down_hold");
    out.dampening = read_dampening_table(in);
    // Not of micro-BFD, RFC 7130 2.2: check_micro() says so.
    out.demand_mode = in.get_bool("demand_mode");
    out.desired_min_echo_tx_interval = in.get_duration("desired_min_echo_tx_interval");
    out.required_min_echo_rx_interval = in.get_duration("required_min_echo_rx_interval");
    const bool learned =
        in.get_choice<bool>("destination_mac", {{"dedicated", false}, {"learned", true}})
            .value_or(false);
    const auto priority = in.get_integer("priority_tag", 0, 7);
    out.frames = {.learns_mac = learned,
                  .tagged = priority.has_value(),
                  .priority = static_cast<std::uint8_t>(priority.value_or(0) & 7)};
}

void read_member(TableReader& in, LagDraft& draft) {
    LagMemberDraft out{.path = in.path()};
    if (!in.has("port")) in.fault("port", "is missing: a member link is a port, by its name");
    out.port = in.get_string("port").value_or("");
    out.profile = in.get_string("profile").value_or("");
    out.desired_min_tx_interval = in.get_duration("desired_min_tx_interval");
    out.required_min_rx_interval = in.get_duration("required_min_rx_interval");
    out.detect_mult = in.get_integer("detect_mult");
    for (const char* const family : {"local", "remote"}) {
        if (!in.has(family)) continue;
        static_cast<void>(in.asks_for(family));
        in.fault(family,
                 "is of the LAG: a family that one member uses all members use (RFC 7130 "
                 "2.1), write it there");
    }
    in.finish();
    draft.members.push_back(std::move(out));
}

std::chrono::milliseconds read_up_timeout(TableReader& in, std::chrono::milliseconds otherwise) {
    const auto value = in.get_duration("up_timeout");
    if (!value) return otherwise;
    if (*value < 0us || *value > kLongestUpTimeout || *value % 1ms != 0us) {
        in.fault("up_timeout", to_string(*value) + " is out of range: whole milliseconds up to " +
                                   to_string(kLongestUpTimeout) +
                                   " are accepted, and \"0s\" for no limit");
        return otherwise;
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(*value);
}

}  // namespace

void read_lag(TableReader& in, Draft& draft) {
    LagDraft out;
    out.path = in.path();
    Lag& lag = out.lag;
    lag.name = read_name(in, "its sessions are named after it", kLongestLagName);
    lag.members = read_texts(in, "members");
    out.local = read_texts(in, "local");
    out.remote = read_texts(in, "remote");
    lag.minimum_links =
        static_cast<std::uint32_t>(in.get_integer("minimum_links", 1, 64).value_or(1));
    lag.per_family = in.get_bool("per_family").value_or(false);
    lag.lacp = in.get_choice<Lacp>("lacp", {{"none", Lacp::None}, {"api", Lacp::Api}})
                   .value_or(Lacp::None);
    lag.actuator = in.get_choice<LagActuator>("actuator", {{"log", LagActuator::Log}})
                       .value_or(LagActuator::Log);
    lag.assume_active = in.get_bool("assume_active").value_or(true);
    lag.take_out_last = in.get_bool("take_out_last").value_or(false);
    lag.up_timeout = read_up_timeout(in, lag.up_timeout);
    read_common(in, out.session);
    out.session.on_request = lag.lacp != Lacp::None;
    for (TableReader& member : in.get_tables("member")) read_member(member, out);
    in.finish();
    draft.lags.push_back(std::move(out));
}

}  // namespace tocsin::control::config
