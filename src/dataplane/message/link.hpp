#pragma once

#include "dataplane/message/command.hpp"
#include "dataplane/message/event.hpp"
#include "dataplane/message/frame.hpp"
#include "dataplane/message/worker_stats.hpp"

#include <span>

namespace tocsin::message {

/// The end of a worker's rings that control sees. One control thread at a time; none of these
/// blocks.
class WorkerLink {
public:
    virtual ~WorkerLink() = default;

    /// False when the command ring is full: the caller keeps the command and tries again.
    [[nodiscard]] virtual bool send(const Command& command) noexcept = 0;
    /// Fills `out` from the front; returns how many events there were.
    [[nodiscard]] virtual std::size_t receive(std::span<Event> out) noexcept = 0;
    /// False when the ring is full: the frame is lost, as on any wire.
    [[nodiscard]] virtual bool send_frame(const Frame& frame) noexcept = 0;
    /// False when there is none.
    [[nodiscard]] virtual bool receive_frame(Frame& out) noexcept = 0;
    [[nodiscard]] virtual const WorkerStats& stats() const noexcept = 0;
};

}  // namespace tocsin::message
