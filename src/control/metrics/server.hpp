#pragma once

#include "control/base/result.hpp"
#include "control/metrics/collector.hpp"

#include <memory>
#include <string>

namespace tocsin::control::metrics {

/// The HTTP server of /metrics.
class Server {
public:
    /// `listen` is HOST:PORT, [IPV6]:PORT included. Unavailable when it cannot be bound.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(const std::string& listen,
                                                               Sources sources);
    virtual ~Server() = default;
    /// The port number that was bound.
    [[nodiscard]] virtual int port() const = 0;
};

}  // namespace tocsin::control::metrics
