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
    schedule_of(it->second).erase({it->second.due, it->first});
    entries_.erase(it);
}

std::optional<MacAddress> NeighborTable::mac(PortId port, const IpAddress& address) const {
    const auto it = entries_.find({.address = address, .port = port});
    return it == entries_.end() ? std::nullopt : it->second.mac;
}

bool NeighborTable::add_piece(NeighborList& list, Instant now) const {
    if (list.end != entries_.bucket_count()) {
        list = {};
        list.end = entries_.bucket_count();
        list.neighbors.reserve(entries_.size());
    }
    const std::size_t end = std::min(list.end, list.next + kListedPerPiece);
    for (; list.next != end; ++list.next) {
        for (auto it = entries_.begin(list.next); it != entries_.end(list.next); ++it) {
            const auto& [key, e] = *it;
            list.neighbors.push_back({.port = key.port,
                                      .address = key.address,
                                      .mac = e.mac,
                                      .state = e.state,
                                      .since_confirmed = now - e.confirmed,
                                      .users = e.users});
        }
    }
    return list.next != list.end;
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
    std::erase_if(rechecks_, [port](const Recheck& r) { return r.port == port; });
    rechecks_.push_back({.port = port, .buckets = entries_.bucket_count()});
    run_rechecks(now);
}

void NeighborTable::run_rechecks(Instant now) {
    while (!rechecks_.empty() && looks_ != 0) {
        Recheck& r = rechecks_.front();
        if (r.buckets != entries_.bucket_count()) {  // once more: who was asked is asked again
            r.bucket = 0;
            r.buckets = entries_.bucket_count();
        }
        for (; r.bucket != r.buckets && looks_ != 0; ++r.bucket) {
            --looks_;
            for (auto it = entries_.begin(r.bucket); it != entries_.end(r.bucket); ++it) {
                if (it->first.port == r.port) probe(it->first, it->second, now);
            }
        }
        if (r.bucket == r.buckets) rechecks_.pop_front();
    }
}

void NeighborTable::probe(const Key& key, Entry& entry, Instant now) {
    entry.attempts = 0;
    entry.state = entry.mac ? NeighborState::Probe : NeighborState::Incomplete;
    schedule(key, entry, now);
}

void NeighborTable::on_timer(Instant now) {
    budget_ = kSolicitsPerTimer;
    looks_ = kLooksPerTimer;
    run_rechecks(now);
    looks_ = kLooksPerTimer;
    serve(silent_, kSolicitsPerTimer - kSolicitsForSilent, now);
    serve(due_, 0, now);
    serve(silent_, 0, now);
}

/// Until so many solicitations are left.
void NeighborTable::serve(Schedule& schedule, unsigned keep, Instant now) {
    for (; budget_ > keep && looks_ != 0; --looks_) {
        if (schedule.empty() || schedule.begin()->first > now) return;
        const Key key = schedule.begin()->second;
        on_due(key, entries_.at(key), now);
    }
}

void NeighborTable::schedule(const Key& key, Entry& entry, Instant at) {
    schedule_of(entry).erase({entry.due, key});
    entry.due = at;
    entry.silent = entry.state == NeighborState::Failed;
    schedule_of(entry).emplace(at, key);
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
