#pragma once

#include "control/load/load.hpp"

#include <cstdint>
#include <string>

namespace tocsin::control::load {

/// How it shows that a worker does not keep up; bits.
enum Sign : std::uint8_t {
    kBusy = 1,     ///< hardly ever a turn without work, or no turn at all
    kLateTx = 2,   ///< periodic packets leave more than a millisecond late
    kBacklog = 4,  ///< turns end before the queues are empty or all timers are judged
    kMissed = 8,   ///< devices drop received packets, since nobody takes them
};

/// One interval of a worker.
struct Observation {
    Load load;                   ///< about a second
    std::uint64_t missed = 0;    ///< packets that the devices it reads dropped meanwhile
    std::uint64_t received = 0;  ///< packets of any kind that came from these devices
};

/// Judges intervals one after the other; a function of them alone. An interval is bad when it shows
/// any sign, calm when every figure is well below what makes one. Two bad ones in a row raise the
/// alarm, since a single stall of the machine is over before anything could be done about it; five
/// calm ones in a row end it, and so does a minute without a bad one: a load just below the limits
/// may stay for good.
class OverloadJudge {
public:
    static constexpr double kBusyShare = 0.9;
    static constexpr double kLateShare = 0.01;  ///< of the periodic packets
    static constexpr std::uint64_t kLateAtLeast = 10;
    static constexpr double kBacklogShare = 0.5;  ///< of the turns
    static constexpr double kMissedShare = 0.001;
    static constexpr std::uint64_t kMissedAtLeast = 100;
    static constexpr int kBadInARow = 2;
    static constexpr int kCalmInARow = 5;
    static constexpr int kNotBadInARow = 60;

    /// True: the alarm was raised or ended by this interval.
    bool judge(const Observation& seen) noexcept;

    [[nodiscard]] bool alarm() const noexcept { return alarm_; }
    /// Signs of the interval that raised the alarm and of those since; 0 without alarm.
    [[nodiscard]] std::uint8_t signs() const noexcept { return signs_; }

private:
    bool alarm_ = false;
    std::uint8_t signs_ = 0;
    int bad_ = 0;
    int calm_ = 0;
    int not_bad_ = 0;  ///< since the alarm or the last bad one
};

/// Signs of one interval; 0: not bad.
[[nodiscard]] std::uint8_t signs_of(const Observation& seen) noexcept;
/// "busy, late_tx".
[[nodiscard]] std::string names(std::uint8_t signs);
/// Periodic packets that left more than 1.024 ms late.
[[nodiscard]] std::uint64_t late(const Load& load) noexcept;

}  // namespace tocsin::control::load
