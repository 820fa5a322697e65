#pragma once

#include "control/session/history_reader.hpp"
#include "control/session/view.hpp"
#include "dataplane/message/dataplane.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace tocsin::control::session {

/// Wall clock to the nanosecond.
using WallInstant = std::chrono::sys_time<std::chrono::nanoseconds>;

struct PacketView {
    bfd::PacketRecord record;
    WallInstant first;
    WallInstant last;
};

struct Ring {
    std::vector<PacketView> packets;  ///< by the time of the first one of each
    std::uint32_t overwritten = 0;    ///< records that made room for others
};

/// The packet history of a session as any thread may keep and read it.
struct HistoryView {
    SessionView session;
    std::uint16_t source_port = 0;             ///< of our packets
    MacAddress port_mac{};                     ///< of the port that they leave by
    IpAddress next_hop{};                      ///< at `taken_at`; family None: no way to the peer
    std::optional<MacAddress> next_hop_mac{};  ///< likewise
    WallInstant taken_at;
    Ring live;    ///< since the last Down
    Ring frozen;  ///< before it
    bfd::DownSummary down;
    WallInstant down_at;       ///< epoch = never
    WallInstant down_last_rx;  ///< epoch = never
};

/// Completes `out`, whose session is known.
void fill(HistoryView& out, const WorkerHistory& history, const message::Dataplane& dataplane);

}  // namespace tocsin::control::session
