#include "control/config/demand_rules.hpp"

#include "control/config/timer_rules.hpp"
#include "control/config/value_rules.hpp"

#include <chrono>

namespace tocsin::control::config {

void read_demand(RuleContext& in) {
    bfd::SessionParameters& out = in.session.parameters;
    out.demand_mode = in.draft.demand_mode.value_or(in.profile.demand_mode.value_or(false));
    take_interval(in, "demand_poll_interval", in.draft.demand_poll_interval,
                  in.profile.demand_poll_interval, WireInterval{0}, demand_poll_fault,
                  out.demand_poll_interval);
}

void check_demand(RuleContext& in) {
    const bfd::SessionParameters& p = in.session.parameters;
    const bool echo = p.desired_min_echo_tx_interval > WireInterval{0};
    if (p.demand_mode && !echo && p.demand_poll_interval == WireInterval{0}) {
        in.add("demand_mode",
               "needs another proof that the peer is there, since it falls silent (RFC 5880 6.6): "
               "give demand_poll_interval, such as \"1s\", or desired_min_echo_tx_interval");
    }
    if (!p.demand_mode && in.draft.demand_poll_interval.value_or(std::chrono::microseconds{0}) >
                              std::chrono::microseconds{0}) {
        in.add("demand_poll_interval",
               "is given without Demand mode: write demand_mode = true, or leave it out");
    }
}

}  // namespace tocsin::control::config
