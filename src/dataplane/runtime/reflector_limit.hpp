#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/key_table.hpp"
#include "dataplane/runtime/station_limit.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tocsin::runtime {

/// How many requests to S-BFD reflectors one worker answers on one port, by the IP address that
/// they come from: initiators behind one router have the same MAC address. One owner.
class ReflectorLimit {
public:
    /// At once: what comes in a tenth of a second, never fewer than this.
    static constexpr std::uint64_t kLeastBurst = 64;

    /// `secret`: which sources compete for the same places.
    explicit ReflectorLimit(std::uint64_t secret) noexcept : secret_{secret}, limit_{secret} {}

    /// Packets a second, both nonzero: of all sources together, and of each.
    void allow(std::uint32_t all, std::uint32_t each, Instant now) noexcept {
        each = std::min(each, all);
        limit_.allow(each, burst(each), all, burst(all) + StationLimit::kStations, now);
    }

    /// Whether one from this address may be answered.
    [[nodiscard]] bool take(const IpAddress& source, Instant now) noexcept {
        std::uint64_t words[2]{};
        if (source.is_v4()) {
            std::memcpy(words, source.octets.data(), 4);  // as much as was written last
        } else {
            std::memcpy(words, source.octets.data(), sizeof words);
        }
        // Two sources of one number would share: keyed, so that nobody can choose them.
        const std::uint64_t number =
            bfd::fold(words[0] ^ secret_, words[1] ^ ~secret_ ^ source.wire().size());
        return limit_.take(number | 1U, now);
    }

private:
    [[nodiscard]] static std::uint64_t burst(std::uint64_t rate) noexcept {
        return std::max(rate / 10, kLeastBurst);
    }

    std::uint64_t secret_;
    StationLimit limit_;
};

}  // namespace tocsin::runtime
