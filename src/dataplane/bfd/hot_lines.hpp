#pragma once

#include "dataplane/bfd/session.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace tocsin::bfd {

/// The hot line of every slot, and behind each one as many octets as its engine's owner asked for:
/// what is used together lies on one page, since at a million sessions every page is a miss.
class HotLines {
public:
    /// From the first octet of one slot to that of the next; `beside` is a multiple of 64.
    [[nodiscard]] static constexpr std::size_t spacing(std::uint32_t beside) noexcept {
        return sizeof(SessionHot) + beside;
    }

    /// `memory` is `slots` times the spacing, aligned to 64, and outlives this. Touches nothing of
    /// what lies beside.
    HotLines(std::span<std::byte> memory, std::uint32_t slots, std::uint32_t beside) noexcept
        : first_{memory.data()}, spacing_{spacing(beside)}, size_{slots} {
        for (std::uint32_t i = 0; i < slots; ++i) {
            std::construct_at(reinterpret_cast<SessionHot*>(first_ + i * spacing_));
        }
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    [[nodiscard]] SessionHot& operator[](std::uint32_t slot) const noexcept {
        return *reinterpret_cast<SessionHot*>(first_ + slot * spacing_);
    }
    /// The slot of a line of ours.
    [[nodiscard]] Slot slot_of(const SessionHot& hot) const noexcept {
        const auto offset = reinterpret_cast<const std::byte*>(&hot) - first_;
        return {static_cast<std::uint32_t>(static_cast<std::size_t>(offset) / spacing_)};
    }

private:
    std::byte* first_;
    std::size_t spacing_;
    std::uint32_t size_;
};

}  // namespace tocsin::bfd
