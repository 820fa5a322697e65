// Part of daemon.hpp: sessions that peers ask for, RFC 9468.

#include "control/app/daemon.hpp"

#include <utility>
#include <vector>

namespace tocsin::control::app {

void Daemon::accept_unsolicited() {
    std::vector<unsolicited::AcceptorPort> ports;
    for (std::size_t i = 0; i < specs_->ports.size(); ++i) {
        const config::Port& p = specs_->ports[i];
        ports.push_back({.id = specs_->ids[i], .name = p.name, .subnets = p.addresses});
    }
    unsolicited_ = std::make_unique<unsolicited::Acceptor>(std::move(ports), *manager_, dataplane_);
    sources_.unsolicited = &unsolicited_->counters();
    loop_.every(std::chrono::milliseconds{100}, [this] { unsolicited_->on_timer(); });
    loop_.every(std::chrono::seconds{1}, [this] { unsolicited_->report(); });
}

}  // namespace tocsin::control::app
