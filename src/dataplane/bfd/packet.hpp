#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/diag.hpp"
#include "dataplane/bfd/fsm.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kControlPacketLength = 24;  ///< mandatory section, RFC 5880 4.1

// Octet offsets of the mandatory section, RFC 5880 4.1.
inline constexpr std::size_t kStateOffset = 1;
inline constexpr std::size_t kDetectMultOffset = 2;
inline constexpr std::size_t kLengthOffset = 3;
inline constexpr std::size_t kMyDiscriminatorOffset = 4;
inline constexpr std::size_t kYourDiscriminatorOffset = 8;
inline constexpr std::size_t kDesiredMinTxOffset = 12;
inline constexpr std::size_t kRequiredMinRxOffset = 16;
inline constexpr std::size_t kRequiredMinEchoRxOffset = 20;

// Octet 1 below the state, RFC 5880 4.1.
inline constexpr std::uint8_t kPollBit = 0x20;
inline constexpr std::uint8_t kFinalBit = 0x10;
inline constexpr std::uint8_t kControlPlaneIndependentBit = 0x08;
inline constexpr std::uint8_t kAuthenticationBit = 0x04;
inline constexpr std::uint8_t kDemandBit = 0x02;
inline constexpr std::uint8_t kMultipointBit = 0x01;

using ControlOctets = std::array<std::uint8_t, kControlPacketLength>;

/// The mandatory section of a Control packet, RFC 5880 4.1. Intervals in microseconds as on the
/// wire.
struct ControlPacket {
    Diag diag{};
    SessionState state{};
    bool poll = false;
    bool final = false;
    bool control_plane_independent = false;
    bool authentication_present = false;
    bool demand = false;
    bool multipoint = false;
    std::uint8_t detect_mult = 0;
    std::uint8_t length = kControlPacketLength;  ///< octets, Authentication Section included
    Discriminator my_discriminator;
    Discriminator your_discriminator;
    WireInterval desired_min_tx_interval{};
    WireInterval required_min_rx_interval{};
    WireInterval required_min_echo_rx_interval{};

    friend constexpr bool operator==(const ControlPacket&, const ControlPacket&) = default;
};

/// The packet as sent: version 1, all fields as given.
[[nodiscard]] ControlOctets encode(const ControlPacket& packet) noexcept;
/// The same where it is wanted.
void encode(const ControlPacket& packet, std::span<std::uint8_t, kControlPacketLength> to) noexcept;

/// Reads the mandatory section and applies the checks of RFC 5880 6.8.6 that need no session, in
/// its order: version, Length, Detect Mult, M, My Discriminator, and state with Your Discriminator
/// zero. `payload` is what the encapsulation carried; octets behind Length are ignored. Returns
/// None and fills `out`, or the first reason to discard.
[[nodiscard]] DropReason decode(std::span<const std::uint8_t> payload, ControlPacket& out) noexcept;

}  // namespace tocsin::bfd
