// What a worker does for control: commands, slow-path frames, events.

#include "dataplane/message/history_answer.hpp"
#include "dataplane/runtime/worker.hpp"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace tocsin::runtime {

namespace {

constexpr unsigned kCommandsPerTurn = 64;
constexpr unsigned kFramesPerTurn = 32;
constexpr unsigned kEventsPerTurn = 512;

/// Free elements of a ring whose only producer is this thread. rte_ring_free_count() reads what the
/// consumer writes without saying so to the compiler.
unsigned room_in(const rte_ring* ring) noexcept {
    const std::uint32_t taken = __atomic_load_n(&ring->cons.tail, __ATOMIC_ACQUIRE);
    return ring->capacity + taken - ring->prod.tail;
}

}  // namespace

/// True when there was one. A command waits until there is room for its answer.
bool Worker::take_commands() noexcept {
    const unsigned room = room_in(rings_.events);
    message::Command command;
    unsigned done = 0;  // answers
    while (done < kCommandsPerTurn && done + message::kMostAnswers <= room &&
           rte_ring_sc_dequeue_elem(rings_.commands, &command, sizeof command) == 0) {
        const auto* const query = std::get_if<message::QueryHistory>(&command.body);
        if (query != nullptr) {
            done += message::answer_history(
                engine_, command.id, query->session, time_,
                [this](const message::Event& event) noexcept { answer(event); });
        } else {
            answer(carry_out(command));
            ++done;
        }
    }
    return done != 0;
}

void Worker::answer(const message::Event& event) noexcept {
    news_ = true;
    rte_ring_sp_enqueue_elem(rings_.events, const_cast<message::Event*>(&event), sizeof event);
}

message::Event Worker::carry_out(const message::Command& command) noexcept {
    message::Event event;
    event.id = command.id;
    bfd::SessionSnapshot snapshot;
    bool found = false;
    const auto handle = [&](const auto& c) noexcept -> bfd::Status {
        using C = std::remove_cvref_t<decltype(c)>;
        if constexpr (std::is_same_v<C, message::Barrier>) {
            return bfd::Status::Ok;
        } else if constexpr (std::is_same_v<C, message::AddSession> ||
                             std::is_same_v<C, message::SetHeaders> ||
                             std::is_same_v<C, message::SetEchoLooping> ||
                             std::is_same_v<C, message::SetReflectors>) {
            return apply(c);
        } else if constexpr (std::is_same_v<C, message::SetParameters>) {
            return engine_.set_parameters(c.session, c.parameters, time_, out_);
        } else if constexpr (std::is_same_v<C, message::SetAdmin>) {
            return engine_.set_admin(c.session, c.down, c.diag, time_, out_);
        } else if constexpr (std::is_same_v<C, message::SignalPathDown>) {
            return engine_.signal_path_down(c.session, c.diag, time_, out_);
        } else if constexpr (std::is_same_v<C, message::SetConcatenatedDiag>) {
            return engine_.set_concatenated_diag(c.session, c.diag, time_, out_);
        } else if constexpr (std::is_same_v<C, message::DeleteSession>) {
            return engine_.remove(c.session, c.immediate, time_, out_);
        } else if constexpr (std::is_same_v<C, message::StartPoll>) {
            return engine_.start_poll(c.session, time_);
        } else if constexpr (std::is_same_v<C, message::SetKeys>) {
            return engine_.set_keys(c.number, c.keys);
        } else if constexpr (std::is_same_v<C, message::QueryHistory>) {
            return bfd::Status::Ok;  // not here: it has several answers
        } else if constexpr (std::is_same_v<C, message::SetMember>) {
            set_member(c);
            return bfd::Status::Ok;
        } else if constexpr (std::is_same_v<C, message::SetUnsolicited>) {
            set_unsolicited(c);
            return bfd::Status::Ok;
        } else if constexpr (std::is_same_v<C, message::Hear>) {
            hear(c.packet);
            return bfd::Status::Ok;
        } else {
            static_assert(std::is_same_v<C, message::QuerySession>);
            const bfd::Status status = engine_.snapshot(c.session, snapshot);
            found = status == bfd::Status::Ok;
            return status;
        }
    };
    const bfd::Status status = std::visit(handle, command.body);
    if (found) {
        event.body = snapshot;
    } else {
        event.body = message::Reply{status};
    }
    return event;
}

