#pragma once

#include "dataplane/message/dataplane.hpp"

#include <vector>

namespace tocsin::runtime {

/// The commands /tocsin/... of DPDK's telemetry socket, for dpdk-telemetry.py: counters of workers
/// and ports as they are. DPDK's telemetry thread calls them, which goes on after EAL's end and
/// cannot be told to forget a command: they answer null when there is no Telemetry.
class Telemetry {
public:
    struct Worker {
        unsigned cpu = 0;
        const message::WorkerStats* stats = nullptr;
    };

    /// At most one at a time. What `workers` points to outlives it.
    Telemetry(std::vector<Worker> workers, std::vector<message::PortStatus> ports,
              double cycles_per_second);
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;
    /// Waits for a command under way.
    ~Telemetry();

    [[nodiscard]] const std::vector<Worker>& workers() const noexcept { return workers_; }
    [[nodiscard]] const std::vector<message::PortStatus>& ports() const noexcept { return ports_; }
    [[nodiscard]] double cycles_per_second() const noexcept { return cycles_per_second_; }

private:
    std::vector<Worker> workers_;
    std::vector<message::PortStatus> ports_;
    double cycles_per_second_;
};

}  // namespace tocsin::runtime
