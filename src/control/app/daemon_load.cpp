// Part of daemon.hpp: what the workers carry, what is asked of them, and the alarm when one does
// not keep up.

#include "control/app/daemon.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace tocsin::control::app {

namespace {

constexpr double kClose = 0.8;    ///< part of the workers' time that is worth a warning
constexpr double kFarOff = 0.75;  ///< below which the next one is told again

std::string percent(double share) { return fmt::format("{:.1f}", share * 100); }

void log_change(const load::Monitor::Change& c, unsigned lcore, double demand, bool closed) {
    const load::Load& l = c.seen.load;
    if (!c.overloaded) {
        log::write(log::Level::Info, "dataplane", "worker_recovered",
                   {{"worker", c.worker}, {"lcore", lcore}, {"busy_percent", percent(l.busy)}});
        return;
    }
    const auto part = [](std::uint64_t n, std::uint64_t of) {
        return percent(of == 0 ? 0 : static_cast<double>(n) / static_cast<double>(of));
    };
    log::write(
        log::Level::Error, "dataplane", "worker_overloaded",
        {{"worker", c.worker},
         {"lcore", lcore},
         {"signs", load::names(c.signs)},
         {"busy_percent", percent(l.busy)},
         {"late_tx_percent", part(load::late(l), load::sum(l.late_tx))},
         {"backlog_percent", part(l.backlog_turns, l.turns)},
         {"missed", c.seen.missed},
         {"rx_per_second", fmt::format("{:.0f}", l.rate(l.rx_packets))},
         {"tx_per_second", fmt::format("{:.0f}", l.rate(l.tx_packets))},
         {"demand_percent", percent(demand)},
         {"advice",
          closed ? "look at what else runs on its CPU, raise intervals or add workers; until "
                   "it is over the worker gets no further sessions (dataplane.admission)"
                 : "it is idle half of the time: look at what else runs on its CPU; it gets "
                   "further sessions all the same"}});
}

}  // namespace

void Daemon::look_at_workers() {
    std::vector<load::Demand> demands;
    const auto workers = static_cast<std::uint16_t>(sources_.workers.size());
    for (std::uint16_t i = 0; i < workers; ++i) {
        demands.push_back(manager_->demand(WorkerId{i}));
    }
    const auto changes = monitor_->look(dataplane_.now(), ports_, demands);
    if (!changes.empty()) {
        const std::vector<load::WorkerLoad> loads = monitor_->loads();
        for (const load::Monitor::Change& c : changes) {
            log_change(c, sources_.workers[c.worker].lcore, loads[c.worker].share,
                       loads[c.worker].closed);
        }
    }
    admit_as_configured();
    manager_->admit_waiting();
    if (ready_) tell_demand();
}

/// Tells the sessions' side what may be added, and where.
void Daemon::admit_as_configured() {
    const bool refuse = admission_ == config::Admission::Refuse;
    manager_->set_capacity(monitor_->capacity(), refuse);
    const std::vector<load::WorkerLoad> loads = monitor_->loads();
    const auto workers = static_cast<std::uint16_t>(loads.size());
    for (std::uint16_t i = 0; i < workers; ++i) {
        manager_->set_overloaded(WorkerId{i}, refuse && loads[i].closed);
    }
}

/// When what is asked comes close to what the workers carry, or above it: once, until it was far
/// off again.
void Daemon::tell_demand() {
    if (admission_ == config::Admission::Off) return;
    const load::Capacity capacity = monitor_->capacity();
    const load::Demand& demand = manager_->demand();
    const double share = capacity.share(demand);
    if (share < kFarOff) told_demand_ = 0;
    const int level = share > 1 ? 2 : share > kClose ? 1 : 0;
    if (level <= told_demand_) return;
    told_demand_ = level;
    const load::Cost cost = capacity.cost();
    log::write(level == 2 ? log::Level::Error : log::Level::Warn, "dataplane",
               level == 2 ? "demand_above_capacity" : "demand_near_capacity",
               {{"demand_percent", percent(share)},
                {"workers", capacity.costs.size()},
                {"rx_per_second", fmt::format("{:.0f}", load::packets(demand.rx))},
                {"tx_per_second", fmt::format("{:.0f}", load::packets(demand.tx))},
                {"rx_cycles", fmt::format("{:.0f}", cost.rx_cycles)},
                {"tx_cycles", fmt::format("{:.0f}", cost.tx_cycles)},
                {"cost", cost.measured ? "measured" : "assumed"},
                {"advice",
                 "an upper bound from the configured intervals: raise them or add workers "
                 "(dataplane.workers)"}});
}

}  // namespace tocsin::control::app
