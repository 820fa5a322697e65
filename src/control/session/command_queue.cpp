#include "control/session/command_queue.hpp"

#include <bit>

namespace tocsin::control::session {

CommandQueue::CommandQueue(message::WorkerLink& link, std::uint32_t most_in_flight)
    : link_{&link}, cells_(std::bit_ceil(most_in_flight)) {}

bool CommandQueue::has_room() const noexcept { return cells_[next_ & (cells_.size() - 1)].id == 0; }

void CommandQueue::keep(bfd::SessionHandle session, Need about) {
    cell(next_) = {.id = next_, .content = {.session = session, .about = about}};
    ++next_;
    ++in_flight_;
}

std::optional<CommandQueue::InFlight> CommandQueue::answered(message::RequestId id) {
    const auto value = static_cast<std::uint64_t>(id);
    Cell& c = cell(value);
    if (value == 0 || c.id != value) return std::nullopt;
    c.id = 0;
    --in_flight_;
    return c.content;
}

}  // namespace tocsin::control::session
