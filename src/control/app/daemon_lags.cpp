// Part of daemon.hpp: LAGs with micro-BFD on their members, RFC 7130.

#include "control/app/daemon.hpp"
#include "control/lag/log_actuator.hpp"

#include <string>
#include <vector>

namespace tocsin::control::app {

void Daemon::watch_lags() {
    lags_ = std::make_unique<lag::Controller>(*manager_, dataplane_, [](const config::Lag&) {
        return std::make_unique<lag::LogActuator>();
    });
    sources_.lags = [this] { return lags_->published(); };
}

std::vector<lag::LagView> Daemon::lags() { return lags_->views(); }

Result<Ok> Daemon::report_member(const std::string& lag, const std::string& port,
                                 lag::LinkState state) {
    return lags_->report(lag, port, state);
}

}  // namespace tocsin::control::app
