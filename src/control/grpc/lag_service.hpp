#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/lag.grpc.pb.h"

namespace tocsin::control::api {

/// LAGs with micro-BFD on their members, RFC 7130.
class LagService final : public v1::LagService::Service {
public:
    LagService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::Status ListLags(grpc::ServerContext* context, const v1::ListLagsRequest* request,
                          v1::ListLagsResponse* response) override;
    grpc::Status ReportMember(grpc::ServerContext* context, const v1::ReportMemberRequest* request,
                              v1::ReportMemberResponse* response) override;

private:
    Backend& backend_;
    metrics::ApiCounters& counters_;
};

}  // namespace tocsin::control::api
