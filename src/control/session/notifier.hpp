#pragma once

#include "control/session/registry.hpp"
#include "control/session/totals.hpp"
#include "dataplane/message/dataplane.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace tocsin::control::session {

/// Holds news of sessions back from clients, for those that have a notify::Policy. Control thread
/// only; constant work for an event.
class Notifier {
public:
    /// Sessions that one call of run() looks at.
    static constexpr std::size_t kPerRun = 1024;

    /// Clients are to be told of `record`.
    using Tell = std::function<void(const SessionRecord& record, const bfd::SessionEvent& event)>;
    /// What clients know of `record`, or its dampening, has changed.
    using Changed = std::function<void(const SessionRecord& record)>;

    Notifier(Registry& registry, const message::Dataplane& dataplane, Totals& totals, Tell tell,
             Changed changed);

    /// Of a session with a policy.
    void on_event(SessionId id, const bfd::SessionEvent& event);
    /// Before its record is gone.
    void deleted(const SessionRecord& record);
    /// Forgets what the sessions' failures have added up to. Unknown ids and sessions without a
    /// policy are skipped.
    void clear_dampening(std::span<const SessionId> ids);
    /// What is due. True when there is more.
    bool run();
    /// Until run() has something to do; nullopt: nothing waits.
    [[nodiscard]] std::optional<std::chrono::microseconds> idle_for() const;

private:
    void look(SessionRecord& record, notify::Telling& telling, const bfd::SessionEvent* event);

    Registry& registry_;
    const message::Dataplane& dataplane_;
    Totals& totals_;
    Tell tell_;
    Changed changed_;
};

}  // namespace tocsin::control::session
