#pragma once

#include "control/notify/policy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin::control::config {

// The rules for what clients are told when, whoever asks for it: the file and SessionService.

/// Dampening as somebody wrote it; what is left out has its default.
struct DampeningDraft {
    bool enabled = true;
    std::optional<std::chrono::microseconds> half_life{};
    std::optional<std::int64_t> suppress{};
    std::optional<std::int64_t> reuse{};
    std::optional<std::chrono::microseconds> max_suppress{};  ///< default: four half-lives
    std::optional<std::int64_t> penalty{};
};

/// nullopt when `value` is a whole number of milliseconds up to a day, or ten minutes.
[[nodiscard]] std::optional<std::string> up_hold_fault(std::chrono::microseconds value);
[[nodiscard]] std::optional<std::string> down_hold_fault(std::chrono::microseconds value);
/// What `draft` says; nullopt and `member` and `why` when it is wrong.
[[nodiscard]] std::optional<notify::Dampening> read_dampening(const DampeningDraft& draft,
                                                              std::string_view& member,
                                                              std::string& why);
/// The draft that read_dampening() would read as `how`.
[[nodiscard]] DampeningDraft draft_of(const notify::Dampening& how);

}  // namespace tocsin::control::config
