#pragma once

#include "control/session/observer.hpp"
#include "control/session/placement.hpp"
#include "control/session/totals.hpp"
#include "control/session/worker_record.hpp"
#include "dataplane/message/dataplane.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

namespace tocsin::control::session {

/// Takes what workers say: replies to commands, snapshots that were asked for, events of sessions.
/// What a worker refused it is told again after kRetry.
class EventReceiver {
public:
    static constexpr std::chrono::milliseconds kRetry{250};
    /// Events that one call of run() takes.
    static constexpr std::size_t kEventsPerPoll = 1024;

    EventReceiver(const message::Dataplane& dataplane, std::vector<WorkerRecord>& workers,
                  Placement& placement, Observer& observer, Totals& totals);

    /// True when there is more.
    bool run(WorkerRecord& w);
    /// Queues what was refused kRetry ago.
    void retry();
    /// Nothing is to be tried again.
    [[nodiscard]] bool idle() const noexcept { return retries_.empty(); }

private:
    struct Retry {
        Instant at;
        WorkerId worker;
        bfd::SessionHandle session;
        std::uint16_t needs;
    };

    void on_reply(WorkerRecord& w, message::RequestId id, bfd::Status status);
    void on_refusal(WorkerRecord& w, const CommandQueue::InFlight& what, SlotEntry& entry,
                    bfd::Status status);
    void on_snapshot(WorkerRecord& w, message::RequestId id, const bfd::SessionSnapshot& snapshot);
    void on_event(WorkerRecord& w, const bfd::SessionEvent& event);
    void answer_queries(WorkerRecord& w, message::RequestId id);
    void set_status(SessionRecord& record, const bfd::SessionSnapshot& now);

    const message::Dataplane& dataplane_;
    std::vector<WorkerRecord>& workers_;
    Placement& placement_;
    Observer& observer_;
    Totals& totals_;
    std::deque<Retry> retries_;  ///< oldest first, all wait equally long
};

}  // namespace tocsin::control::session
