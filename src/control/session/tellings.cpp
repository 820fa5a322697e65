#include "control/session/tellings.hpp"

#include <chrono>

namespace tocsin::control::session {

namespace {

/// The first that is not before `t`.
std::int64_t tick_of(Instant t) {
    return std::chrono::ceil<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

}  // namespace

notify::Telling* Tellings::find(std::uint64_t session) {
    Entry* const entry = entries_.find(session);
    return entry == nullptr ? nullptr : &entry->telling;
}

void Tellings::add(std::uint64_t session, const notify::Telling& telling) {
    entries_.try_emplace(session).first->telling = telling;
}

void Tellings::arm(std::uint64_t session) {
    Entry* const entry = entries_.find(session);
    if (entry == nullptr) return;
    const auto deadline = entry->telling.deadline();
    if (deadline) {
        arm_at(session, tick_of(*deadline));
    } else {
        entry->armed = kNever;  // what waits is passed over when its tick comes
    }
}

void Tellings::arm_at(std::uint64_t session, std::int64_t tick) {
    Entry* const entry = entries_.find(session);
    if (entry == nullptr || entry->armed == tick) return;
    entry->armed = tick;
    due_[tick].push_back(session);
    ++waiting_;
    forget_stale();
}

std::optional<std::uint64_t> Tellings::next_due(Instant now) {
    const std::int64_t latest =
        std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    while (!due_.empty() && due_.begin()->first <= latest) {
        const std::int64_t tick = due_.begin()->first;
        std::vector<std::uint64_t>& sessions = due_.begin()->second;
        if (sessions.empty()) {
            due_.erase(due_.begin());
            continue;
        }
        const std::uint64_t session = sessions.back();
        sessions.pop_back();
        --waiting_;
        Entry* const entry = entries_.find(session);
        if (entry == nullptr || entry->armed != tick) continue;
        entry->armed = kNever;
        return session;
    }
    return std::nullopt;
}

std::optional<Instant> Tellings::next_deadline() const {
    if (due_.empty()) return std::nullopt;
    return Instant{std::chrono::milliseconds{due_.begin()->first}};
}

/// Deadlines that were moved leave their old place behind. In all, each costs a constant time.
void Tellings::forget_stale() {
    constexpr std::size_t kFew = 1024;
    if (waiting_ < 4 * entries_.size() + kFew) return;
    waiting_ = 0;
    for (auto it = due_.begin(); it != due_.end();) {
        std::erase_if(it->second, [&](std::uint64_t session) {
            const Entry* const entry = entries_.find(session);
            return entry == nullptr || entry->armed != it->first;
        });
        waiting_ += it->second.size();
        it = it->second.empty() ? due_.erase(it) : std::next(it);
    }
}

}  // namespace tocsin::control::session
