#pragma once

#include "control/load/demand.hpp"
#include "control/load/load.hpp"
#include "control/load/overload.hpp"
#include "dataplane/message/dataplane.hpp"

#include <cstdint>
#include <mutex>
#include <vector>

namespace tocsin::control::load {

/// What is known of a worker, for people and metrics.
struct WorkerLoad {
    Load recent;       ///< the last ten seconds
    Cost cost;         ///< that its capacity is judged by
    Demand demand;     ///< of the sessions it has
    double share = 0;  ///< part of its time that `demand` takes at that cost
    bool overloaded = false;
    /// It gets no further sessions: overloaded, and not only late while half of its time is idle,
    /// as where somebody else uses its CPU: fewer sessions would be late as well.
    bool closed = false;
    std::uint8_t signs = 0;    ///< Sign bits of the alarm
    Instant since{};           ///< of the alarm
    std::uint64_t alarms = 0;  ///< raised since the start
};

/// How much the workers carry, could carry and whether they keep up, from their counters alone: it
/// costs them nothing. One window for everybody who asks, so that nobody's look changes what
/// another one sees.
class Monitor {
public:
    static constexpr double kIdleBusyShare = 0.5;

    /// An alarm that was raised or ended.
    struct Change {
        std::size_t worker = 0;
        bool overloaded = false;
        std::uint8_t signs = 0;  ///< when raised
        Observation seen;        ///< the interval that decided
    };

    Monitor(const std::vector<const message::WorkerStats*>& workers, double cycles_per_second,
            const Cost& assumed);

    /// Control thread, every second. `demands` by worker, or empty when there are none yet.
    std::vector<Change> look(Instant now, const std::vector<message::PortStatus>& ports,
                             const std::vector<Demand>& demands);
    /// Control thread.
    [[nodiscard]] Capacity capacity() const;

    /// Any thread, by worker, as of the last look.
    [[nodiscard]] std::vector<WorkerLoad> loads() const;

private:
    /// Of the devices, since they were started.
    struct Received {
        std::uint64_t frames = 0;
        std::uint64_t missed = 0;
    };
    struct State {
        explicit State(const Cost& assumed) : estimate{assumed} {}
        Window window;
        CostEstimate estimate;
        OverloadJudge judge;
        Received received;
        bool received_known = false;
        WorkerLoad told;
    };
    [[nodiscard]] Received received_by(std::size_t worker,
                                       const std::vector<message::PortStatus>& ports) const;

    std::vector<const message::WorkerStats*> workers_;
    double cycles_per_second_;
    std::vector<State> states_;  ///< control thread
    mutable std::mutex mutex_;   ///< of loads_
    std::vector<WorkerLoad> loads_;
};

}  // namespace tocsin::control::load
