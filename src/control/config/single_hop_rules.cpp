#include "control/config/single_hop_rules.hpp"

#include "control/config/demand_rules.hpp"
#include "control/config/echo_rules.hpp"

#include <string>

namespace tocsin::control::config {

void check_single_hop_ttl(RuleContext& in) {
    if (!in.draft.min_ttl || *in.draft.min_ttl == 255) return;
    in.add("min_ttl", std::to_string(*in.draft.min_ttl) +
                          " is not accepted: only packets with TTL 255 are taken, in a tunnel "
                          "inside of it (RFC 5881 5), leave it out or write 255");
}

void check_single_hop(RuleContext& in) {
    check_demand(in);
    check_echo(in);
}

}  // namespace tocsin::control::config
