#include "control/config/congestion_rules.hpp"

#include "dataplane/bfd/congestion.hpp"

namespace tocsin::control::config {

void read_congestion_control(RuleContext& in) {
    // S-BFD does not tell one hop from several, RFC 7880 8.2 and RFC 7881 5.
    if (in.draft.type != SessionType::MultiHop && in.draft.type != SessionType::Sbfd) {
        if (!in.draft.congestion_control.value_or(false)) return;
        return in.add("congestion_control",
                      "is for sessions of type multihop and sbfd only (RFC 5880 7): leave it out");
    }
    const bool on =
        in.draft.congestion_control.value_or(in.profile.congestion_control.value_or(true));
    in.session.parameters.congestion_doublings = on ? bfd::kMostDoublings & 0xfU : 0;
}

}  // namespace tocsin::control::config
