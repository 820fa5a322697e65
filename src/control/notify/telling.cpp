#include "control/notify/telling.hpp"

#include <algorithm>
#include <utility>

namespace tocsin::control::notify {

namespace {

constexpr auto kStateCause = static_cast<std::uint8_t>(bfd::EventCause::State);
constexpr auto kParametersCause = static_cast<std::uint8_t>(bfd::EventCause::Parameters);
constexpr auto kSourceCause = static_cast<std::uint8_t>(bfd::EventCause::Source);

}  // namespace

Telling::Telling(const Policy& policy, const bfd::SessionSnapshot& now, Indication told) noexcept
    : policy_{policy},
      is_{told},
      told_state_{now.session_state},
      down_count_{now.down_count},
      up_since_{now.last_state_change} {}

bool Telling::on_event(const bfd::SessionEvent& event, Instant now, Told& told,
                       bfd::SessionEvent& out) noexcept {
    const Indication before = std::exchange(is_, indication(event, is_));
    // It failed and was back before anybody was told.
    const bool back = before == Indication::Up && is_ == Indication::Up && event.downs != 0;
    if (event.transitions != 0) {
        if (is_ == Indication::Up) up_since_ = event.last_at;
        if (before == Indication::Up && is_ != Indication::Up) failed_at_ = event.first_at;
    }
    count_failures(event, before, now);
    merge(event);

    const Told was = told;
    const Indication failure = indication_of_down(event.down_diag);
    const bool brief = back && !dampened_ && failure == Indication::PathFailure &&
                       event.last_at - event.first_at < policy_.down_hold;
    // What the failure, had it been told, would have made of an Up that has to last.
    if (back && !brief && told.indication == Indication::Up && policy_.up_hold.count() != 0) {
        told.indication = failure;
    }
    told = decide(told, now);
    if (told.held != Held::None && told.indication == was.indication) return false;
    const bool unseen = brief || was.held == Held::DownHold;
    if (unseen && told == Told{Indication::Up, Held::None}) {
        causes_ &= kSourceCause;  // it was back in time: nothing has happened, RFC 5882 3.1
        transitions_ = 0;
        downs_ = 0;
        if (causes_ == 0) return false;
    }
    out = merged(event.now);
    return true;
}

bool Telling::look(const bfd::SessionSnapshot& status, Instant now, Told& told,
                   bfd::SessionEvent& out) noexcept {
    const bool was_dampened = dampened_;
    const Told was = std::exchange(told, decide(told, now));
    const bool news = told.indication != was.indication || was_dampened != dampened_;
    if (!news && (told.held != Held::None || causes_ == 0)) return false;
    out = merged(status);
    return true;
}

void Telling::merge(const bfd::SessionEvent& event) noexcept {
    causes_ |= event.causes;
    if (transitions_ == 0) first_at_ = event.first_at;
    transitions_ += event.transitions;
    downs_ += event.downs;
    if (event.downs != 0) down_diag_ = event.down_diag;
    loop_gap_ = std::max(loop_gap_, event.loop_gap);
    if ((event.causes & kSourceCause) != 0) source_ = event.source;
}

/// What an administrator ended has not failed.
void Telling::count_failures(const bfd::SessionEvent& event, Indication before,
                             Instant now) noexcept {
    // A worker that was given the session once more counts from 0.
    const std::uint32_t counted = std::exchange(down_count_, event.now.down_count);
    std::uint32_t failures =
        event.now.down_count >= counted ? event.now.down_count - counted : event.now.down_count;
    if (before == Indication::Up && is_ == Indication::AdminDown && failures != 0) --failures;
    if (failures == 0 || !policy_.dampening.on()) return;
    penalty_.add(policy_.dampening, failures, now);
    if (penalty(now) >= policy_.dampening.suppress) dampened_ = true;
}

Told Telling::decide(Told told, Instant now) noexcept {
    deadline_.reset();
    if (dampened_) {
        // With a lower threshold, without dampening or when cleared the time has come as well.
        dampened_ = policy_.dampening.on() && now < reusable_at();
        if (dampened_) deadline_ = reusable_at();
    }
    if (is_ == Indication::Up) {
        if (dampened_) {
            const bool flapped = told.indication == Indication::Up;  // a failure is never hidden
            return {flapped ? Indication::PathFailure : told.indication, Held::Dampened};
        }
        const Instant stable = up_since_ + policy_.up_hold;
        if (told.indication != Indication::Up && now < stable) {
            deadline_ = stable;
            return {told.indication, Held::UpHold};
        }
        return {Indication::Up, Held::None};
    }
    if (is_ != Indication::PathFailure) return {is_, Held::None};
    if (told.indication == Indication::Up && !dampened_) {
        const Instant certain = failed_at_ + policy_.down_hold;
        if (now < certain) {
            deadline_ = certain;
            return {Indication::Up, Held::DownHold};
        }
    }
    // Who never heard of an Up is not told of its end.
    const bool knew =
        told.indication == Indication::Up || told.indication == Indication::PathFailure;
    return {knew ? Indication::PathFailure : Indication::None, Held::None};
}

/// All that was held back as one event.
bfd::SessionEvent Telling::merged(const bfd::SessionSnapshot& status) noexcept {
    bfd::SessionEvent out;
    out.now = status;
    out.reported_state = std::exchange(told_state_, status.session_state);
    out.causes = std::exchange(causes_, std::uint8_t{0});
    out.transitions = std::exchange(transitions_, 0);
    out.downs = std::exchange(downs_, 0);
    if (out.downs != 0) out.down_diag = down_diag_;
    if (out.transitions != 0) {
        out.causes |= kStateCause;
        out.first_at = first_at_;
        out.last_at = status.last_state_change;
    } else {
        out.causes |= kParametersCause;
    }
    out.loop_gap = std::exchange(loop_gap_, Nanoseconds{});
    out.source = source_;
    return out;
}

}  // namespace tocsin::control::notify
