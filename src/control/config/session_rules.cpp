#include "control/config/session_rules.hpp"

#include "control/config/congestion_rules.hpp"
#include "control/config/demand_rules.hpp"
#include "control/config/echo_rules.hpp"
#include "control/config/label_rules.hpp"
#include "control/config/large_packet_rules.hpp"
#include "control/config/references.hpp"
#include "control/config/rule_context.hpp"
#include "control/config/sbfd_rules.hpp"
#include "control/config/session_auth_rules.hpp"
#include "control/config/telling_rules.hpp"
#include "control/config/timer_rules.hpp"
#include "control/config/tunnel_rules.hpp"
#include "control/config/type_rules.hpp"
#include "control/config/value_rules.hpp"

#include <string>
#include <utility>

namespace tocsin::control::config {

namespace {

const Profile* profile_of(const SessionDraft& draft, const std::vector<Profile>& profiles,
                          std::vector<MemberFault>& faults) {
    static const Profile kNone;
    if (draft.profile.empty()) return &kNone;
    std::string why;
    if (const Profile* const found = profile_named(profiles, draft.profile, why)) return found;
    faults.push_back({.member = "profile", .message = std::move(why)});
    return &kNone;
}

void read_dscp(RuleContext& in) {
    if (!in.draft.dscp) return;
    in.add("dscp", dscp_fault(*in.draft.dscp));
    in.session.dscp = static_cast<std::uint8_t>(*in.draft.dscp);
}

}  // namespace

SessionCheck validate_session(const SessionDraft& draft, const std::vector<Port>& ports,
                              const std::vector<Profile>& profiles, const TunnelSettings& tunnels) {
    SessionCheck out;
    out.session.name = draft.name;
    out.session.profile = draft.profile;
    out.session.type = draft.type;
    out.session.follow_link = draft.follow_link.value_or(true);
    out.session.admin_down = draft.admin_down;
    RuleContext in{.draft = draft,
                   .ports = ports,
                   .profile = *profile_of(draft, profiles, out.faults),
                   .tunnels = tunnels,
                   .faults = out.faults,
                   .session = out.session};
    if (!draft.name.empty()) in.add("name", name_fault(draft.name, kLongestSessionName));
    const TypeRules& type = rules_of(draft.type);
    out.session.parameters.passive = draft.passive.value_or(in.profile.passive.value_or(false));
    out.session.parameters.match_source = draft.match_source.value_or(type.match_source);
    read_session_auth(in);
    read_telling(in);
    read_timers(in);
    read_congestion_control(in);
    read_demand(in);
    read_echo(in);
    read_dscp(in);
    read_padding(in);
    if (draft.tunnel && !is_tunnel(draft.type)) refuse_tunnel(in);
    if (draft.tunnel && !has_labels(draft.type)) refuse_labels(in);
    if (draft.type != SessionType::Sbfd) refuse_sbfd(in);
    type.ttl(in);
    type.addresses(in);
    type.whole(in);
    return out;
}

}  // namespace tocsin::control::config
