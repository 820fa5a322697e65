#include "control/lag/place.hpp"

#include <algorithm>

namespace tocsin::control::lag {

Verdict verdict(std::span<const notify::Indication> sessions) noexcept {
    using notify::Indication;
    const auto any = [&](Indication i) { return std::ranges::find(sessions, i) != sessions.end(); };
    if (any(Indication::PathFailure)) return Verdict::Failed;
    if (any(Indication::AdminDown)) return Verdict::Admin;
    return sessions.empty() || any(Indication::None) ? Verdict::None : Verdict::Up;
}

void Place::begin(bool forwards) noexcept {
    be(forwards, forwards ? Reason::Assumed : Reason::NotUpYet);
    assumed_since_.reset();
}

void Place::judge(Verdict verdict, Instant now, std::chrono::milliseconds timeout) noexcept {
    timeout_ = timeout;
    if (verdict != Verdict::None) assumed_since_.reset();
    switch (verdict) {
        case Verdict::Up:
            return be(true, Reason::Up);
        case Verdict::Failed:
            return be(false, Reason::Failed);
        case Verdict::Admin:
            // One that is out keeps its reason: when the administrator is done, it holds again.
            if (in_) reason_ = Reason::AdminDown;
            return;
        case Verdict::None:
            break;
    }
    if (!in_) return;
    reason_ = Reason::Assumed;
    if (!assumed_since_) assumed_since_ = now;
    if (timeout.count() != 0 && now - *assumed_since_ >= timeout) be(false, Reason::Timeout);
}

void Place::inactive() noexcept {
    if (in_ && reason_ == Reason::Assumed) be(false, Reason::Inactive);
}

std::optional<Instant> Place::deadline() const noexcept {
    if (!in_ || !assumed_since_ || timeout_.count() == 0) return std::nullopt;
    return *assumed_since_ + timeout_;
}

}  // namespace tocsin::control::lag
