#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/watch.grpc.pb.h"

namespace tocsin::control::api {

/// WatchService over session::WatchHub. Callback API: a watcher takes no thread.
class WatchService final : public v1::WatchService::CallbackService {
public:
    WatchService(Backend& backend, metrics::ApiCounters& counters)
        : backend_{backend}, counters_{counters} {}

    grpc::ServerWriteReactor<v1::WatchEvent>* Watch(grpc::CallbackServerContext* context,
                                                    const v1::WatchRequest* request) override;
    grpc::ServerWriteReactor<v1::WatchBatchesEvent>* WatchBatches(
        grpc::CallbackServerContext* context, const v1::WatchBatchesRequest* request) override;

private:
    Backend& backend_;
    metrics::ApiCounters& counters_;
};

}  // namespace tocsin::control::api
