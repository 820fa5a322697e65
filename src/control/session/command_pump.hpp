#pragma once

#include "control/session/early_packets.hpp"
#include "control/session/next_hops.hpp"
#include "control/session/registry.hpp"
#include "control/session/totals.hpp"
#include "control/session/worker_record.hpp"
#include "overlay/header_template.hpp"

namespace tocsin::control::session {

/// Makes commands of what a worker is still to be told, at the moment when there is room for them.
class CommandPump {
public:
    CommandPump(const Registry& registry, const NextHops& next_hops, EarlyPackets& early,
                Totals& totals);

    /// As many commands as there is room for; the rest stays queued in the same order.
    void run(WorkerRecord& w);

private:
    bool send_next(WorkerRecord& w, Slot slot, SlotEntry& entry);
    bool send_query(WorkerRecord& w, Slot slot, const SessionRecord& record);
    [[nodiscard]] overlay::HeaderTemplate headers(const SessionRecord& record) const;
    [[nodiscard]] SessionKey key(const SessionRecord& record) const;

    const Registry& registry_;
    const NextHops& next_hops_;
    EarlyPackets& early_;
    Totals& totals_;
};

}  // namespace tocsin::control::session
