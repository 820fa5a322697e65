#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/daemon.grpc.pb.h"

namespace tocsin::control::api {

/// Checks configurations and reloads the daemon's.
class ConfigService final : public v1::ConfigService::Service {
public:
    ConfigService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::Status CheckConfig(grpc::ServerContext* context, const v1::CheckConfigRequest* request,
                             v1::CheckConfigResponse* response) override;
    grpc::Status Reload(grpc::ServerContext* context, const v1::ReloadRequest* request,
                        v1::ReloadResponse* response) override;

private:
    Backend& backend_;
    metrics::ApiCounters& counters_;
};

}  // namespace tocsin::control::api
