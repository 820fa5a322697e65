#include "control/session/link_losses.hpp"

#include "control/session/pieces.hpp"

namespace tocsin::control::session {

void LinkLosses::on_link(PortId port_id, bool up) {
    SessionPort* const port = registry_.port(port_id);
    if (port == nullptr || port->link_up == up) return;
    port->link_up = up;
    if (up) return;
    losses_.push_back({.port = port_id, .last = registry_.last_id()});
    static_cast<void>(run());
}

bool LinkLosses::run() {
    std::size_t budget = kScannedPerPoll;
    while (!losses_.empty() && budget != 0) {
        LinkLoss& loss = losses_.front();
        RecordTable& records = registry_.records();
        auto it = records.after(loss.next);
        for (; it != records.end() && it->id <= loss.last && budget != 0; ++it, --budget) {
            loss.next = it->id;
            if (it->port == loss.port && it->follow_link) reconciler_.need(*it, kNeedPathDown);
        }
        if (it == records.end() || it->id > loss.last) losses_.pop_front();
    }
    return !losses_.empty();
}

}  // namespace tocsin::control::session
