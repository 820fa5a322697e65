// Part of daemon.hpp: LSP Ping beside sessions of LSPs, RFC 5884 and 8029.

#include "control/app/daemon.hpp"

namespace tocsin::control::app {

void Daemon::speak_lsp_ping(session::NextHops& next_hops, std::uint64_t seed) {
    lsp_ = std::make_unique<lsp::Agent>(
        specs_->ports, specs_->ids, *manager_, next_hops, dataplane_,
        [this](const message::Frame& frame) {
            return dataplane_.worker(WorkerId{0}).send_frame(frame);
        },
        seed);
    lsp_->set(running_->lsp_ping, running_->profiles, running_->tunnels);
    sources_.lsp = &lsp_->counters();
    loop_.every(std::chrono::milliseconds{100}, [this] { lsp_->on_timer(); });
}

}  // namespace tocsin::control::app
