#include "control/session/view.hpp"

namespace tocsin::control::session {

SessionView view_of(const SessionRecord& record, const Registry& registry,
                    const message::Dataplane& dataplane) {
    const auto wall = [&dataplane](Instant t) {
        return t == Instant{} ? std::chrono::system_clock::time_point{} : dataplane.wall(t);
    };
    return {.id = record.id,
            .origin = record.origin,
            .worker = record.worker,
            .spec = registry.spec(record),
            .status = record.status,
            .next_hop = record.next_hop,
            .next_hop_resolved = record.next_hop_resolved,
            .waiting = record.waiting,
            .seen_source = record.seen_source,
            .last_state_change = wall(record.status.last_state_change),
            .last_rx = wall(record.status.last_rx)};
}

}  // namespace tocsin::control::session
