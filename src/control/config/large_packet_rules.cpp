#include "control/config/large_packet_rules.hpp"

#include "control/config/value_rules.hpp"

namespace tocsin::control::config {

void read_padding(RuleContext& in) {
    in.session.padded_pdu_size = in.profile.padded_pdu_size.value_or(0);
    if (const auto value = in.draft.padded_pdu_size) {
        in.add("padded_pdu_size", padded_pdu_size_fault(*value));
        in.session.padded_pdu_size = static_cast<std::uint16_t>(*value);
    }
}

}  // namespace tocsin::control::config
