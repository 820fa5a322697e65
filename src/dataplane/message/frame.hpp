#pragma once

#include "dataplane/base/types.hpp"

#include <array>
#include <cstdint>
#include <type_traits>

namespace tocsin::message {

/// A whole Ethernet frame of the slow path (ARP, neighbour discovery, ICMP), by value: punted by a
/// worker to control, or sent by control through a worker. Larger frames are not handled.
struct Frame {
    static constexpr std::size_t kCapacity = 2036;

    Instant received_at{};  ///< worker time; unused when sending
    PortId port;
    std::uint16_t length = 0;
    std::array<std::uint8_t, kCapacity> octets{};
};
static_assert(std::is_trivially_copyable_v<Frame> && sizeof(Frame) == 2048);

}  // namespace tocsin::message
