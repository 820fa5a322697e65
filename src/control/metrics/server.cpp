#include "control/metrics/server.hpp"

#include <prometheus/exposer.h>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::metrics {

namespace {

/// Of civetweb. Connections that say nothing must not keep a scrape out for long.
std::vector<std::string> options(const std::string& listen) {
    return {"listening_ports",       listen, "num_threads",      "16", "request_timeout_ms", "2000",
            "keep_alive_timeout_ms", "1000", "connection_queue", "64"};
}

class ExposerServer final : public Server {
public:
    ExposerServer(const std::string& listen, Sources sources)
        : collector_{std::make_shared<Collector>(std::move(sources))}, exposer_{options(listen)} {
        exposer_.RegisterCollectable(collector_);
    }
    [[nodiscard]] int port() const override {
        const auto ports = exposer_.GetListeningPorts();
        return ports.empty() ? 0 : ports.front();
    }

private:
    std::shared_ptr<Collector> collector_;
    prometheus::Exposer exposer_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const std::string& listen, Sources sources) {
    try {
        return std::unique_ptr<Server>{std::make_unique<ExposerServer>(listen, std::move(sources))};
    } catch (const std::exception&) {  // civetweb says no more than that it failed
        return Error{.kind = ErrorKind::Unavailable,
                     .message = "cannot listen on " + listen +
                                " for metrics: the address is not on this host or the port is "
                                "taken; choose another HOST:PORT, or \"\" for no metrics",
                     .where = "metrics.listen"};
    }
}

}  // namespace tocsin::control::metrics
