#pragma once

#include "control/load/load.hpp"

#include <mutex>
#include <vector>

namespace tocsin::control::load {

/// How much the workers carry, from their counters alone: it costs them nothing. One window for
/// everybody who asks, so that nobody's look changes what another one sees.
class Monitor {
public:
    /// `workers` outlive the monitor.
    explicit Monitor(std::vector<const message::WorkerStats*> workers);

    /// Control thread, every second.
    void look(Instant now);

    /// Any thread: what each worker did in the last ten seconds.
    [[nodiscard]] std::vector<Load> loads() const;

private:
    std::vector<const message::WorkerStats*> workers_;
    std::vector<Window> windows_;  ///< control thread
    mutable std::mutex mutex_;     ///< of loads_
    std::vector<Load> loads_;
};

}  // namespace tocsin::control::load
