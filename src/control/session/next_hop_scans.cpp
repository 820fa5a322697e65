#include "control/session/next_hop_scans.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::session {

NextHopScans::NextHopScans(Registry& registry, const NextHops& next_hops, Found found)
    : registry_{registry}, next_hops_{next_hops}, found_{std::move(found)} {}

void NextHopScans::joined(const SessionRecord& record) {
    if (record.next_hop.family == AddressFamily::None || is_direct(record)) return;
    ++behind_[{record.port, record.next_hop}];
}

void NextHopScans::left(const SessionRecord& record) {
    if (record.next_hop.family == AddressFamily::None || is_direct(record)) return;
    const auto it = behind_.find({record.port, record.next_hop});
    if (--it->second == 0) behind_.erase(it);
}

/// On a point-to-point port the session may have another remote than the next hop's.
bool NextHopScans::is_direct(const SessionRecord& record) const {
    return record.type == SessionType::SingleHop && record.remote == record.next_hop;
}

void NextHopScans::neighbor_changed(PortId port, const IpAddress& next_hop) {
    SessionRecord* const direct = registry_.find_identity(port, next_hop);
    if (direct != nullptr && direct->next_hop == next_hop) {
        direct->next_hop_resolved = next_hops_.mac(port, next_hop).has_value();
        found_(*direct);
    }
    if (!behind_.contains({port, next_hop})) return;
    // One that is under way has passed sessions already; one that waits will see all of them.
    const auto waiting = std::ranges::find_if(scans_, [&](const Scan& s) {
        return s.port == port && s.next_hop == next_hop && s.done.value == 0;
    });
    if (waiting == scans_.end()) scans_.push_back({.port = port, .next_hop = next_hop});
    static_cast<void>(run());
}

bool NextHopScans::run() {
    std::size_t budget = kScannedPerPoll;
    while (!scans_.empty() && budget != 0) {
        Scan& scan = scans_.front();
        const bool resolved = next_hops_.mac(scan.port, scan.next_hop).has_value();
        RecordTable& records = registry_.records();
        auto it = records.after(scan.done);
        for (; it != records.end() && budget != 0; ++it, --budget) {
            scan.done = it->id;
            if (it->port != scan.port || it->next_hop != scan.next_hop) continue;
            it->next_hop_resolved = resolved;
            found_(*it);
        }
        if (it == records.end()) scans_.pop_front();
    }
    return !scans_.empty();
}

}  // namespace tocsin::control::session
