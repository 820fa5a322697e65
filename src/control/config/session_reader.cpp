#include "control/config/session_reader.hpp"

#include "control/config/session_type.hpp"
#include "control/config/tunnel_reader.hpp"
#include "control/config/value_reader.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::config {

namespace {

SessionType read_type(TableReader& in) {
    const auto type = in.get_string("type");
    if (!type) return SessionType::SingleHop;
    if (const auto known = session_type_named(*type)) return *known;
    if (*type == name(SessionType::Micro)) {
        in.fault("type",
                 "\"micro\" sessions belong to a LAG, each member of which has the same: write a "
                 "[[lag]] (RFC 7130 2.1)");
    } else {
        in.fault("type", in_quotes(*type) +
                             " is not a type of session: write \"single_hop\", \"multihop\", "
                             "\"echo\", \"vxlan\", \"geneve\", \"mpls\", \"vccv\" or \"sbfd\"");
    }
    return SessionType::SingleHop;
}

}  // namespace

void read_session(TableReader& in, Draft& draft) {
    SessionDraft out;
    out.type = read_type(in);
    // An empty text means not given to validate_session(); in a file it is a mistake.
    const auto text = [&](const char* key) -> std::string {
        const auto value = in.get_string(key);
        if (value && value->empty())
            in.fault(key, "\"\" is empty: write a value or leave the key out");
        return value.value_or("");
    };
    out.name = text("name");
    out.remote = text("remote");
    out.local = text("local");
    out.port = text("port");
    out.profile = text("profile");
    out.desired_min_tx_interval = in.get_duration("desired_min_tx_interval");
    out.required_min_rx_interval = in.get_duration("required_min_rx_interval");
    out.detect_mult = in.get_integer("detect_mult");
    out.min_ttl = in.get_integer("min_ttl");
    out.dscp = in.get_integer("dscp");
    out.padded_pdu_size = in.get_integer("padded_pdu_size");
    out.passive = in.get_bool("passive");
    out.congestion_control = in.get_bool("congestion_control");
    out.demand_mode = in.get_bool("demand_mode");
    out.demand_poll_interval = in.get_duration("demand_poll_interval");
    out.desired_min_echo_tx_interval = in.get_duration("desired_min_echo_tx_interval");
    out.required_min_echo_rx_interval = in.get_duration("required_min_echo_rx_interval");
    out.match_source = in.get_bool("match_source");
    out.follow_link = in.get_bool("follow_link");
    out.admin_down = in.get_bool("admin_down").value_or(false);
    out.auth = read_auth_table(in);
    out.interval_alignment = in.get_bool("interval_alignment");
    out.up_hold = in.get_duration("up_hold");
    out.down_hold = in.get_duration("down_hold");
    out.dampening = read_dampening_table(in);
    read_tunnel_keys(in, out);
    if (const auto d = in.get_discriminator("remote_discriminator")) {
        out.remote_discriminator = d->value;
    } else if (in.has("remote_discriminator")) {
        out.remote_discriminator = 1;  // was complained about
    }
    in.finish();
    draft.sessions.push_back(std::move(out));
    draft.session_paths.push_back(in.path());
}

}  // namespace tocsin::control::config
