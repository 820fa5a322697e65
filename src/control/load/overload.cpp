#include "control/load/overload.hpp"

#include <numeric>

namespace tocsin::control::load {

namespace {

/// What is calm is well below what is bad, so that a worker at the edge does not flap.
constexpr double kCalmBusyShare = 0.8;
constexpr double kCalmFraction = 0.2;  ///< of the other shares

constexpr std::size_t kFirstLateBucket = 11;
static_assert(DurationHistogram::bound_us(kFirstLateBucket - 1) == 1024);

double share(std::uint64_t part, std::uint64_t whole) noexcept {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Signs when busy shares above `busy` count, and other ones above `fraction` of what is bad.
std::uint8_t signs_above(const Observation& seen, double busy, double fraction) noexcept {
    using J = OverloadJudge;
    const Load& l = seen.load;
    std::uint8_t out = 0;
    if (l.busy > busy || l.turns == 0) out |= kBusy;
    const std::uint64_t n = late(l);
    if (n >= J::kLateAtLeast && share(n, sum(l.late_tx)) > J::kLateShare * fraction) {
        out |= kLateTx;
    }
    if (share(l.backlog_turns, l.turns) > J::kBacklogShare * fraction) out |= kBacklog;
    if (seen.missed >= J::kMissedAtLeast &&
        share(seen.missed, seen.missed + seen.received) > J::kMissedShare * fraction) {
        out |= kMissed;
    }
    return out;
}

}  // namespace

std::uint64_t late(const Load& load) noexcept {
    return std::accumulate(load.late_tx.begin() + kFirstLateBucket, load.late_tx.end(),
                           std::uint64_t{0});
}

std::uint8_t signs_of(const Observation& seen) noexcept {
    return signs_above(seen, OverloadJudge::kBusyShare, 1);
}

bool OverloadJudge::judge(const Observation& seen) noexcept {
    const std::uint8_t signs = signs_of(seen);
    if (!alarm_) {
        bad_ = signs == 0 ? 0 : bad_ + 1;
        if (bad_ < kBadInARow) return false;
        alarm_ = true;
        signs_ = signs;
        bad_ = 0;
        calm_ = 0;
        not_bad_ = 0;
        return true;
    }
    signs_ = static_cast<std::uint8_t>(signs_ | signs);
    calm_ = signs_above(seen, kCalmBusyShare, kCalmFraction) == 0 ? calm_ + 1 : 0;
    not_bad_ = signs == 0 ? not_bad_ + 1 : 0;
    if (calm_ < kCalmInARow && not_bad_ < kNotBadInARow) return false;
    alarm_ = false;
    signs_ = 0;
    return true;
}

std::string names(std::uint8_t signs) {
    struct Name {
        Sign sign;
        const char* name;
    };
    static constexpr Name kNames[]{
        {kBusy, "busy"}, {kLateTx, "late_tx"}, {kBacklog, "backlog"}, {kMissed, "missed"}};
    std::string out;
    for (const Name& n : kNames) {
        if ((signs & n.sign) == 0) continue;
        if (!out.empty()) out += ", ";
        out += n.name;
    }
    return out;
}

}  // namespace tocsin::control::load
