#pragma once

#include "dataplane/bfd/reflector.hpp"
#include "dataplane/message/dataplane.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace tocsin::control::session {

/// Brings the table of reflectors to one worker, and keeps it where it is for as long as the worker
/// may use it. Control thread only.
class ReflectorSender {
public:
    using Table = std::shared_ptr<const bfd::ReflectorTable>;
    struct Order {
        Table table;  ///< nullptr: none
        std::uint32_t rate = 1;
        std::uint32_t rate_per_source = 1;
    };

    ReflectorSender(message::Dataplane& dataplane, message::WorkerLink& link)
        : dataplane_{&dataplane}, link_{&link} {}
    ReflectorSender(ReflectorSender&&) = default;
    ReflectorSender& operator=(ReflectorSender&&) = delete;
    /// Leaves to the dataplane what its worker still uses.
    ~ReflectorSender();

    /// Of several that have not been sent only the last one is.
    void set(const Order& order) { waiting_ = order; }
    /// Sends what waits, when the one before was answered and the ring has room.
    void pump();
    /// The worker has answered. False: it was no request of ours.
    [[nodiscard]] bool answered(message::RequestId id);
    [[nodiscard]] bool idle() const noexcept { return !waiting_ && !asked_; }

private:
    /// Beside those of KeySender, CommandQueue and EchoLooping.
    static constexpr message::RequestId kRequest{std::uint64_t{1} << 61U};

    message::Dataplane* dataplane_;
    message::WorkerLink* link_;
    std::optional<Order> waiting_;
    bool asked_ = false;
    Table in_force_;  ///< last sent
    Table before_;    ///< in use until the worker has answered
};

}  // namespace tocsin::control::session
