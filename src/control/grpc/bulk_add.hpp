#pragma once

#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"
#include "tocsin/v1/session.grpc.pb.h"

#include <atomic>

namespace tocsin::control::api {

inline constexpr int kLargestBulkRequest = 1000;  ///< sessions
inline constexpr int kMostBulkFaults = 100;       ///< told of one request
inline constexpr int kMostBulkStreams = 16;

/// SessionService.BulkAddSessions: reads a request, adds its sessions on the control thread, tells
/// what became of them, reads the next. A client that is faster than that waits, by HTTP/2's flow
/// control. `streams` counts those that are open. Messages are octets, since gRPC would take one
/// that cannot be understood for the end of the stream. Deletes itself.
[[nodiscard]] grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* start_bulk_add(
    grpc::CallbackServerContext& context, Backend& backend, metrics::ApiCounters& counters,
    std::atomic<int>& streams);

}  // namespace tocsin::control::api
