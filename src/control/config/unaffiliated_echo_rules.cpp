#include "control/config/unaffiliated_echo_rules.hpp"

#include "control/config/address_rules.hpp"

namespace tocsin::control::config {

void check_unaffiliated_echo(RuleContext& in) {
    bfd::SessionParameters& p = in.session.parameters;
    constexpr const char* kNobody =
        "means nothing to a session of type echo, which has no BFD peer (RFC 9747): leave it "
        "out";
    const auto refuse = [&](std::string_view member, bool given) {
        if (given) in.add(member, kNobody);
    };
    refuse("required_min_rx_interval", in.draft.required_min_rx_interval.has_value());
    refuse("passive", in.draft.passive.value_or(false));
    refuse("match_source", in.draft.match_source.value_or(false));
    refuse("demand_mode", in.draft.demand_mode.value_or(false));
    refuse(
        "desired_min_echo_tx_interval",
        in.draft.desired_min_echo_tx_interval.value_or(std::chrono::microseconds{0}).count() != 0);
    refuse(
        "required_min_echo_rx_interval",
        in.draft.required_min_echo_rx_interval.value_or(std::chrono::microseconds{0}).count() != 0);
    p.passive = false;
    p.demand_mode = false;
    p.demand_poll_interval = WireInterval{0};
    p.desired_min_echo_tx_interval = WireInterval{0};
    p.required_min_echo_rx_interval = WireInterval{0};
    p.required_min_rx_interval = p.desired_min_tx_interval;  // all that is sent comes back
    if (is_ipv6_link_local(in.session.remote)) {
        in.add("remote", in.draft.remote +
                             " is link-local: packets to an address of ours that is link-local "
                             "are not forwarded back, write an address of a subnet");
    }
}

}  // namespace tocsin::control::config
