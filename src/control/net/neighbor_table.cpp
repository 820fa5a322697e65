#include "control/net/neighbor_table.hpp"

#include "dataplane/base/bytes.hpp"

#include <algorithm>

namespace tocsin::control::net {

NeighborTable::NeighborTable(Solicit solicit, Stack::NeighborChanged changed)
    : solicit_{std::move(solicit)}, changed_{std::move(changed)} {}

std::size_t NeighborTable::KeyHash::operator()(const Key& k) const noexcept {
    std::uint64_t h = k.port.value;
    for (std::size_t i = 0; i < 16; i += 4) {
        h = (h ^ load_be32(&k.address.octets[i])) * 0x9e3779b97f4a7c15U;
        h ^= h >> 29U;
    }
    return static_cast<std::size_t>(h);
}

void NeighborTable::track(PortId port, const IpAddress& address, Instant now) {
    const Key key{.address = address, .port = port};
    const auto [it, fresh] = entries_.try_emplace(key);
    ++it->second.users;
    if (!fresh) return;
    it->second.confirmed = now;
    if (budget_ != 0) {
        attempt(key, it->second, now);
    } else {
        schedule(key, it->second, now);
    }
}

void NeighborTable::untrack(PortId port, const IpAddress& address) {
    const auto it = entries_.find({.address = address, .port = port});
    if (it == entries_.end() || --it->second.users != 0) return;
    due_.erase({it->second.due, it->first});
    entries_.erase(it);
}

std::optional<MacAddress> NeighborTable::mac(PortId port, const IpAddress& address) const {
    const auto it = entries_.find({.address = address, .port = port});
    return it == entries_.end() ? std::nullopt : it->second.mac;
}

std::vector<NeighborInfo> NeighborTable::list(Instant now) const {
    std::vector<NeighborInfo> out;
    out.reserve(entries_.size());
    for (const auto& [key, e] : entries_) {
        out.push_back({.port = key.port,
                       .address = key.address,
                       .mac = e.mac,
                       .state = e.state,
                       .since_confirmed = now - e.confirmed,
                       .users = e.users});
    }
    std::ranges::sort(out, [](const NeighborInfo& a, const NeighborInfo& b) {
        return std::pair{a.port, a.address} < std::pair{b.port, b.address};
    });
    return out;
}

void NeighborTable::learn(PortId port, const IpAddress& address, const MacAddress& mac,
                          bool confirmed, bool override_known, Instant now) {
    const Key key{.address = address, .port = port};
    const auto it = entries_.find(key);
    if (it == entries_.end()) return;
    Entry& e = it->second;
    const bool differs = e.mac && *e.mac != mac;
    // One that gave up on its MAC takes any, like one that never had any, RFC 4861 7.2.5 and 7.3.3.
    if (differs && !override_known && e.state != NeighborState::Failed) {
        if (e.state == NeighborState::Reachable) {  // not believed, but looked into
            e.state = NeighborState::Stale;
            schedule(key, e, now + kDelay);
        }
        return;
    }
    const bool news = !e.mac || differs;
    if (news) e.mac_since = now;
    e.mac = mac;
    if (confirmed) {
        confirm(port, address, now);
    } else if (news || e.state == NeighborState::Failed) {
        e.state = NeighborState::Stale;
        e.attempts = 0;
        schedule(key, e, now + kDelay);
    }
    if (news) changed_(port, address, mac);
}

void NeighborTable::confirm(PortId port, const IpAddress& address, Instant now) {
    const Key key{.address = address, .port = port};
    const auto it = entries_.find(key);
    if (it == entries_.end() || !it->second.mac) return;
    Entry& e = it->second;
    e.confirmed = now;
    if (e.state == NeighborState::Reachable) return;  // its due time moves when it comes
    e.state = NeighborState::Reachable;
    e.attempts = 0;
    schedule(key, e, now + kReachable);
}

void NeighborTable::confirm_sent(PortId port, const IpAddress& address, Instant sent, Instant now) {
    const auto it = entries_.find({.address = address, .port = port});
    if (it != entries_.end() && it->second.mac_since <= sent) confirm(port, address, now);
}

void NeighborTable::doubt(PortId port, const IpAddress& address, Instant now) {
    const Key key{.address = address, .port = port};
    const auto it = entries_.find(key);
    if (it == entries_.end() || !it->second.mac) return;
    Entry& e = it->second;
    if (e.state != NeighborState::Reachable && e.state != NeighborState::Stale) return;
    e.state = NeighborState::Probe;
    e.attempts = kAttempts - 1;  // one question to it alone, then everybody is asked
    schedule(key, e, now);
}

void NeighborTable::probe_all(PortId port, Instant now) {
    for (auto& [key, e] : entries_) {
        if (key.port != port) continue;
        e.attempts = 0;
        e.state = e.mac ? NeighborState::Probe : NeighborState::Incomplete;
        schedule(key, e, now);
    }
}

void NeighborTable::on_timer(Instant now) {
    budget_ = kSolicitsPerTimer;
    while (budget_ != 0 && !due_.empty() && due_.begin()->first <= now) {
        const Key key = due_.begin()->second;
        on_due(key, entries_.at(key), now);
    }
}

void NeighborTable::schedule(const Key& key, Entry& entry, Instant at) {
    due_.erase({entry.due, key});
    entry.due = at;
    due_.emplace(at, key);
}

void NeighborTable::on_due(const Key& key, Entry& entry, Instant now) {
    if (entry.state == NeighborState::Reachable) {
        const Instant expires = entry.confirmed + kReachable;
        if (now < expires) return schedule(key, entry, expires);  // confirmed meanwhile
        entry.state = NeighborState::Stale;
        entry.attempts = 0;
        return schedule(key, entry, now + kDelay);
    }
    attempt(key, entry, now);
}

/// One more question, and when to look again. The last that is done to `entry`: `changed_` may
/// untrack.
void NeighborTable::attempt(const Key& key, Entry& entry, Instant now) {
    Nanoseconds wait = kRetransmit;
    bool gave_up = false;
    if (entry.attempts >= kAttempts) {
        gave_up = !entry.mac && entry.state != NeighborState::Failed;
        entry.state = NeighborState::Failed;
        const unsigned doublings = std::min(entry.attempts - kAttempts + 1, 8U);
        wait = std::min<Nanoseconds>(kRetransmit * (1U << doublings), kLongestWait);
    } else if (entry.mac) {
        entry.state = NeighborState::Probe;
    }
    ++entry.attempts;
    --budget_;
    schedule(key, entry, now + wait);
    // A known station is asked alone; once it has been silent, everybody is, since it may have
    // moved.
    const bool alone = entry.state == NeighborState::Probe;
    solicit_(key.port, key.address, alone ? entry.mac : std::nullopt);
    if (gave_up) changed_(key.port, key.address, std::nullopt);
}

}  // namespace tocsin::control::net
