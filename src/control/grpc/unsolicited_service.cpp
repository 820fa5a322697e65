#include "control/grpc/unsolicited_service.hpp"

#include "control/base/address.hpp"
#include "control/grpc/convert.hpp"
#include "dataplane/bfd/diag.hpp"

#include <string>

namespace tocsin::control::api {

namespace {

void policy_to_proto(const unsolicited::PolicyView& view, const metrics::Sources& sources,
                     v1::UnsolicitedPolicy& out) {
    const config::Unsolicited& p = view.policy;
    out.set_port(p.port);
    out.set_enabled(p.enabled);
    for (const IpPrefix& prefix : p.allow) out.add_allow(to_string(prefix));
    for (const IpPrefix& prefix : p.deny) out.add_deny(to_string(prefix));
    out.set_profile(p.profile);
    out.set_desired_min_tx_interval_us(p.parameters.desired_min_tx_interval.count());
    out.set_required_min_rx_interval_us(p.parameters.required_min_rx_interval.count());
    out.set_detect_mult(p.parameters.detect_mult);
    to_proto(p.auth, *out.mutable_auth());
    out.set_max_sessions(p.max_sessions);
    out.set_padded_pdu_size(p.padded_pdu_size);
    out.set_interval_alignment(p.interval_alignment);
    out.set_up_hold_ms(p.notification.up_hold.count());
    out.set_down_hold_ms(p.notification.down_hold.count());
    to_proto(p.notification.dampening, *out.mutable_dampening());
    out.set_linger_ms(static_cast<std::uint32_t>(p.linger.count()));
    const unsolicited::PortCounters& c = *view.counters;
    out.set_sessions(c.sessions.get());
    out.set_created(c.created.get());
    out.set_ended_count(c.ended.get());
    for (std::size_t i = 0; i < unsolicited::kRefusals; ++i) {
        const std::uint64_t n = c.refused[i].get();
        if (n != 0) (*out.mutable_refused())[std::string{unsolicited::kRefusalNames[i]}] = n;
    }
    for (const unsolicited::EndedSession& e : view.ended) {
        v1::EndedUnsolicitedSession& ended = *out.add_ended();
        ended.set_remote(to_string(e.remote));
        ended.set_diag(static_cast<std::uint32_t>(e.diag));
        ended.set_diag_name(std::string{bfd::name(e.diag)});
        ended.set_remote_diag(static_cast<std::uint32_t>(e.remote_diag));
        ended.set_remote_diag_name(std::string{bfd::name(e.remote_diag)});
        ended.set_at_us(std::chrono::duration_cast<std::chrono::microseconds>(
                            sources.wall(e.at).time_since_epoch())
                            .count());
    }
}

}  // namespace

grpc::Status UnsolicitedService::ListUnsolicitedPolicies(
    grpc::ServerContext*, const v1::ListUnsolicitedPoliciesRequest*,
    v1::ListUnsolicitedPoliciesResponse* response) {
    const auto policies = call(backend_, [&] { return backend_.unsolicited_policies(); });
    if (!policies) return shutting_down();
    for (const unsolicited::PolicyView& p : *policies) {
        policy_to_proto(p, backend_.sources(), *response->add_policies());
    }
    counters_.count("ListUnsolicitedPolicies", "OK");
    return grpc::Status::OK;
}

}  // namespace tocsin::control::api
