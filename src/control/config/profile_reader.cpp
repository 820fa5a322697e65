#include "control/config/profile_reader.hpp"

#include "control/config/auth_rules.hpp"
#include "control/config/notification_rules.hpp"
#include "control/config/value_reader.hpp"
#include "control/config/value_rules.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace tocsin::control::config {

namespace {

void read_telling(TableReader& in, Profile& out) {
    out.interval_alignment = in.get_bool("interval_alignment");
    out.up_hold = read_duration<notify::Milliseconds>(in, "up_hold", up_hold_fault);
    out.down_hold = read_duration<notify::Milliseconds>(in, "down_hold", down_hold_fault);
    const auto written = read_dampening_table(in);
    if (!written) return;
    std::string_view member;
    std::string why;
    out.dampening = read_dampening(*written, member, why);
    if (!out.dampening) in.fault_at("dampening." + std::string{member}, std::move(why));
}

}  // namespace

void read_profile(TableReader& in, std::vector<Profile>& out) {
    Profile profile;
    profile.name = read_name(in, "sessions refer to a profile by its name", kLongestProfileName);
    const auto interval = [&](const char* key, auto fault_of) {
        return read_duration<WireInterval>(in, key, fault_of);
    };
    profile.desired_min_tx_interval = interval("desired_min_tx_interval", desired_min_tx_fault);
    profile.required_min_rx_interval = interval("required_min_rx_interval", required_min_rx_fault);
    profile.detect_mult = read_number<std::uint8_t>(in, "detect_mult", detect_mult_fault);
    profile.padded_pdu_size =
        read_number<std::uint16_t>(in, "padded_pdu_size", padded_pdu_size_fault);
    profile.passive = in.get_bool("passive");
    profile.congestion_control = in.get_bool("congestion_control");
    profile.demand_mode = in.get_bool("demand_mode");
    profile.demand_poll_interval = interval("demand_poll_interval", demand_poll_fault);
    profile.desired_min_echo_tx_interval =
        interval("desired_min_echo_tx_interval", echo_interval_fault);
    profile.required_min_echo_rx_interval =
        interval("required_min_echo_rx_interval", echo_interval_fault);
    if (const auto written = read_auth_table(in)) {
        std::string_view member;
        std::string why;
        profile.auth = read_auth(*written, member, why);
        if (!profile.auth) in.fault_at("auth." + std::string{member}, std::move(why));
    }
    read_telling(in, profile);
    in.finish();
    out.push_back(std::move(profile));
}

}  // namespace tocsin::control::config
