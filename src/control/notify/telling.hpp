#pragma once

#include "control/notify/indication.hpp"
#include "control/notify/penalty.hpp"
#include "control/notify/policy.hpp"
#include "dataplane/bfd/session_event.hpp"

#include <cstdint>
#include <optional>

namespace tocsin::control::notify {

/// What clients were last told of a session.
struct Told {
    Indication indication = Indication::None;
    Held held = Held::None;
    friend constexpr bool operator==(Told, Told) = default;
};

/// What clients are told of one session that has a Policy, and when. A function of events and time;
/// an Up may come late, a failure only by `down_hold`, and AdminDown never.
class Telling {
public:
    Telling() = default;
    /// Of a session that `now` describes and clients know as `told`.
    Telling(const Policy& policy, const bfd::SessionSnapshot& now, Indication told) noexcept;

    [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
    /// Takes effect with the next look().
    void set_policy(const Policy& policy) noexcept { policy_ = policy; }
    /// Forgets the penalty; takes effect with the next look().
    void clear_dampening() noexcept { penalty_.clear(); }

    /// The session changed. True: clients are to be told, by `out`, which has what was held back
    /// before merged into it. `told` is brought up to date.
    [[nodiscard]] bool on_event(const bfd::SessionEvent& event, Instant now, Told& told,
                                bfd::SessionEvent& out) noexcept;
    /// A deadline has passed, the policy changed or the penalty was cleared; `status` is of the
    /// session. As on_event().
    [[nodiscard]] bool look(const bfd::SessionSnapshot& status, Instant now, Told& told,
                            bfd::SessionEvent& out) noexcept;

    /// When look() is due; nullopt: only events matter.
    [[nodiscard]] std::optional<Instant> deadline() const noexcept { return deadline_; }
    [[nodiscard]] bool dampened() const noexcept { return dampened_; }
    [[nodiscard]] double penalty(Instant now) const noexcept {
        return penalty_.at(policy_.dampening, now);
    }
    /// When the dampening ends without another failure; only while dampened().
    [[nodiscard]] Instant reusable_at() const noexcept {
        return penalty_.reusable_at(policy_.dampening);
    }

private:
    void merge(const bfd::SessionEvent& event) noexcept;
    void count_failures(const bfd::SessionEvent& event, Indication before, Instant now) noexcept;
    [[nodiscard]] Told decide(Told told, Instant now) noexcept;
    [[nodiscard]] bfd::SessionEvent merged(const bfd::SessionSnapshot& status) noexcept;

    Policy policy_;
    Indication is_{};                 ///< of the session, whatever clients know
    bfd::SessionState told_state_{};  ///< in the last event that clients got
    bool dampened_ = false;
    std::uint8_t causes_ = 0;        ///< EventCause bits that were held back
    bfd::Diag down_diag_{};          ///< of the last of `downs_`
    std::uint32_t transitions_ = 0;  ///< held back
    std::uint32_t downs_ = 0;        ///< likewise
    std::uint32_t down_count_ = 0;
    Nanoseconds loop_gap_{};  ///< held back
    IpAddress source_;        ///< likewise
    Instant first_at_{};      ///< of the transitions that were held back
    Instant up_since_{};
    Instant failed_at_{};
    Penalty penalty_;
    std::optional<Instant> deadline_;
};

}  // namespace tocsin::control::notify
