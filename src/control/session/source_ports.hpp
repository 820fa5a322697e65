#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace tocsin::control::session {

/// UDP source ports of one range, 49152..65535 by RFC 5881 4: each session keeps one; unique while
/// free ones remain, then shared as evenly as possible. The choice among equals is random, so that
/// a port just given back is rarely the next one taken.
class SourcePorts {
public:
    static constexpr std::uint16_t kFirst = 49152;
    static constexpr std::uint32_t kCount = 16384;

    /// Of initiators of S-BFD, RFC 7881 2: any but 7784, unique among them.
    static constexpr std::uint16_t kFirstOfInitiators = kFirst - kCount;

    explicit SourcePorts(std::uint64_t seed, std::uint16_t first = kFirst);

    /// A port that no other serves fewer sessions than.
    [[nodiscard]] std::uint16_t acquire();
    /// `port` came from acquire() and was not released as often.
    void release(std::uint16_t port);
    /// Whether `port` is of this range.
    [[nodiscard]] bool owns(std::uint16_t port) const noexcept {
        return port >= first_ && port - first_ < static_cast<int>(kCount);
    }

private:
    void move(std::uint16_t index, std::size_t level);
    [[nodiscard]] std::uint32_t random(std::uint32_t below) noexcept;

    std::uint64_t random_state_;
    std::uint16_t first_;
    std::vector<std::vector<std::uint16_t>> levels_;  ///< ports (from 0) by number of sessions
    std::array<std::uint32_t, kCount> level_of_{};
    std::array<std::uint16_t, kCount> position_{};  ///< in its level
};

}  // namespace tocsin::control::session
