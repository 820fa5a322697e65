#pragma once

#include "control/base/result.hpp"
#include "control/grpc/backend.hpp"
#include "control/metrics/api_counters.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace grpc {
class Channel;
}

namespace tocsin::control::api {

/// All services on their listeners, with grpc.health.v1 and reflection.
class Server {
public:
    /// Each of `listen` is unix:PATH. Not serving (health) until set_serving(true).
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(
        const std::vector<std::string>& listen, Backend& backend, metrics::ApiCounters& counters);
    virtual ~Server() = default;

    virtual void set_serving(bool serving) = 0;
    /// Ends streams and waits for requests, at most this long. Not on the control thread, which
    /// requests wait for.
    virtual void stop(std::chrono::milliseconds at_most) = 0;
    /// A client inside this process, without a socket.
    [[nodiscard]] virtual std::shared_ptr<grpc::Channel> in_process_channel() = 0;
};

}  // namespace tocsin::control::api
