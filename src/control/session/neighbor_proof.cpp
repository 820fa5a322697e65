#include "control/session/neighbor_proof.hpp"

#include <chrono>

namespace tocsin::control::session {

namespace {

/// How much longer than its Detection Time a peer is given to say that it hears nothing.
constexpr std::chrono::seconds kProofMargin{1};

bool proves(const bfd::SessionSnapshot& s) noexcept {
    return !s.demand_mode && !s.remote_demand_mode && s.tx_interval > WireInterval{0};
}

}  // namespace

void NeighborProof::confirm() {
    // An Up session heard its peer within a Detection Time, unless nothing periodic is expected, in
    // Demand mode of ours. To a peer in Demand mode, or one that wants no packets, nothing was sent
    // that could prove anything.
    std::size_t budget = registry_.size() / 100 + 16;
    const RecordTable& records = registry_.records();
    auto it = records.after(confirmed_);
    for (; it != records.end() && budget != 0; ++it, --budget) {
        const SessionRecord& r = *it;
        if (r.status.session_state == bfd::SessionState::Up && proves(r.status) &&
            r.next_hop == r.remote && r.seen_source.family == AddressFamily::None) {
            // What we sent before the peer's Detection Time has arrived, or it would have said
            // Down.
            const Nanoseconds detection = r.status.detect_mult * Nanoseconds{r.status.tx_interval};
            next_hops_.confirm(r.port, r.next_hop, detection + kProofMargin);
        }
        confirmed_ = r.id;
    }
    if (it == records.end()) confirmed_ = {};
}

void NeighborProof::on_change(const SessionRecord& record, const bfd::SessionEvent& event) {
    const bool failed = event.now.local_diag == bfd::Diag::ControlDetectionTimeExpired ||
                        event.now.local_diag == bfd::Diag::NeighborSignaledSessionDown;
    if (event.reported_state == bfd::SessionState::Up && failed &&
        event.now.session_state != bfd::SessionState::Up) {
        next_hops_.doubt(record.port, record.next_hop);
    }
}

}  // namespace tocsin::control::session
