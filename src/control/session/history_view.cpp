#include "control/session/history_view.hpp"

#include <algorithm>

namespace tocsin::control::session {

void fill(HistoryView& out, const WorkerHistory& history, const message::Dataplane& dataplane) {
    // One comparison of the clocks for all, so that differences are exact.
    const Instant taken = history.begin.taken_at;
    const WallInstant wall = dataplane.wall(taken);
    const auto at = [&](Instant t) { return t == Instant{} ? WallInstant{} : wall - (taken - t); };
    out.taken_at = wall;
    const bfd::HistorySummary& summary = history.begin.history;
    for (std::size_t i = 0; i < history.records.size(); ++i) {
        const bfd::PacketRecord& r = history.records[i];
        Ring& ring = i < summary.size[0] ? out.live : out.frozen;
        ring.packets.push_back({.record = r, .first = at(r.first), .last = at(r.last())});
    }
    std::ranges::stable_sort(out.live.packets, {}, &PacketView::first);
    std::ranges::stable_sort(out.frozen.packets, {}, &PacketView::first);
    out.live.overwritten = summary.overwritten[0];
    out.frozen.overwritten = summary.overwritten[1];
    out.down = summary.down;
    out.down_at = at(summary.down.at);
    out.down_last_rx = at(summary.down.last_rx);
}

}  // namespace tocsin::control::session
