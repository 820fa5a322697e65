#pragma once

#include "dataplane/bfd/packet_history.hpp"
#include "dataplane/bfd/session_event.hpp"
#include "dataplane/message/command.hpp"
#include "dataplane/message/early_packet.hpp"
#include "dataplane/message/unmatched_packet.hpp"

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <variant>

namespace tocsin::message {

/// The answer to every command but QuerySession and QueryHistory, and to those when they fail.
struct Reply {
    bfd::Status status{};
};

/// A lingering deletion has ended: the slot may be used again.
struct SessionDeleted {
    bfd::SessionHandle session;
};

/// The records of both rings follow, the live one's first.
struct HistoryBegin {
    bfd::SessionHandle session;
    Instant taken_at{};
    bfd::HistorySummary history;
    [[nodiscard]] std::size_t records() const noexcept {
        return std::size_t{history.size[0]} + history.size[1];
    }
};

struct HistoryRecords {
    std::array<bfd::PacketRecord, 4> records;  ///< full but for the last of an answer
};

/// Events that one command may be answered with.
inline constexpr std::size_t kMostAnswers =
    1 + (2 * bfd::PacketHistory::kMost + std::tuple_size_v<decltype(HistoryRecords::records)> - 1) /
            std::tuple_size_v<decltype(HistoryRecords::records)>;

struct Event {
    RequestId id{};  ///< of the command that it answers, else 0
    std::variant<Reply, bfd::SessionSnapshot, bfd::SessionEvent, SessionDeleted, EarlyPacket,
                 HistoryBegin, HistoryRecords, UnmatchedPacket>
        body;
};
static_assert(std::is_trivially_copyable_v<Event>, "crosses the ring by memcpy");
static_assert(sizeof(Event) <= 256 && sizeof(Event) % 4 == 0, "rte_ring element size");

}  // namespace tocsin::message
