#pragma once

#include "control/lag/view.hpp"
#include "control/load/monitor.hpp"
#include "control/lsp/counters.hpp"
#include "control/metrics/api_counters.hpp"
#include "control/session/reflectors.hpp"
#include "control/session/totals.hpp"
#include "control/unsolicited/counters.hpp"
#include "dataplane/message/dataplane.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::control::metrics {

/// Where the numbers come from; all of it outlives the collector and may be read from any thread.
struct Sources {
    std::string version;
    std::string dpdk_version;
    std::chrono::system_clock::time_point started;
    std::uint32_t max_sessions = 0;
    const session::Totals* totals = nullptr;
    const ApiCounters* api = nullptr;
    const unsolicited::Counters* unsolicited = nullptr;  ///< nullptr: nothing is said of it
    const lsp::Counters* lsp = nullptr;                  ///< likewise
    /// As of their last change.
    std::function<std::shared_ptr<const std::vector<lag::LagView>>()> lags;
    struct Worker {
        unsigned lcore = 0;
        const message::WorkerStats* stats = nullptr;
    };
    std::vector<Worker> workers;
    /// Of `workers`, in their order.
    std::function<std::vector<load::WorkerLoad>()> loads;
    std::function<std::chrono::system_clock::time_point(Instant)> wall;
    double cycles_per_second = 0;  ///< of the time stamp counter
    /// The reflectors of S-BFD, likewise; empty function: nothing is said of them.
    std::function<std::vector<session::ReflectorView>()> reflectors;
    /// The ports as they were last looked at.
    std::function<std::vector<message::PortStatus>()> ports;
};

/// A read-only view of all counters for Prometheus; docs/metrics.md lists the families.
class Collector : public prometheus::Collectable {
public:
    explicit Collector(Sources sources);
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
    Sources sources_;
};

}  // namespace tocsin::control::metrics
