#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/sbfd.grpc.pb.h"

namespace tocsin::control::api {

/// Reflectors of S-BFD, RFC 7880.
class SbfdService final : public v1::SbfdService::Service {
public:
    SbfdService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::Status ListReflectors(grpc::ServerContext* context,
                                const v1::ListReflectorsRequest* request,
                                v1::ListReflectorsResponse* response) override;
    grpc::Status SetReflectorsAdmin(grpc::ServerContext* context,
                                    const v1::SetReflectorsAdminRequest* request,
                                    v1::SetReflectorsAdminResponse* response) override;

private:
    Backend& backend_;
    metrics::ApiCounters& counters_;
};

}  // namespace tocsin::control::api
