#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/runtime/token_bucket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace tocsin::runtime {

/// How many Echo packets of peers one worker sends back on one port, by the MAC address that they
/// come from: a station that sends too many has only its own share to lose. Bounded, whatever is
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
class EchoLimit {
public:
    /// A peer may have sent 8/3 of what its interval says: packets 3/4 of it apart, and one more
    /// between any two, RFC 5880 6.8.9.
    static constexpr std::uint64_t kSlack = 3;
    /// Shares that all stations have together: others lose nothing while up to three take theirs.
    static constexpr std::uint64_t kShares = 4;
    /// What comes at once after the worker or the link stood still: of a tenth of a second, which
    /// is what peers that keep to the interval itself send in 0.3 s; never fewer than this.
    static constexpr std::uint64_t kLeastBurst = 64;
    /// A station that is not new any more.
    static constexpr Nanoseconds kEstablished = std::chrono::minutes{1};
    static constexpr Nanoseconds kQuiet = std::chrono::minutes{1};
    static constexpr std::size_t kStations = 256;

    /// `secret`: which stations compete for the same places.
    explicit EchoLimit(std::uint64_t secret) noexcept
        : multiplier_{secret | 1U}, share_{1, 1}, whole_{1, 1} {}

    /// `rate`: packets a second that all sessions of the port together advertise, nonzero.
    void allow(std::uint32_t rate, Instant now) noexcept {
        const std::uint64_t each = kSlack * rate;
        const std::uint64_t burst = std::max(each / 10, kLeastBurst);
        share_ = TokenRate{each, burst};
        burst_ = burst;
        // One packet for each place besides: when all are taken at once, nobody else notices.
        whole_ = TokenRate{kShares * each, kShares * burst + kStations};
        // An instant that meant a slower rate would be far away.
        const Instant empty = share_.only(0, now);
        for (Set& set : sets_) {
            for (Station& s : set) s.full_at = std::min(s.full_at, empty);
        }
        strangers_.full_at = std::min(strangers_.full_at, empty);
        whole_full_at_ = std::min(whole_full_at_, whole_.only(0, now));
    }

    /// Whether a packet from this MAC address may go back.
    [[nodiscard]] bool take(const std::uint8_t* mac, Instant now) noexcept {
        Station& station = bucket_of(key(mac), now);
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

    [[nodiscard]] static std::uint64_t key(const std::uint8_t* mac) noexcept {
        std::uint64_t out = 1;  // so that it is never 0
        for (int i = 0; i < 6; ++i) out = out << 8U | mac[i];
        return out;
    }

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
