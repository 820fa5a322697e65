#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/session.grpc.pb.h"

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

namespace tocsin::control::api {

/// SessionService over session::Manager. Checks and converts on gRPC's threads; state is touched on
/// the control thread only. BulkAddSessions has the callback API, since a stream may last and must
/// not keep a thread.
class SessionService final : public v1::SessionService::WithRawCallbackMethod_BulkAddSessions<
                                 v1::SessionService::Service> {
public:
    static constexpr int kLargestBatch = 10'000;

    SessionService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::Status ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                              v1::ListSessionsResponse* response) override;
    grpc::Status GetSession(grpc::ServerContext* context, const v1::GetSessionRequest* request,
                            v1::GetSessionResponse* response) override;
    grpc::Status AddSessions(grpc::ServerContext* context, const v1::AddSessionsRequest* request,
                             v1::AddSessionsResponse* response) override;
    grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* BulkAddSessions(
        grpc::CallbackServerContext* context) override;
    grpc::Status DeleteSessions(grpc::ServerContext* context,
                                const v1::DeleteSessionsRequest* request,
                                v1::DeleteSessionsResponse* response) override;
    grpc::Status DeleteMatchingSessions(grpc::ServerContext* context,
                                        const v1::DeleteMatchingSessionsRequest* request,
                                        v1::DeleteMatchingSessionsResponse* response) override;
    grpc::Status UpdateSession(grpc::ServerContext* context,
                               const v1::UpdateSessionRequest* request,
                               v1::UpdateSessionResponse* response) override;
    grpc::Status PollSessions(grpc::ServerContext* context, const v1::PollSessionsRequest* request,
                              v1::PollSessionsResponse* response) override;
    grpc::Status SetAdminState(grpc::ServerContext* context,
                               const v1::SetAdminStateRequest* request,
                               v1::SetAdminStateResponse* response) override;
    grpc::Status GetSessionHistory(grpc::ServerContext* context,
                                   const v1::GetSessionHistoryRequest* request,
                                   v1::GetSessionHistoryResponse* response) override;
    grpc::Status ClearDampening(grpc::ServerContext* context,
                                const v1::ClearDampeningRequest* request,
                                v1::ClearDampeningResponse* response) override;

private:
    using Ids = std::vector<session::SessionId>;
    using Selectors = google::protobuf::RepeatedPtrField<v1::SessionSelector>;

    grpc::Status list(const v1::ListSessionsRequest& request, v1::ListSessionsResponse& response);
    grpc::Status get(const v1::GetSessionRequest& request, v1::GetSessionResponse& response);
    grpc::Status add(const v1::AddSessionsRequest& request, v1::AddSessionsResponse& response);
    grpc::Status remove(const v1::DeleteSessionsRequest& request,
                        v1::DeleteSessionsResponse& response);
    grpc::Status remove_matching(const v1::DeleteMatchingSessionsRequest& request,
                                 v1::DeleteMatchingSessionsResponse& response);
    grpc::Status update(const v1::UpdateSessionRequest& request,
                        v1::UpdateSessionResponse& response);
    grpc::Status poll(const v1::PollSessionsRequest& request, v1::PollSessionsResponse& response);
    grpc::Status set_admin(const v1::SetAdminStateRequest& request,
                           v1::SetAdminStateResponse& response);
    grpc::Status clear_dampening(const v1::ClearDampeningRequest& request,
                                 v1::ClearDampeningResponse& response);

    grpc::Status history(const v1::GetSessionHistoryRequest& request,
                         v1::GetSessionHistoryResponse& response);

    using Sessions = google::protobuf::RepeatedPtrField<v1::Session>;
    using Act = std::function<std::optional<Error>(session::Manager&, const Ids&)>;
    struct Chosen {
        grpc::Status status;
        Ids ids{};  ///< in the order of the request
        explicit operator bool() const { return status.ok(); }
    };
    /// `act` on the control thread with the sessions that `given` names: all, or none.
    [[nodiscard]] Chosen act_on(const Selectors& given, const Act& act);
    [[nodiscard]] grpc::Status tell_of(Ids ids, Sessions& out);

    [[nodiscard]] Result<std::vector<session::Selector>> selectors(const Selectors& given) const;
    /// The sessions with fresh counters, in this order.
    [[nodiscard]] std::optional<session::Page> fetch(Ids ids);
    grpc::Status counted(const char* method, const grpc::Status& status);

    Backend& backend_;
    metrics::ApiCounters& counters_;
    std::atomic<int> bulk_streams_{0};
};

/// As gRPC writes it, for metrics: OK, NOT_FOUND, ...
[[nodiscard]] const char* code_name(grpc::StatusCode code);

}  // namespace tocsin::control::api
