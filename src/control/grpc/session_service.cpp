#include "control/grpc/session_service.hpp"

#include "control/grpc/bulk_add.hpp"
#include "control/grpc/convert.hpp"
#include "control/grpc/convert_history.hpp"
#include "control/grpc/page_token.hpp"

#include <string>
#include <utility>

namespace tocsin::control::api {

namespace {

std::string element(int i) { return "sessions[" + std::to_string(i) + ']'; }

std::optional<Error> check_batch(int size) {
    if (size >= 1 && size <= SessionService::kLargestBatch) return std::nullopt;
    return Error{ErrorKind::InvalidArgument,
                 std::to_string(size) + " entries are out of range: 1.." +
                     std::to_string(SessionService::kLargestBatch) + " are accepted",
                 "sessions"};
}

/// All selectors resolved, or the first error with its place. Control thread.
Result<std::vector<session::SessionId>> resolve_all(
    session::Manager& manager, const std::vector<session::Selector>& selectors) {
    std::vector<session::SessionId> ids;
    ids.reserve(selectors.size());
    for (const session::Selector& s : selectors) {
        auto id = manager.resolve(s);
        if (!id) {
            Error error = id.error();
            const std::string where = element(static_cast<int>(ids.size()));
            error.where = error.where.empty() ? where : where + '.' + error.where;
            return error;
        }
        ids.push_back(id.value());
    }
    return ids;
}

}  // namespace

const char* code_name(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::OK:
            return "OK";
        case grpc::StatusCode::CANCELLED:
            return "CANCELLED";
        case grpc::StatusCode::INVALID_ARGUMENT:
            return "INVALID_ARGUMENT";
        case grpc::StatusCode::NOT_FOUND:
            return "NOT_FOUND";
        case grpc::StatusCode::ALREADY_EXISTS:
            return "ALREADY_EXISTS";
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            return "RESOURCE_EXHAUSTED";
        case grpc::StatusCode::FAILED_PRECONDITION:
            return "FAILED_PRECONDITION";
        case grpc::StatusCode::UNAVAILABLE:
            return "UNAVAILABLE";
        default:
            return "INTERNAL";
    }
}

grpc::Status SessionService::ListSessions(grpc::ServerContext*,
                                          const v1::ListSessionsRequest* request,
                                          v1::ListSessionsResponse* response) {
    return counted("ListSessions", list(*request, *response));
}

grpc::Status SessionService::GetSession(grpc::ServerContext*, const v1::GetSessionRequest* request,
                                        v1::GetSessionResponse* response) {
    return counted("GetSession", get(*request, *response));
}

