#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/daemon.grpc.pb.h"

namespace tocsin::control::api {

/// Ports, neighbours, workers, counters.
class DaemonService final : public v1::DaemonService::Service {
public:
    DaemonService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::Status GetVersion(grpc::ServerContext* context, const v1::GetVersionRequest* request,
                            v1::GetVersionResponse* response) override;
    grpc::Status ListPorts(grpc::ServerContext* context, const v1::ListPortsRequest* request,
                           v1::ListPortsResponse* response) override;
    grpc::Status ListKeyChains(grpc::ServerContext* context,
                               const v1::ListKeyChainsRequest* request,
                               v1::ListKeyChainsResponse* response) override;
    grpc::Status ListNeighbors(grpc::ServerContext* context,
                               const v1::ListNeighborsRequest* request,
                               v1::ListNeighborsResponse* response) override;
    grpc::Status ListWorkers(grpc::ServerContext* context, const v1::ListWorkersRequest* request,
                             v1::ListWorkersResponse* response) override;
    grpc::Status GetStats(grpc::ServerContext* context, const v1::GetStatsRequest* request,
                          v1::GetStatsResponse* response) override;

private:
    grpc::Status neighbors(const v1::ListNeighborsRequest& request,
                           v1::ListNeighborsResponse& response);

    Backend& backend_;
    metrics::ApiCounters& counters_;
};

}  // namespace tocsin::control::api
