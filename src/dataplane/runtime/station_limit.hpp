#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/runtime/token_bucket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace tocsin::runtime {

/// How many packets of others one worker sends back on one port, by a number for each station that
/// they come from: one that sends too many has only its own share to lose. Bounded, whatever is
/// forged. One owner.
///
/// A station that was heard keeps its place until it has been quiet for a minute. Stations for
/// which there is no place share one bucket: who invents addresses gets that one and nothing of
/// those that were there before.
///
/// A quarter of what all stations have together is for those that have been there for a minute and
/// have more than half of a burst left: established peers lose nothing to floods from however many
/// addresses, as long as each flood takes more than a share. What each of four or more addresses
/// takes for longer than a minute within its share cannot be told from peers, and is at their cost.
class StationLimit {
public:
    /// A station that is not new any more.
    static constexpr Nanoseconds kEstablished = std::chrono::minutes{1};
    static constexpr Nanoseconds kQuiet = std::chrono::minutes{1};
    static constexpr std::size_t kStations = 256;

    /// `secret`: which stations compete for the same places.
    explicit StationLimit(std::uint64_t secret) noexcept
        : multiplier_{secret | 1U}, share_{1, 1}, whole_{1, 1} {}

    /// Of each station and of all together, packets a second on average and at once; `all_burst` is
    /// more than `burst`.
    void allow(std::uint64_t each, std::uint64_t burst, std::uint64_t all, std::uint64_t all_burst,
               Instant now) noexcept {
        share_ = TokenRate{each, burst};
        burst_ = burst;
        whole_ = TokenRate{all, all_burst};
        // An instant that meant a slower rate would be far away.
        const Instant empty = share_.only(0, now);
        for (Set& set : sets_) {
            for (Station& s : set) s.full_at = std::min(s.full_at, empty);
        }
        strangers_.full_at = std::min(strangers_.full_at, empty);
        whole_full_at_ = std::min(whole_full_at_, whole_.only(0, now));
    }

    /// Whether a packet of the station with this number, never 0, may go back.
    [[nodiscard]] bool take(std::uint64_t key, Instant now) noexcept {
        Station& station = bucket_of(key, now);
        if (!share_.has(station.full_at, now)) return false;
        const bool trusted =
            now - station.since >= kEstablished && share_.has(station.full_at, now, burst_ / 2);
        // Also of what the others leave no room for: it shows who sends too many.
        station.full_at = share_.less(station.full_at, now);
        if (!whole_.has(whole_full_at_, now, trusted ? 0 : burst_)) return false;
        whole_full_at_ = whole_.less(whole_full_at_, now);
        return true;
    }

private:
    struct Station {
        std::uint64_t key = 0;  ///< 0: nobody's
        Instant full_at{-std::chrono::hours{1}};
        Instant since{};  ///< it has the place
    };
    static constexpr std::size_t kWays = 8;
    static constexpr unsigned kSetBits = 5;
    using Set = std::array<Station, kWays>;
    static_assert(kStations == kWays << kSetBits);

    [[nodiscard]] Station& bucket_of(std::uint64_t key, Instant now) noexcept {
        Set& set = sets_[key * multiplier_ >> (64U - kSetBits)];
        for (Station& s : set) {
            if (s.key == key) return s;
        }
        for (Station& s : set) {
            if (now - s.full_at <= kQuiet) continue;
            // Not a whole burst for each address that somebody thinks of.
            s = {key, share_.only(1, now), now};
            return s;
        }
        strangers_.since = now;  // new every time
        return strangers_;
    }

    std::uint64_t multiplier_;
    TokenRate share_;
    TokenRate whole_;
    std::uint64_t burst_ = 1;  ///< of a share
    Station strangers_{.key = 0, .full_at = Instant{}};
    Instant whole_full_at_{};
    std::array<Set, std::size_t{1} << kSetBits> sets_{};
};

}  // namespace tocsin::runtime
