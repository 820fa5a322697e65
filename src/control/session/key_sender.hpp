#pragma once

#include "dataplane/message/dataplane.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

namespace tocsin::control::session {

/// Brings the keys of key chains to one worker, and keeps them where they are for as long as it may
/// use them. Control thread only.
class KeySender {
public:
    using Keys = std::shared_ptr<const bfd::AuthKeys>;

    KeySender(message::Dataplane& dataplane, message::WorkerLink& link)
        : dataplane_{&dataplane}, link_{&link} {}
    KeySender(KeySender&&) = default;
    KeySender& operator=(KeySender&&) = delete;
    /// Leaves to the dataplane what its worker still uses.
    ~KeySender();

    /// Of several for a number that have not been sent only the last one is.
    void set(std::uint16_t number, Keys keys) { waiting_[number] = std::move(keys); }
    /// Sends what waits. False: the ring is full, again later; nothing that needs these keys may be
    /// sent before.
    [[nodiscard]] bool pump();
    /// The worker has answered. False: it was no request of ours.
    [[nodiscard]] bool answered(message::RequestId id);
    [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && sent_.empty(); }

private:
    struct Sent {
        std::uint64_t id = 0;
        Keys before;  ///< in use until the worker has answered
    };
    /// CommandQueue counts from 1.
    static constexpr std::uint64_t kFirstId = std::uint64_t{1} << 63U;

    message::Dataplane* dataplane_;
    message::WorkerLink* link_;
    std::map<std::uint16_t, Keys> waiting_;
    std::map<std::uint16_t, Keys> in_force_;  ///< last sent
    std::deque<Sent> sent_;                   ///< oldest first
    std::uint64_t next_ = kFirstId;
};

}  // namespace tocsin::control::session