bfd::Status Worker::apply(const message::AddSession& c) noexcept {
    const Slot slot = c.session.slot;
    PacketTemplates& templates = out_.templates();
    if (slot.value >= templates.slots()) return bfd::Status::NoSuchSession;
    // The engine writes the payload while it adds, and may refuse because the slot is in use.
    const PacketTemplates::Saved before = templates.save(slot);
    const WorkerPort* const port = port_by_id(c.tx_port);
    if (port != nullptr) templates.set_port(slot, port->tx.port);
    templates.set_member(slot, 0);
    templates.set_headers(slot, port != nullptr ? c.headers : overlay::HeaderTemplate{});
    const bfd::Status status =
        engine_.add(c.session, c.key, c.parameters, c.admin_down, time_, out_);
    if (status == bfd::Status::Ok) {
        out_.begin_member(slot, c.key, c.headers.learns_mac);
    } else {
        templates.restore(slot, before);
    }
    return status;
}

bfd::Status Worker::apply(const message::SetHeaders& c) noexcept {
    const bfd::Status status = engine_.headers_changed(c.session, time_);
    if (status != bfd::Status::Ok) return status;
    PacketTemplates& templates = out_.templates();
    const bool has_port = out_.has_port(templates.port(c.session.slot));
    templates.set_headers(c.session.slot, has_port ? c.headers : overlay::HeaderTemplate{});
    out_.restart_member(c.session.slot, c.headers.learns_mac);
    return status;
}

bfd::Status Worker::apply(const message::SetEchoLooping& c) noexcept {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        if (ports_[i].context.port != c.port) continue;
        ports_[i].context.loops_echo = c.rate != 0;
        if (c.rate != 0) echo_limits_[i].allow(c.rate, time_);
    }
    return bfd::Status::Ok;
}

void Worker::set_member(const message::SetMember& c) noexcept {
    for (WorkerPort& port : ports_) {
        if (port.context.port == c.port) port.context.member = c.addresses;
    }
}

void Worker::set_unsolicited(const message::SetUnsolicited& c) noexcept {
    for (WorkerPort& port : ports_) {
        if (port.context.port == c.port) port.unsolicited = c.on;
    }
}

void Worker::hear(const message::EarlyPacket& packet) noexcept {
    const DropReason reason = engine_.on_packet(packet.received(), time_, out_);
    if (reason == DropReason::None) {
        stats_.rx_control.add();
    } else {
        drop(reason);
    }
}

/// A packet that no worker has a session for, on a port with a policy about such. Events of
/// sessions and answers come first: it only gets room that they do not need.
void Worker::give_to_control(const ReceivedPacket& packet) noexcept {
    if (!early_tokens_.take(time_)) return drop(DropReason::PuntRateLimited);
    if (room_in(rings_.events) < RingLink::kEvents / 2) return drop(DropReason::PuntRingFull);
    answer({.id = {}, .body = message::EarlyPacket::of(packet)});
    stats_.punted.add();
}

/// Of those that are dropped some, so that somebody looks.
void Worker::tell_unmatched(const ReceivedPacket& packet, PortId arrival) noexcept {
    if (room_in(rings_.events) < RingLink::kEvents / 2 || !unmatched_tokens_.take(time_)) return;
    answer({.id = {}, .body = message::UnmatchedPacket::of(packet, arrival)});
}

/// True when there was one.
bool Worker::send_frames() noexcept {
    unsigned done = 0;
    while (done < kFramesPerTurn &&
           rte_ring_sc_dequeue_elem(rings_.frames, &scratch_, sizeof scratch_) == 0) {
        const WorkerPort* const port = port_by_id(scratch_.port);
        if (port == nullptr) {
            drop(DropReason::NotHandled);
        } else if (out_.send_frame(scratch_, port->tx.port, port->tags)) {
            stats_.frames_sent.add();
        }
        ++done;
    }
    return done != 0;
}

/// Events of this turn reach the ring in this turn. True when there was one.
bool Worker::report() noexcept {
    const unsigned room = room_in(rings_.events);
    if (room == 0) {
        stats_.events_deferred.add();
        return false;
    }
    unsigned left = std::min(room, kEventsPerTurn);
    const unsigned budget = left;
    message::Event event;
    auto& changed = event.body.emplace<bfd::SessionEvent>();
    for (; left != 0 && engine_.next_event(changed); --left) answer(event);
    auto& deleted = event.body.emplace<message::SessionDeleted>();
    for (; left != 0 && engine_.next_deleted(deleted.session); --left) answer(event);
    return left != budget;
}

}  // namespace tocsin::runtime
