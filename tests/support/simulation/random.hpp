#pragma once

#include <cstdint>

namespace tocsin::simulation {

/// splitmix64: the one source of chance of a run, so that its seed replays it.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_{seed} {}

    std::uint64_t next() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
        z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
        return z ^ z >> 31U;
    }
    /// 0 .. n - 1; `n` at least 1.
    std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
    /// Both ends included.
    std::int64_t between(std::int64_t from, std::int64_t to) noexcept {
        return from + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(to - from) + 1));
    }
    /// True with probability `p` of 0 .. 1.
    bool chance(double p) noexcept { return static_cast<double>(next() >> 11U) * 0x1.0p-53 < p; }

private:
    std::uint64_t state_;
};

}  // namespace tocsin::simulation
