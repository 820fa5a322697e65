#pragma once

#include "dataplane/base/types.hpp"

#include <cstdint>

namespace tocsin::simulation {

/// The time that all ends share and none can see; from 0.
using TrueTime = Nanoseconds;

/// The clock of one end: it started somewhere and runs a little fast or slow.
struct DriftingClock {
    Nanoseconds offset{0};
    std::int64_t parts_per_million = 0;

    [[nodiscard]] Instant at(TrueTime t) const noexcept {
        return Instant{offset + t + t / 1'000'000 * parts_per_million +
                       t % 1'000'000 * parts_per_million / 1'000'000};
    }
    /// The first true time at which this clock shows `local` or more.
    [[nodiscard]] TrueTime when(Instant local) const noexcept {
        const Nanoseconds shown = local.time_since_epoch() - offset;
        TrueTime t = shown - shown / (1'000'000 + parts_per_million) * parts_per_million;
        const auto off = [&] { return (local - at(t)).count(); };
        for (int i = 0; i < 4 && off() != 0; ++i) t += Nanoseconds{off()};
        while (at(t) < local) t += Nanoseconds{1};
        while (t.count() > 0 && at(t - Nanoseconds{1}) >= local) t -= Nanoseconds{1};
        return t;
    }
};

}  // namespace tocsin::simulation
