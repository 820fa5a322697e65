// Part of manager.hpp: what is asked about sessions.

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "control/session/manager.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::session {

namespace {

constexpr std::size_t kViewsPerPoll = 512;
constexpr std::size_t kScannedPerPoll = 8192;  ///< sessions that are only looked at

Error unknown(std::string what) {
    return {ErrorKind::NotFound, "there is no session " + std::move(what), {}};
}

}  // namespace

Result<SessionId> Manager::resolve(const Selector& selector) {
    if (const auto* id = std::get_if<SessionId>(&selector)) {
        if (registry_.find(*id) == nullptr) {
            return unknown("with id " + std::to_string(id->value));
        }
        return *id;
    }
    if (const auto* name = std::get_if<std::string>(&selector)) {
        const SessionRecord* const r = registry_.find_name(*name);
        if (r == nullptr) return unknown("with the name " + config::in_quotes(*name));
        return r->id;
    }
    if (const auto* discr = std::get_if<Discriminator>(&selector)) {
        const SessionRecord* const r = reconciler_.find(*discr);
        if (r == nullptr) return unknown("with local_discr " + std::to_string(discr->value));
        return r->id;
    }
    const auto& peer = std::get<PeerSelector>(selector);
    const SessionRecord* found = nullptr;
    for (const SessionPort& port : registry_.ports()) {
        if (!peer.port.empty() && port.name != peer.port) continue;
        const SessionRecord* const r = registry_.find_identity(port.id, peer.remote);
        if (r == nullptr || r->remote != peer.remote) continue;
        if (peer.local.family != AddressFamily::None && r->local != peer.local) continue;
        if (found != nullptr) {
            return Error{ErrorKind::InvalidArgument,
                         to_string(peer.remote) +
                             " is the peer of sessions on several ports: give the port as well",
                         "peer.port"};
        }
        found = r;
    }
    if (found == nullptr) {
        return unknown("to " + to_string(peer.remote) +
                       (peer.port.empty() ? std::string{} : " on " + peer.port));
    }
    return found->id;
}

std::optional<SessionView> Manager::view(SessionId id) {
    const SessionRecord* const record = registry_.find(id);
    if (record == nullptr) return std::nullopt;
    return make_view(*record);
}

void Manager::list(Listing listing, PageDone done) {
    auto refresh = std::make_shared<Refresh>();
    refresh->page.total = listing.total;
    // The first page with a filter looks at every session, to count; others begin where the page
    // before has ended.
    const bool all = listing.filter.matches_all();
    if (all) refresh->page.total = registry_.size();
    if (all || listing.after.value != 0) refresh->scanned = listing.after;
    refresh->listing = std::move(listing);
    refresh->done = std::move(done);
    refreshes_.push_back(std::move(refresh));
}

void Manager::fetch(std::vector<SessionId> ids, PageDone done) {
    auto refresh = std::make_shared<Refresh>();
    refresh->ids = std::move(ids);
    refresh->chosen = true;
    refresh->done = std::move(done);
    refresh->page.total = refresh->ids.size();
    ask_workers(refresh);
    refreshes_.push_back(std::move(refresh));
}

/// Looks through the sessions. True when all are chosen, false when `budget` ends before.
bool Manager::choose(Refresh& refresh, std::size_t& budget) {
    const Listing& l = refresh.listing;
    const bool counts = l.after.value == 0 && !l.filter.matches_all();
    const RecordTable& records = registry_.records();
    auto it = records.after(refresh.scanned);
    for (; it != records.end() && budget != 0; ++it, --budget) {
        if (refresh.ids.size() == l.limit && !counts && refresh.page.next_after.value != 0) break;
        refresh.scanned = it->id;
        if (!l.filter.matches(*it)) continue;
        if (counts) ++refresh.page.total;
        if (refresh.ids.size() < l.limit) {
            refresh.ids.push_back(it->id);
        } else {
            refresh.page.next_after = refresh.ids.back();
        }
    }
    if (it != records.end() && budget == 0) return false;
    refresh.chosen = true;
    return true;
}

void Manager::ask_workers(const std::shared_ptr<Refresh>& refresh) {
    refresh->asked = true;
    refresh->deadline = dataplane_.now() + kRefreshTime;
    refresh->page.sessions.reserve(refresh->ids.size());
    if (!refresh->listing.fresh) return;
    refresh->unanswered = refresh->ids.size();
    for (const SessionId id : refresh->ids) {
        const auto answered = [refresh] { --refresh->unanswered; };
        if (SessionRecord* const record = registry_.find(id)) {
            reconciler_.query(*record, answered);
        } else {
            answered();
        }
    }
}

bool Manager::run_refreshes() {
    std::size_t to_scan = kScannedPerPoll;
    std::size_t to_view = kViewsPerPoll;
    const Instant now = refreshes_.empty() ? Instant{} : dataplane_.now();
    bool more = false;
    auto it = refreshes_.begin();
    for (std::size_t n = refreshes_.size(); n != 0; --n) {
        Refresh& r = **it;
        if (!r.chosen && to_scan == 0) {
            more = true;
            ++it;
            continue;
        }
        if (!r.chosen && !choose(r, to_scan)) {  // goes to the back: the others are next
            more = true;
            const auto unfinished = it++;
            refreshes_.splice(refreshes_.end(), refreshes_, unfinished);
            continue;
        }
        if (!r.asked) ask_workers(*it);
        if (r.unanswered != 0 && now < r.deadline) {
            ++it;
            continue;
        }
        for (; r.viewed < r.ids.size() && to_view != 0; ++r.viewed, --to_view) {
            if (auto v = view(r.ids[r.viewed])) r.page.sessions.push_back(std::move(*v));
        }
        if (r.viewed < r.ids.size()) {
            more = true;
            break;
        }
        const PageDone done = std::move(r.done);
        Page page = std::move(r.page);
        it = refreshes_.erase(it);
        done(std::move(page));
    }
    return more;
}

SessionRecord* Manager::find(const config::Session& session) {
    const SessionPort* const port = registry_.port_named(session.port);
    SessionRecord* const record =
        port == nullptr ? nullptr : registry_.find_identity(port->id, session.remote);
    return record != nullptr && record->origin == Origin::Config ? record : nullptr;
}

SessionView Manager::make_view(const SessionRecord& record) const {
    const auto wall = [this](Instant t) {
        return t == Instant{} ? std::chrono::system_clock::time_point{} : dataplane_.wall(t);
    };
    return {.id = record.id,
            .origin = record.origin,
            .worker = record.worker,
            .spec = registry_.spec(record),
            .status = record.status,
            .next_hop = record.next_hop,
            .next_hop_resolved = record.next_hop_resolved,
            .waiting = record.waiting,
            .seen_source = record.seen_source,
            .last_state_change = wall(record.status.last_state_change),
            .last_rx = wall(record.status.last_rx)};
}

}  // namespace tocsin::control::session
