#include "control/session/removals.hpp"

#include "control/session/pieces.hpp"

#include <utility>

namespace tocsin::control::session {

namespace {

constexpr std::size_t kRemovedPerPoll = 512;  ///< some 4 us each, since nothing of it is cached

}  // namespace

void Removals::remove_matching(const Filter& filter, Origin origin, Done done) {
    removals_.push_back({.filter = filter,
                         .origin = origin,
                         .last = registry_.last_id(),
                         .result = {},
                         .done = std::move(done)});
}

bool Removals::run() {
    bool more = false;
    if (all_) {
        for (std::size_t i = 0; i < kRemovedPerPoll && registry_.size() != 0; ++i) {
            desired_.erase(*registry_.records().begin());
        }
        more = registry_.size() != 0;
    }
    if (!removals_.empty()) run_first();
    return more || !removals_.empty();
}

/// One after another, so that what two of them choose is never counted twice.
void Removals::run_first() {
    Removal& r = removals_.front();
    std::size_t looked_at = 0;
    std::size_t removed = 0;
    while (looked_at < kScannedPerPoll && removed < kRemovedPerPoll) {
        const auto it = registry_.records().after(r.next);
        if (it == registry_.records().end() || it->id > r.last) {
            const Done done = std::move(r.done);
            const RemovedMatching result = r.result;
            removals_.pop_front();
            return done(result);
        }
        r.next = it->id;
        ++looked_at;
        if (!r.filter.matches(*it)) continue;
        if (it->origin != r.origin) {
            ++r.result.kept;
            continue;
        }
        desired_.erase(*it);
        ++r.result.removed;
        ++removed;
    }
}

}  // namespace tocsin::control::session
