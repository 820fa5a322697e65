#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/drop_reason.hpp"
#include "overlay/datagram.hpp"
#include "overlay/header_writer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tocsin::overlay {

inline constexpr std::size_t kLabelLength = 4;
inline constexpr std::uint32_t kMostLabel = 0xfffff;
inline constexpr std::uint32_t kFirstFreeLabel = 16;  ///< those below are reserved, RFC 3032 2.1

inline constexpr std::uint32_t kIpv4ExplicitNull = 0;  ///< RFC 3032 2.1
inline constexpr std::uint32_t kRouterAlertLabel = 1;  ///< RFC 3032 2.1
inline constexpr std::uint32_t kIpv6ExplicitNull = 2;  ///< RFC 3032 2.1
inline constexpr std::uint32_t kImplicitNull = 3;      ///< signalled and never sent
inline constexpr std::uint32_t kGal = 13;              ///< generic associated channel, RFC 5586 4

/// An entry of a label stack, RFC 3032 2.1, but for the bit S, which follows from its place.
struct Label {
    std::uint32_t value = 0;  ///< 0..kMostLabel
    std::uint8_t tc = 6;      ///< traffic class, 0..7; as CS6
    std::uint8_t ttl = 255;

    friend constexpr bool operator==(const Label&, const Label&) = default;
};

/// What a packet is sent under, outermost first; none behind penultimate hop popping.
struct LabelStack {
    static constexpr std::size_t kMost = 8;

    std::size_t size = 0;
    std::array<Label, kMost> labels{};

    /// False: there is no room.
    constexpr bool push(const Label& label) noexcept {
        if (size == kMost) return false;
        labels[size++] = label;
        return true;
    }

    friend constexpr bool operator==(const LabelStack&, const LabelStack&) = default;
};

/// Writes `stack` with S on its last entry.
void write_labels(HeaderWriter& w, const LabelStack& stack) noexcept;

/// The end of a label stack as it was received. What stands above it is the network's.
struct BottomLabels {
    /// Entries that are looked at, so that no frame keeps a worker busy.
    static constexpr std::size_t kDeepest = 16;

    std::size_t depth = 0;
    Label bottom;  ///< has S
    Label second;  ///< above it; with depth 1 as bottom
    Label third;   ///< likewise
    Octets behind;
};

/// Takes a label stack off. LabelStack: cut off, deeper than kDeepest, or nothing behind it.
[[nodiscard]] DropReason open_labels(Octets octets, BottomLabels& out) noexcept;

}  // namespace tocsin::overlay
