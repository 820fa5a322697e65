#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/unsolicited.grpc.pb.h"

namespace tocsin::control::api {

/// Policies for unsolicited sessions, RFC 9468, and what became of them.
class UnsolicitedService final : public v1::UnsolicitedService::Service {
public:
    UnsolicitedService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::Status ListUnsolicitedPolicies(grpc::ServerContext* context,
                                         const v1::ListUnsolicitedPoliciesRequest* request,
                                         v1::ListUnsolicitedPoliciesResponse* response) override;

private:
    Backend& backend_;
    metrics::ApiCounters& counters_;
};

}  // namespace tocsin::control::api