grpc::Status SessionService::AddSessions(grpc::ServerContext*,
                                         const v1::AddSessionsRequest* request,
                                         v1::AddSessionsResponse* response) {
    return counted("AddSessions", add(*request, *response));
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* SessionService::BulkAddSessions(
    grpc::CallbackServerContext* context) {
    return start_bulk_add(*context, backend_, counters_, bulk_streams_);
}

grpc::Status SessionService::DeleteSessions(grpc::ServerContext*,
                                            const v1::DeleteSessionsRequest* request,
                                            v1::DeleteSessionsResponse* response) {
    return counted("DeleteSessions", remove(*request, *response));
}

grpc::Status SessionService::DeleteMatchingSessions(
    grpc::ServerContext*, const v1::DeleteMatchingSessionsRequest* request,
    v1::DeleteMatchingSessionsResponse* response) {
    return counted("DeleteMatchingSessions", remove_matching(*request, *response));
}

grpc::Status SessionService::UpdateSession(grpc::ServerContext*,
                                           const v1::UpdateSessionRequest* request,
                                           v1::UpdateSessionResponse* response) {
    return counted("UpdateSession", update(*request, *response));
}

grpc::Status SessionService::PollSessions(grpc::ServerContext*,
                                          const v1::PollSessionsRequest* request,
                                          v1::PollSessionsResponse* response) {
    return counted("PollSessions", poll(*request, *response));
}

grpc::Status SessionService::SetAdminState(grpc::ServerContext*,
                                           const v1::SetAdminStateRequest* request,
                                           v1::SetAdminStateResponse* response) {
    return counted("SetAdminState", set_admin(*request, *response));
}

grpc::Status SessionService::GetSessionHistory(grpc::ServerContext*,
                                               const v1::GetSessionHistoryRequest* request,
                                               v1::GetSessionHistoryResponse* response) {
    return counted("GetSessionHistory", history(*request, *response));
}

grpc::Status SessionService::ClearDampening(grpc::ServerContext*,
                                            const v1::ClearDampeningRequest* request,
                                            v1::ClearDampeningResponse* response) {
    return counted("ClearDampening", clear_dampening(*request, *response));
}

grpc::Status SessionService::list(const v1::ListSessionsRequest& request,
                                  v1::ListSessionsResponse& response) {
    auto filter = to_filter(request.filter(), *backend_.specs());
    if (!filter) return to_status(filter.error());
    if (const auto error = page_size_fault(request.page_size())) return to_status(*error);
    const auto detail = to_detail(request.view(), "view");
    if (!detail) return to_status(detail.error());
    const std::string scope = request.filter().SerializeAsString();
    session::Manager::Listing listing{.filter = std::move(filter.value()),
                                      .limit = page_size(request.page_size()),
                                      .fresh = detail.value() == Detail::Full};
    if (!request.page_token().empty()) {
        const auto token = read_page_token(request.page_token(), scope);
        if (!token) return to_status(page_token_fault("the same filter"));
        listing.after = token->after;
        listing.total = token->total;
    }
    const auto page =
        wait_for<session::Page>(backend_, [this, listing = std::move(listing)](auto done) mutable {
            backend_.sessions().list(std::move(listing), std::move(done));
        });
    if (!page) return shutting_down();
    for (const auto& view : page->sessions) {
        to_proto(view, *response.add_sessions(), detail.value());
    }
    response.set_total(page->total);
    if (page->next_after.value != 0) {
        response.set_next_page_token(
            page_token({.after = page->next_after, .total = page->total}, scope));
    }
    return grpc::Status::OK;
}

grpc::Status SessionService::get(const v1::GetSessionRequest& request,
                                 v1::GetSessionResponse& response) {
    const auto selector = to_selector(request.session(), "session");
    if (!selector) return to_status(selector.error());
    const auto id = call(backend_, [&] { return backend_.sessions().resolve(selector.value()); });
    if (!id) return shutting_down();
    if (!*id) return to_status(id->error());
    const auto page = fetch({id->value()});
    if (!page) return shutting_down();
    if (page->sessions.empty()) {
        return to_status({ErrorKind::NotFound, "the session was just deleted", "session"});
    }
    to_proto(page->sessions.front(), *response.mutable_session());
    return grpc::Status::OK;
}

grpc::Status SessionService::add(const v1::AddSessionsRequest& request,
                                 v1::AddSessionsResponse& response) {
    if (const auto error = check_batch(request.sessions_size())) return to_status(*error);
    const auto specs = backend_.specs();
    std::vector<config::Session> sessions;
    sessions.reserve(static_cast<std::size_t>(request.sessions_size()));
    for (int i = 0; i < request.sessions_size(); ++i) {
        const v1::SessionSpec& spec = request.sessions(i);
        if (auto why = type_fault(spec)) {
            return to_status({ErrorKind::InvalidArgument, std::move(*why), element(i) + ".type"});
        }
        auto check =
            config::validate_session(to_draft(spec), specs->ports, specs->profiles, specs->tunnels);
        if (!check.ok()) return to_status(to_error(check.faults, element(i)));
        sessions.push_back(std::move(check.session));
    }
    const auto ids = call(backend_, [&] {
        return backend_.sessions().add(sessions, session::Origin::Api, "sessions");
    });
    if (!ids) return shutting_down();
    if (!*ids) return to_status(ids->error());
    return tell_of(ids->value(), *response.mutable_sessions());
}

grpc::Status SessionService::remove(const v1::DeleteSessionsRequest& request,
                                    v1::DeleteSessionsResponse& response) {
    std::size_t removed = 0;
    const auto ids =
        act_on(request.sessions(),
               [&removed](session::Manager& manager, const Ids& these) -> std::optional<Error> {
                   const std::size_t before = manager.registry().size();
                   const auto done = manager.remove(these, session::Origin::Api, "sessions");
                   if (!done) return done.error();
                   removed = before - manager.registry().size();
                   return std::nullopt;
               });
    if (!ids) return ids.status;
    response.set_deleted(static_cast<std::uint32_t>(removed));
    return grpc::Status::OK;
}

grpc::Status SessionService::remove_matching(const v1::DeleteMatchingSessionsRequest& request,
                                             v1::DeleteMatchingSessionsResponse& response) {
    if (!request.has_filter()) {
        return to_status({ErrorKind::InvalidArgument,
                          "is missing: an empty one deletes every session of the API", "filter"});
    }
    const auto filter = to_filter(request.filter(), *backend_.specs());
    if (!filter) return to_status(filter.error());
    const auto done = wait_for<session::RemovedMatching>(backend_, [&](auto answer) {
        backend_.sessions().remove_matching(filter.value(), session::Origin::Api,
                                            std::move(answer));
    });
    if (!done) return shutting_down();
    response.set_deleted(done->removed);
    response.set_kept(done->kept);
    return grpc::Status::OK;
}

grpc::Status SessionService::update(const v1::UpdateSessionRequest& request,
                                    v1::UpdateSessionResponse& response) {
    const auto selector = to_selector(request.session(), "session");
    if (!selector) return to_status(selector.error());
    const v1::SessionSpec& spec = request.spec();
    for (const auto& [given, field] :
         {std::pair{!spec.name().empty(), "name"},
          std::pair{spec.type() != v1::SESSION_TYPE_UNSPECIFIED, "type"},
          std::pair{!spec.remote().empty(), "remote"}, std::pair{!spec.local().empty(), "local"},
          std::pair{!spec.port().empty(), "port"}, std::pair{!spec.profile().empty(), "profile"},
          std::pair{spec.admin_down(), "admin_down"}, std::pair{spec.has_tunnel(), "tunnel"},
          std::pair{spec.has_remote_discriminator(), "remote_discriminator"}}) {
        if (given) {
            return to_status(
                {ErrorKind::InvalidArgument,
                 "cannot be changed: only the intervals, interval_alignment, detect_mult, "
                 "match_source, passive, congestion_control, demand_mode, min_ttl, dscp, "
                 "padded_pdu_size, auth, "
                 "follow_link, up_hold_ms, down_hold_ms and dampening can; delete the session and "
                 "add it again",
                 std::string{"spec."} + field});
        }
    }
    const auto specs = backend_.specs();
    const auto id = call(backend_, [&]() -> Result<session::SessionId> {
        session::Manager& manager = backend_.sessions();
        auto found = manager.resolve(selector.value());
        if (!found) return found;
        config::SessionDraft draft = config::draft_of(manager.view(found.value())->spec);
        const config::SessionDraft given = to_draft(spec);
        const auto set = [](auto& to, const auto& from) {
            if (from) to = from;
        };
        set(draft.desired_min_tx_interval, given.desired_min_tx_interval);
        set(draft.required_min_rx_interval, given.required_min_rx_interval);
        set(draft.detect_mult, given.detect_mult);
        set(draft.match_source, given.match_source);
        set(draft.congestion_control, given.congestion_control);
        set(draft.passive, given.passive);
        set(draft.demand_mode, given.demand_mode);
        set(draft.demand_poll_interval, given.demand_poll_interval);
        // Without Demand mode its interval means nothing.
        if (!draft.demand_mode.value_or(false) && !given.demand_poll_interval) {
            draft.demand_poll_interval.reset();
        }
        set(draft.desired_min_echo_tx_interval, given.desired_min_echo_tx_interval);
        set(draft.required_min_echo_rx_interval, given.required_min_echo_rx_interval);
        set(draft.min_ttl, given.min_ttl);
        set(draft.dscp, given.dscp);
        set(draft.padded_pdu_size, given.padded_pdu_size);
        set(draft.auth, given.auth);
        set(draft.follow_link, given.follow_link);
        set(draft.interval_alignment, given.interval_alignment);
        set(draft.up_hold, given.up_hold);
        set(draft.down_hold, given.down_hold);
        set(draft.dampening, given.dampening);
        draft.profile.clear();  // its values are in the session; it may be gone from the file
        const auto check =
            config::validate_session(draft, specs->ports, specs->profiles, specs->tunnels);
        if (!check.ok()) return to_error(check.faults, "spec");
        const auto done = manager.update(found.value(), check.session, session::Origin::Api);
        if (!done) {
            Error error = done.error();
            if (error.where.starts_with('.')) error.where.insert(0, "spec");
            return error;
        }
        return found;
    });
    if (!id) return shutting_down();
    if (!*id) return to_status(id->error());
    const auto page = fetch({id->value()});
    if (!page) return shutting_down();
    if (!page->sessions.empty()) to_proto(page->sessions.front(), *response.mutable_session());
    return grpc::Status::OK;
}

grpc::Status SessionService::poll(const v1::PollSessionsRequest& request,
                                  v1::PollSessionsResponse& response) {
    const auto ids = act_on(request.sessions(), [](session::Manager& manager, const Ids& these) {
        manager.start_poll(these);
        return std::optional<Error>{};
    });
    if (!ids) return ids.status;
    response.set_polled(static_cast<std::uint32_t>(ids.ids.size()));
    return grpc::Status::OK;
}

grpc::Status SessionService::set_admin(const v1::SetAdminStateRequest& request,
                                       v1::SetAdminStateResponse& response) {
    const auto ids = act_on(request.sessions(), [&](session::Manager& manager, const Ids& these) {
        manager.set_admin(these, request.admin_down());
        return std::optional<Error>{};
    });
    return ids ? tell_of(ids.ids, *response.mutable_sessions()) : ids.status;
}

grpc::Status SessionService::history(const v1::GetSessionHistoryRequest& request,
                                     v1::GetSessionHistoryResponse& response) {
    const auto selector = to_selector(request.session(), "session");
    if (!selector) return to_status(selector.error());
    using Answer = Result<session::HistoryView>;
    const auto view = wait_for<Answer>(backend_, [&](std::function<void(Answer)> done) {
        session::Manager& manager = backend_.sessions();
        const auto id = manager.resolve(selector.value());
        if (!id) return done(id.error());
        manager.history(id.value(), std::move(done));
    });
    if (!view) return shutting_down();
    if (!*view) return to_status(view->error());
    to_proto(view->value(), response);
    return grpc::Status::OK;
}

grpc::Status SessionService::clear_dampening(const v1::ClearDampeningRequest& request,
                                             v1::ClearDampeningResponse& response) {
    const auto ids = act_on(request.sessions(), [](session::Manager& manager, const Ids& these) {
        manager.clear_dampening(these);
        return std::optional<Error>{};
    });
    return ids ? tell_of(ids.ids, *response.mutable_sessions()) : ids.status;
}

SessionService::Chosen SessionService::act_on(const Selectors& given, const Act& act) {
    if (const auto error = check_batch(given.size())) return {.status = to_status(*error)};
    const auto wanted = selectors(given);
    if (!wanted) return {.status = to_status(wanted.error())};
    auto ids = call(backend_, [&]() -> Result<Ids> {
        session::Manager& manager = backend_.sessions();
        auto found = resolve_all(manager, wanted.value());
        if (!found) return found;
        if (auto error = act(manager, found.value())) return std::move(*error);
        return found;
    });
    if (!ids) return {.status = shutting_down()};
    if (!*ids) return {.status = to_status(ids->error())};
    return {.status = grpc::Status::OK, .ids = std::move(ids->value())};
}

grpc::Status SessionService::tell_of(Ids ids, Sessions& out) {
    const auto page = fetch(std::move(ids));
    if (!page) return shutting_down();
    for (const auto& view : page->sessions) to_proto(view, *out.Add());
    return grpc::Status::OK;
}

Result<std::vector<session::Selector>> SessionService::selectors(const Selectors& given) const {
    std::vector<session::Selector> out;
    for (int i = 0; i < given.size(); ++i) {
        auto selector = to_selector(given.Get(i), element(i));
        if (!selector) return selector.error();
        out.push_back(std::move(selector.value()));
    }
    return out;
}

std::optional<session::Page> SessionService::fetch(Ids ids) {
    return wait_for<session::Page>(backend_, [this, ids = std::move(ids)](auto done) {
        backend_.sessions().fetch(ids, std::move(done));
    });
}

grpc::Status SessionService::counted(const char* method, const grpc::Status& status) {
    counters_.count(method, code_name(status.error_code()));
    return status;
}

}  // namespace tocsin::control::api
