#include "control/load/monitor.hpp"

#include <utility>

namespace tocsin::control::load {

Monitor::Monitor(const std::vector<const message::WorkerStats*>& workers, double cycles_per_second,
                 const Cost& assumed)
    : workers_{workers},
      cycles_per_second_{cycles_per_second},
      states_(workers.size(), State{assumed}),
      loads_(workers.size()) {}

std::vector<Monitor::Change> Monitor::look(Instant now,
                                           const std::vector<message::PortStatus>& ports,
                                           const std::vector<Demand>& demands) {
    std::vector<Change> changes;
    std::vector<WorkerLoad> loads;
    loads.reserve(states_.size());
    for (std::size_t i = 0; i < states_.size(); ++i) {
        State& s = states_[i];
        s.window.add(take_sample(*workers_[i], now));
        WorkerLoad& told = s.told;
        told.recent = s.window.recent();
        s.estimate.learn(told.recent);

        const Received received = received_by(i, ports);
        Observation seen{.load = s.window.last()};
        if (s.received_known && received.frames >= s.received.frames &&
            received.missed >= s.received.missed) {
            seen.missed = received.missed - s.received.missed;
            seen.received = received.frames - s.received.frames;
        }
        s.received = received;
        s.received_known = true;
        const bool changed = seen.load.span > Nanoseconds{} && s.judge.judge(seen);
        told.overloaded = s.judge.alarm();
        told.signs = s.judge.signs();
        told.closed =
            told.overloaded && (told.signs != kLateTx || told.recent.busy >= kIdleBusyShare);
        if (changed) {
            changes.push_back(
                {.worker = i, .overloaded = told.overloaded, .signs = told.signs, .seen = seen});
            told.since = told.overloaded ? now : Instant{};
            if (told.overloaded) ++told.alarms;
        }
        told.cost = s.estimate.cost();
        told.demand = i < demands.size() ? demands[i] : Demand{};
        told.share = cycles(told.demand, told.cost) / cycles_per_second_;
        loads.push_back(told);
    }
    const std::lock_guard lock{mutex_};
    loads_ = std::move(loads);
    return changes;
}

Capacity Monitor::capacity() const {
    Capacity out{.cycles_per_second = cycles_per_second_, .costs = {}};
    for (const State& s : states_) out.costs.push_back(s.estimate.cost());
    return out;
}

std::vector<WorkerLoad> Monitor::loads() const {
    const std::lock_guard lock{mutex_};
    return loads_;
}

/// Drivers do not say which queue lost a packet: it counts against every worker that reads one.
Monitor::Received Monitor::received_by(std::size_t worker,
                                       const std::vector<message::PortStatus>& ports) const {
    Received out;
    for (const message::PortStatus& p : ports) {
        if (p.rx_queues != 0 && worker >= p.rx_queues) continue;
        if (p.id.value >= message::kMaxPorts) continue;
        out.missed += p.rx_missed;
        for (const message::WorkerStats* const w : workers_) {
            out.frames += w->ports[p.id.value].rx_packets.get();
        }
    }
    return out;
}

}  // namespace tocsin::control::load
