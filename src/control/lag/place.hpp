#pragma once

#include "control/notify/indication.hpp"
#include "dataplane/base/types.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tocsin::control::lag {

/// What the micro-BFD sessions of a member link say together of a load-balancing table.
enum class Verdict : std::uint8_t {
    None,    ///< no statement: one of them has not been Up yet, or is not there
    Up,      ///< all of them are Up
    Failed,  ///< one of them was Up and is not any more
    Admin,   ///< none failed, and an administrator, ours or the peer's, has one of them down
};

/// `sessions`: what clients know of each one, holds and dampening included.
[[nodiscard]] Verdict verdict(std::span<const notify::Indication> sessions) noexcept;

/// Why a member is in a table or not.
enum class Reason : std::uint8_t {
    NotUpYet,   ///< out: the sessions have to come up first, RFC 7130 3
    Assumed,    ///< in: it forwarded before its sessions began, RFC 7130 appendix A
    Up,         ///< in: all sessions are Up
    AdminDown,  ///< in or out as before: AdminDown says nothing of the link, RFC 7130 appendix A
    Failed,     ///< out: a session went Down, RFC 7130 5
    Timeout,    ///< out: it was assumed for longer than up_timeout
    Inactive,   ///< out: link or LAG went down while it was assumed
};
inline constexpr std::size_t kReasons = 7;
[[nodiscard]] constexpr std::string_view name(Reason reason) noexcept {
    constexpr std::array<std::string_view, kReasons> kNames{
        "not_up_yet", "assumed", "up", "admin_down", "failed", "timeout", "inactive"};
    return kNames[static_cast<std::size_t>(reason)];
}

/// A member link's place in one load-balancing table as micro-BFD has it: a function of verdicts
/// and time.
class Place {
public:
    /// The sessions begin. `forwards`: the member is in the table now.
    void begin(bool forwards) noexcept;
    /// `timeout` 0: there is none. It runs while the member is in the table and nothing but that it
    /// was there speaks for it.
    void judge(Verdict verdict, Instant now, std::chrono::milliseconds timeout) noexcept;
    /// Link or LAG is down: what was only assumed does not hold any more.
    void inactive() noexcept;

    [[nodiscard]] bool in() const noexcept { return in_; }
    /// All sessions are Up.
    [[nodiscard]] bool confirmed() const noexcept { return in_ && reason_ == Reason::Up; }
    [[nodiscard]] Reason reason() const noexcept { return reason_; }
    /// When judge() is due; nullopt: only verdicts matter.
    [[nodiscard]] std::optional<Instant> deadline() const noexcept;

private:
    void be(bool in, Reason reason) noexcept {
        in_ = in;
        reason_ = reason;
    }

    bool in_ = false;
    Reason reason_ = Reason::NotUpYet;
    std::optional<Instant> assumed_since_;  ///< without a word of an administrator
    std::chrono::milliseconds timeout_{0};
};

}  // namespace tocsin::control::lag
