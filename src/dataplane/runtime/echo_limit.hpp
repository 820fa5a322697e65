#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/runtime/station_limit.hpp"

#include <algorithm>
#include <cstdint>

namespace tocsin::runtime {

/// How many Echo packets of peers one worker sends back on one port, by the MAC address that they
/// come from. One owner.
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
    static constexpr Nanoseconds kEstablished = StationLimit::kEstablished;
    static constexpr Nanoseconds kQuiet = StationLimit::kQuiet;
    static constexpr std::size_t kStations = StationLimit::kStations;

    /// `secret`: which stations compete for the same places.
    explicit EchoLimit(std::uint64_t secret) noexcept : limit_{secret} {}

    /// `rate`: packets a second that all sessions of the port together advertise, nonzero.
    void allow(std::uint32_t rate, Instant now) noexcept {
        const std::uint64_t each = kSlack * rate;
        const std::uint64_t burst = std::max(each / 10, kLeastBurst);
        // One packet for each place besides: when all are taken at once, nobody else notices.
        limit_.allow(each, burst, kShares * each, kShares * burst + kStations, now);
    }

    /// Whether a packet from this MAC address may go back.
    [[nodiscard]] bool take(const std::uint8_t* mac, Instant now) noexcept {
        return limit_.take(key(mac), now);
    }

private:
    [[nodiscard]] static std::uint64_t key(const std::uint8_t* mac) noexcept {
        std::uint64_t out = 1;  // so that it is never 0
        for (int i = 0; i < 6; ++i) out = out << 8U | mac[i];
        return out;
    }

    StationLimit limit_;
};

}  // namespace tocsin::runtime
