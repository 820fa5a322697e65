#include "control/session/source_ports.hpp"

#include <algorithm>

namespace tocsin::control::session {

SourcePorts::SourcePorts(std::uint64_t seed, std::uint16_t first)
    : random_state_{seed | 1U}, first_{first}, levels_(1) {
    levels_[0].reserve(kCount);
    for (std::uint32_t i = 0; i < kCount; ++i) {
        position_[i] = static_cast<std::uint16_t>(i);
        levels_[0].push_back(static_cast<std::uint16_t>(i));
    }
}

std::uint16_t SourcePorts::acquire() {
    const auto lowest =
        std::ranges::find_if(levels_, [](const auto& level) { return !level.empty(); });
    const auto level = static_cast<std::size_t>(lowest - levels_.begin());
    const std::uint16_t index = (*lowest)[random(static_cast<std::uint32_t>(lowest->size()))];
    move(index, level + 1);
    return static_cast<std::uint16_t>(first_ + index);
}

void SourcePorts::release(std::uint16_t port) {
    if (!owns(port)) return;
    const auto index = static_cast<std::uint16_t>(port - first_);
    if (level_of_[index] == 0) return;
    move(index, level_of_[index] - 1);
}

void SourcePorts::move(std::uint16_t index, std::size_t level) {
    auto& from = levels_[level_of_[index]];
    const std::uint16_t last = from.back();
    from[position_[index]] = last;
    position_[last] = position_[index];
    from.pop_back();
    if (level == levels_.size()) levels_.emplace_back();
    position_[index] = static_cast<std::uint16_t>(levels_[level].size());
    levels_[level].push_back(index);
    level_of_[index] = static_cast<std::uint32_t>(level);
}

std::uint32_t SourcePorts::random(std::uint32_t below) noexcept {
    random_state_ ^= random_state_ << 13U;
    random_state_ ^= random_state_ >> 7U;
    random_state_ ^= random_state_ << 17U;
    return static_cast<std::uint32_t>((random_state_ >> 32U) * below >> 32U);
}

}  // namespace tocsin::control::session
