#pragma once

#include "dataplane/message/link.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace tocsin::control::session {

/// What a worker has written down about a session's packets.
struct WorkerHistory {
    message::HistoryBegin begin;
    std::vector<bfd::PacketRecord> records;  ///< of the live ring, then of the frozen one
};

/// Asks one worker for packet histories and puts its answers together. Control thread only.
class HistoryReader {
public:
    /// nullopt: the worker does not have the session.
    using Done = std::function<void(std::optional<WorkerHistory>)>;

    /// Questions that may wait for a worker.
    static constexpr std::size_t kMostWaiting = 64;

    explicit HistoryReader(message::WorkerLink& link) : link_{&link} {}

    /// False: kMostWaiting are there already.
    [[nodiscard]] bool ask(bfd::SessionHandle session, Done done);
    /// Sends what waits, as far as the ring takes it.
    void pump();
    /// An answer, or a part of one. False: it was no question of ours.
    [[nodiscard]] bool answered(const message::Event& event);
    [[nodiscard]] bool idle() const noexcept { return asked_.empty(); }

private:
    struct Asked {
        std::uint64_t id = 0;
        bfd::SessionHandle session;
        Done done;
    };
    /// CommandQueue counts from 1, KeySender from 2^63.
    static constexpr std::uint64_t kFirstId = std::uint64_t{1} << 62U;
    static constexpr std::uint64_t kBeyondIds = std::uint64_t{1} << 63U;

    message::WorkerLink* link_;
    std::deque<Asked> asked_;  ///< oldest first; a worker answers in the order it was asked
    std::size_t sent_ = 0;     ///< so many of them were sent
    WorkerHistory answer_;     ///< to the oldest, as far as it has come
    std::uint64_t next_ = kFirstId;
};

}  // namespace tocsin::control::session
