#include "control/session/view.hpp"

#include <utility>

namespace tocsin::control::session {

SessionView view_of(const SessionRecord& record, const Registry& registry,
                    const auth::Chains& chains, const message::Dataplane& dataplane) {
    const auto wall = [&dataplane](Instant t) {
        return t == Instant{} ? std::chrono::system_clock::time_point{} : dataplane.wall(t);
    };
    config::Session spec = registry.spec(record);
    spec.auth = chains.at(record.parameters.key_chain);
    spec.parameters.key_chain = 0;
    return {.id = record.id,
            .origin = record.origin,
            .worker = record.worker,
            .spec = std::move(spec),
            .status = record.status,
            .next_hop = record.next_hop,
            .next_hop_resolved = record.next_hop_resolved,
            .waiting = record.waiting,
            .seen_source = record.seen_source,
            .last_state_change = wall(record.status.last_state_change),
            .last_rx = wall(record.status.last_rx)};
}

}  // namespace tocsin::control::session
