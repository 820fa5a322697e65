#include "control/grpc/lag_service.hpp"

#include "control/base/address.hpp"
#include "control/grpc/convert.hpp"
#include "control/grpc/session_service.hpp"

#include <chrono>
#include <string>

namespace tocsin::control::api {

namespace {

std::int64_t unix_time(const metrics::Sources& sources, Instant at) {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               sources.wall(at).time_since_epoch())
        .count();
}

// Enumerators of the proto are one above ours, zero means not given.

void place_to_proto(const lag::PlaceView& view, v1::MemberPlace& out) {
    out.set_table(static_cast<v1::LagTable>(static_cast<int>(view.table) + 1));
    out.set_permitted(view.permitted);
    out.set_reason(static_cast<v1::MemberReason>(static_cast<int>(view.reason) + 1));
    if (view.applied) out.set_applied(*view.applied);
    out.set_kept_as_last(view.kept_as_last);
    out.set_error(view.error);
}

void session_to_proto(const lag::MemberSession& view, v1::LagMemberSession& out) {
    out.set_family(std::string{config::family_name(view.family)});
    out.set_session_id(view.id.value);
    out.set_name(view.name);
    out.set_state(api::to_proto(view.state));
    out.set_indication(static_cast<v1::Indication>(static_cast<int>(view.told) + 1));
    out.set_peer_heard(view.peer_heard);
}

void lag_to_proto(const lag::LagView& view, const metrics::Sources& sources, v1::Lag& out) {
    const config::Lag& c = view.config;
    out.set_name(c.name);
    out.set_up(view.up);
    out.set_since_us(unix_time(sources, view.since));
    out.set_minimum_links(c.minimum_links);
    out.set_members_in_use(static_cast<std::uint32_t>(view.members_in_use));
    for (const IpAddress& a : c.local) out.add_local(to_string(a));
    for (const IpAddress& a : c.remote) out.add_remote(to_string(a));
    out.set_per_family(c.per_family);
    out.set_lacp(c.lacp == config::Lacp::Api ? "api" : "none");
    out.set_actuator(view.actuator);
    out.set_assume_active(c.assume_active);
    out.set_up_timeout_ms(static_cast<std::uint32_t>(c.up_timeout.count()));
    out.set_take_out_last(c.take_out_last);
    out.set_down_count(view.downs);
    out.set_taken_out(view.taken_out);
    out.set_put_back(view.put_back);
    out.set_failed_acts(view.failed_acts);
    for (const lag::MemberView& m : view.members) {
        v1::LagMember& member = *out.add_members();
        member.set_port(m.port);
        member.set_known(m.known);
        member.set_state(static_cast<v1::MemberState>(static_cast<int>(m.state) + 1));
        member.set_link_up(m.link_up);
        member.set_in_use(m.in_use);
        member.set_confirmed(m.confirmed);
        member.set_since_us(unix_time(sources, m.since));
        for (const lag::PlaceView& p : m.places) place_to_proto(p, *member.add_places());
        for (const lag::MemberSession& s : m.sessions) session_to_proto(s, *member.add_sessions());
    }
}

}  // namespace

grpc::Status LagService::ListLags(grpc::ServerContext*, const v1::ListLagsRequest*,
                                  v1::ListLagsResponse* response) {
    const auto lags = call(backend_, [&] { return backend_.lags(); });
    if (!lags) return shutting_down();
    for (const lag::LagView& view : *lags) {
        lag_to_proto(view, backend_.sources(), *response->add_lags());
    }
    counters_.count("ListLags", "OK");
    return grpc::Status::OK;
}

grpc::Status LagService::ReportMember(grpc::ServerContext*, const v1::ReportMemberRequest* request,
                                      v1::ReportMemberResponse*) {
    const int state = static_cast<int>(request->state()) - 1;
    Result<Ok> done = Ok{};
    if (state < 0 || state >= static_cast<int>(lag::kLinkStates)) {
        done = Error{ErrorKind::InvalidArgument,
                     "is missing or unknown: detached, standby, collecting and distributing are "
                     "accepted",
                     "state"};
    } else {
        const auto answer = call(backend_, [&] {
            return backend_.report_member(request->lag(), request->port(),
                                          static_cast<lag::LinkState>(state));
        });
        if (!answer) return shutting_down();
        done = *answer;
    }
    const grpc::Status status = done ? grpc::Status::OK : to_status(done.error());
    counters_.count("ReportMember", code_name(status.error_code()));
    return status;
}

}  // namespace tocsin::control::api
