#include "control/session/view.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace tocsin::control::session {

SessionView view_of(const SessionRecord& record, Registry& registry, const auth::Chains& chains,
                    const message::Dataplane& dataplane) {
    const auto wall = [&dataplane](Instant t) {
        return t == Instant{} ? std::chrono::system_clock::time_point{} : dataplane.wall(t);
    };
    config::Session spec = registry.spec(record);
    spec.auth = chains.at(record.parameters.key_chain);
    spec.parameters.key_chain = 0;
    SessionView out{.id = record.id,
                    .origin = record.origin,
                    .worker = record.worker,
                    .spec = std::move(spec),
                    .status = record.status,
                    .next_hop = record.next_hop,
                    .next_hop_resolved = record.next_hop_resolved,
                    .waiting = record.waiting,
                    .seen_source = record.seen_source,
                    .told = record.told,
                    .initiator = record.initiator,
                    .last_state_change = wall(record.status.last_state_change),
                    .last_rx = wall(record.status.last_rx)};
    if (!record.has_policy) return out;
    const notify::Telling& telling = *registry.tellings().find(record.id.value);
    const Instant now = dataplane.now();
    out.dampened = telling.dampened();
    out.penalty = static_cast<std::uint32_t>(std::lround(telling.penalty(now)));
    if (out.dampened) {
        out.reuse_in =
            std::max(std::chrono::ceil<std::chrono::milliseconds>(telling.reusable_at() - now), {});
    }
    return out;
}

}  // namespace tocsin::control::session
