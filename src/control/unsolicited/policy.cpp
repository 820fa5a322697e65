#include "control/unsolicited/policy.hpp"

#include "control/base/address.hpp"
#include "dataplane/bfd/timers.hpp"

#include <algorithm>

namespace tocsin::control::unsolicited {

namespace {

bool listed(const std::vector<IpPrefix>& prefixes, const IpAddress& address) {
    return std::ranges::any_of(prefixes, [&](const IpPrefix& p) { return p.contains(address); });
}

bool is_v6_link_local(const IpAddress& a) { return a.is_v6() && is_link_local(a); }

/// All of fe80::/10 is on the link of a port with a link-local address, whatever its length.
bool on_link(const std::vector<IpPrefix>& subnets, const IpAddress& source) {
    return std::ranges::any_of(subnets, [&](const IpPrefix& own) {
        if (is_v6_link_local(source)) return is_v6_link_local(own.address);
        return own.contains(source) && !is_network_or_broadcast(own, source);
    });
}

}  // namespace

std::optional<Refusal> judge_source(const config::Unsolicited& policy,
                                    const std::vector<IpPrefix>& subnets, const IpAddress& source,
                                    const IpAddress& local) {
    if (!on_link(subnets, source) || is_v6_link_local(source) != is_v6_link_local(local)) {
        return Refusal::Subnet;
    }
    if (listed(policy.deny, source)) return Refusal::Denied;
    if (!listed(policy.allow, source)) return Refusal::NotAllowed;
    return std::nullopt;
}

std::optional<Refusal> judge_packet(const config::Unsolicited& policy,
                                    const bfd::ControlPacket& packet) {
    if (packet.state == bfd::SessionState::AdminDown) return Refusal::PeerAdminDown;
    if (detection_time(policy.parameters, packet) > kLongestDetectionTime) {
        return Refusal::DetectionTime;
    }
    return std::nullopt;
}

Nanoseconds detection_time(const bfd::SessionParameters& parameters,
                           const bfd::ControlPacket& packet) {
    return bfd::detection_time(packet.detect_mult, parameters.required_min_rx_interval,
                               packet.desired_min_tx_interval);
}

bool has_ended(const session::SessionRecord& record, Instant since, Nanoseconds patience,
               Instant now) {
    const bfd::SessionSnapshot& s = record.status;
    if (record.admin_down || s.session_state == bfd::SessionState::Up) return false;
    if (s.remote_session_state == bfd::SessionState::AdminDown) return true;
    if (s.session_state == bfd::SessionState::Down) {
        switch (s.local_diag) {
            case bfd::Diag::None:
            case bfd::Diag::NeighborSignaledSessionDown:  // it goes on sending: it tries anew
            case bfd::Diag::AdministrativelyDown:         // an operator let it go
                break;
            default:
                return true;
        }
    }
    return now - std::max(since, s.last_state_change) > std::max(patience, s.detection_time);
}

}  // namespace tocsin::control::unsolicited
