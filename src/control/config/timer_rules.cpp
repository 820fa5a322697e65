#include "control/config/timer_rules.hpp"

#include "control/config/value_rules.hpp"

namespace tocsin::control::config {

void take_interval(RuleContext& in, std::string_view member,
                   const std::optional<std::chrono::microseconds>& given,
                   const std::optional<WireInterval>& profiles, WireInterval otherwise,
                   std::optional<std::string> (*fault_of)(std::chrono::microseconds),
                   WireInterval& to) {
    to = profiles.value_or(otherwise);
    if (!given) return;
    in.add(member, fault_of(*given));
    to = std::chrono::duration_cast<WireInterval>(*given);
}

void read_timers(RuleContext& in) {
    bfd::SessionParameters& out = in.session.parameters;
    take_interval(in, "desired_min_tx_interval", in.draft.desired_min_tx_interval,
                  in.profile.desired_min_tx_interval, kDefaultDesiredMinTxInterval,
                  desired_min_tx_fault, out.desired_min_tx_interval);
    take_interval(in, "required_min_rx_interval", in.draft.required_min_rx_interval,
                  in.profile.required_min_rx_interval, kDefaultRequiredMinRxInterval,
                  required_min_rx_fault, out.required_min_rx_interval);
    out.detect_mult = in.profile.detect_mult.value_or(kDefaultDetectMult);
    if (const auto value = in.draft.detect_mult) {
        in.add("detect_mult", detect_mult_fault(*value));
        out.detect_mult = static_cast<std::uint8_t>(*value);
    }
}

}  // namespace tocsin::control::config
