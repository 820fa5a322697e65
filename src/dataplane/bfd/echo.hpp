#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tocsin::bfd {

/// Authenticates what we send to ourselves; from the system's random generator, new at each start.
using EchoSecret = std::array<std::uint8_t, 20>;

inline constexpr std::size_t kEchoLength = 40;
using EchoOctets = std::array<std::uint8_t, kEchoLength>;

// Octet offsets; numbers are big-endian. The discriminator lies where a Control packet has My
// Discriminator, so that whatever comes back is found by it.
inline constexpr std::size_t kEchoMarkOffset = 0;
inline constexpr std::size_t kEchoDiscriminatorOffset = 4;
inline constexpr std::size_t kEchoSequenceOffset = 8;
inline constexpr std::size_t kEchoDepartureOffset = 16;
inline constexpr std::size_t kEchoTagOffset = 24;

/// The payload of an Echo packet of ours, RFC 5880 5: a local matter.
struct EchoPacket {
    Discriminator local_discr;
    std::uint32_t sequence = 0;
    Instant departure{};
};

/// As sent. The tag covers all of it: only who knows the secret can make one.
[[nodiscard]] EchoOctets encode_echo(const EchoPacket& packet, const EchoSecret& secret) noexcept;

/// Whether a UDP payload has the mark and length of an Echo packet of ours: cheap, proves nothing.
[[nodiscard]] bool looks_like_echo(std::span<const std::uint8_t> payload) noexcept;

/// The fields of what looks_like_echo(), not to be believed before echo_is_ours().
[[nodiscard]] EchoPacket decode_echo(std::span<const std::uint8_t> payload,
                                     const EchoSecret& secret) noexcept;
/// Whether the tag is right; compared in constant time.
[[nodiscard]] bool echo_is_ours(std::span<const std::uint8_t> payload,
                                const EchoSecret& secret) noexcept;

/// Times from departure to return, in nanoseconds, at most 4.29 s each; 0 before the first return.
struct EchoRoundTrip {
    std::uint32_t last = 0;
    std::uint32_t least = 0;
    std::uint32_t most = 0;
    std::uint32_t average = 0;  ///< moving, each one weighs an eighth

    void record(Nanoseconds round_trip) noexcept;
    friend bool operator==(const EchoRoundTrip&, const EchoRoundTrip&) = default;
};

}  // namespace tocsin::bfd
