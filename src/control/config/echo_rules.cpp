#include "control/config/echo_rules.hpp"

#include "control/config/address_rules.hpp"
#include "control/config/timer_rules.hpp"
#include "control/config/value_rules.hpp"

namespace tocsin::control::config {

void read_echo(RuleContext& in) {
    bfd::SessionParameters& out = in.session.parameters;
    take_interval(in, "desired_min_echo_tx_interval", in.draft.desired_min_echo_tx_interval,
                  in.profile.desired_min_echo_tx_interval, WireInterval{0}, echo_interval_fault,
                  out.desired_min_echo_tx_interval);
    take_interval(in, "required_min_echo_rx_interval", in.draft.required_min_echo_rx_interval,
                  in.profile.required_min_echo_rx_interval, WireInterval{0}, echo_interval_fault,
                  out.required_min_echo_rx_interval);
}

void check_echo(RuleContext& in) {
    if (in.session.parameters.desired_min_echo_tx_interval == WireInterval{0}) return;
    if (!is_ipv6_link_local(in.session.remote)) return;
    in.add("desired_min_echo_tx_interval",
           "Echo packets to an IPv6 link-local address of ours are not forwarded back: use "
           "addresses of a subnet, or leave it out");
}

}  // namespace tocsin::control::config
