#include "control/load/monitor.hpp"

#include <utility>

namespace tocsin::control::load {

Monitor::Monitor(std::vector<const message::WorkerStats*> workers)
    : workers_{std::move(workers)}, windows_(workers_.size()), loads_(workers_.size()) {}

void Monitor::look(Instant now) {
    std::vector<Load> loads;
    loads.reserve(workers_.size());
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        windows_[i].add(take_sample(*workers_[i], now));
        loads.push_back(windows_[i].recent());
    }
    const std::lock_guard lock{mutex_};
    loads_ = std::move(loads);
}

std::vector<Load> Monitor::loads() const {
    const std::lock_guard lock{mutex_};
    return loads_;
}

}  // namespace tocsin::control::load
