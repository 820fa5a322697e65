#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>

namespace tocsin {

/// An integer that cannot be mistaken for another one. Same size and registers as Rep.
template <class Tag, class Rep>
struct Id {
    Rep value{};
    friend constexpr auto operator<=>(Id, Id) = default;
};

using Discriminator = Id<struct DiscriminatorTag, std::uint32_t>;  ///< host order; 0 = not known
using PortId = Id<struct PortIdTag, std::uint16_t>;                ///< DPDK ethdev port
using QueueId = Id<struct QueueIdTag, std::uint16_t>;              ///< DPDK rx or tx queue
using WorkerId = Id<struct WorkerIdTag, std::uint16_t>;            ///< index among workers, from 0
using Slot = Id<struct SlotTag, std::uint32_t>;  ///< index of a session in its worker's arrays

/// A tag without now(): the core is told the time and cannot ask for it.
struct WorkerClock {};
using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;
using Instant = std::chrono::time_point<WorkerClock, Nanoseconds>;
using WireInterval = std::chrono::duration<std::uint32_t, std::micro>;  ///< as sent, RFC 5880 4.1

using MacAddress = std::array<std::uint8_t, 6>;

}  // namespace tocsin
