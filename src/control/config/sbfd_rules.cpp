#include "control/config/sbfd_rules.hpp"

#include "control/config/value_rules.hpp"

#include <chrono>
#include <limits>
#include <string>

namespace tocsin::control::config {

namespace {

void read_remote_discriminator(RuleContext& in) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const auto given = in.draft.remote_discriminator;
    if (!given) {
        return in.add("remote_discriminator",
                      "is missing: write the discriminator of the reflector that is asked, a "
                      "number or the IPv4 address that stands for it (RFC 7880 7.3)");
    }
    if (*given < 1 || *given > kMost) {
        return in.add("remote_discriminator",
                      std::to_string(*given) + " is no discriminator: 1..4294967295 are accepted");
    }
    in.session.remote_discriminator = {static_cast<std::uint32_t>(*given)};
}

}  // namespace

void check_sbfd_ttl(RuleContext& in) {
    in.session.parameters.min_ttl = 1;
    if (!in.draft.min_ttl) return;
    in.add("min_ttl", min_ttl_fault(*in.draft.min_ttl));
    in.session.parameters.min_ttl = static_cast<std::uint8_t>(*in.draft.min_ttl);
}

void check_sbfd(RuleContext& in) {
    bfd::SessionParameters& p = in.session.parameters;
    constexpr const char* kNoPeer =
        "means nothing to a session of type sbfd, whose reflector keeps no state (RFC 7880): leave "
        "it out";
    const auto refuse = [&](std::string_view member, bool given) {
        if (given) in.add(member, kNoPeer);
    };
    const auto positive = [](const std::optional<std::chrono::microseconds>& interval) {
        return interval.value_or(std::chrono::microseconds{0}).count() != 0;
    };
    read_remote_discriminator(in);
    refuse("required_min_rx_interval", in.draft.required_min_rx_interval.has_value());
    refuse("passive", in.draft.passive.value_or(false));
    refuse("demand_mode", in.draft.demand_mode.value_or(false));
    refuse("demand_poll_interval", positive(in.draft.demand_poll_interval));
    refuse("desired_min_echo_tx_interval", positive(in.draft.desired_min_echo_tx_interval));
    refuse("required_min_echo_rx_interval", positive(in.draft.required_min_echo_rx_interval));
    refuse("interval_alignment", in.draft.interval_alignment.value_or(false));
    in.session.interval_alignment = false;
    p.passive = false;
    p.demand_mode = false;
    p.demand_poll_interval = WireInterval{0};
    p.desired_min_echo_tx_interval = WireInterval{0};
    p.required_min_echo_rx_interval = WireInterval{0};
    p.required_min_rx_interval = p.desired_min_tx_interval;  // all that is asked is answered
}

void refuse_sbfd(RuleContext& in) {
    if (!in.draft.remote_discriminator) return;
    in.add("remote_discriminator", "is for sessions of type sbfd only: leave it out");
}

}  // namespace tocsin::control::config
