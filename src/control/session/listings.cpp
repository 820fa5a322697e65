#include "control/session/listings.hpp"

#include "control/session/pieces.hpp"

#include <utility>

namespace tocsin::control::session {

namespace {

constexpr std::size_t kViewsPerPoll = 512;

}  // namespace

Listings::Listings(Registry& registry, Reconciler& reconciler, const auth::Chains& chains,
                   const message::Dataplane& dataplane)
    : registry_{registry}, reconciler_{reconciler}, chains_{chains}, dataplane_{dataplane} {}

void Listings::list(Listing listing, Done done) {
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

void Listings::fetch(std::vector<SessionId> ids, Done done) {
    auto refresh = std::make_shared<Refresh>();
    refresh->ids = std::move(ids);
    refresh->chosen = true;
    refresh->done = std::move(done);
    refresh->page.total = refresh->ids.size();
    ask_workers(refresh);
    refreshes_.push_back(std::move(refresh));
}

/// Looks through the sessions. True when all are chosen, false when `budget` ends before.
bool Listings::choose(Refresh& refresh, std::size_t& budget) {
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

void Listings::ask_workers(const std::shared_ptr<Refresh>& refresh) {
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

bool Listings::run() {
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
            if (const SessionRecord* const record = registry_.find(r.ids[r.viewed])) {
                r.page.sessions.push_back(view_of(*record, registry_, chains_, dataplane_));
            }
        }
        if (r.viewed < r.ids.size()) {
            more = true;
            break;
        }
        const Done done = std::move(r.done);
        Page page = std::move(r.page);
        it = refreshes_.erase(it);
        done(std::move(page));
    }
    return more;
}

}  // namespace tocsin::control::session
