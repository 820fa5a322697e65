#pragma once

#include "control/session/worker_slots.hpp"
#include "dataplane/message/link.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace tocsin::control::session {

/// Commands of one worker on their way: request ids, and what each of them was about until the
/// worker has answered. Bounded, so that a slow worker slows control's queue down and loses
/// nothing.
class CommandQueue {
public:
    struct InFlight {
        bfd::SessionHandle session;
        Need about{};
    };

    /// `most_in_flight` is rounded up to a power of two.
    CommandQueue(message::WorkerLink& link, std::uint32_t most_in_flight);

    /// False: as many commands as may be are unanswered.
    [[nodiscard]] bool has_room() const noexcept;
    /// The request id, or nullopt when there is no room or the ring is full: try again later.
    template <class Body>
    [[nodiscard]] std::optional<message::RequestId> send(const Body& body, Need about) {
        if (!has_room()) return std::nullopt;
        const message::RequestId id{next_};
        if (!link_->send({.id = id, .body = body})) return std::nullopt;
        keep(body.session, about);
        return id;
    }
    /// What `id` was about; nullopt when it was never sent or was answered before.
    [[nodiscard]] std::optional<InFlight> answered(message::RequestId id);
    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }

private:
    struct Cell {
        std::uint64_t id = 0;  ///< 0 = free
        InFlight content;
    };
    [[nodiscard]] Cell& cell(std::uint64_t id) { return cells_[id & (cells_.size() - 1)]; }
    void keep(bfd::SessionHandle session, Need about);

    message::WorkerLink* link_;
    std::vector<Cell> cells_;
    std::uint64_t next_ = 1;
    std::uint32_t in_flight_ = 0;
};

}  // namespace tocsin::control::session
