#pragma once

#include "control/lsp_ping/fec.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tocsin::control::lsp_ping {

// RFC 8029 3 as far as RFC 5884 needs it. Pure: no clock, no socket.

inline constexpr std::uint16_t kPort = 3503;
inline constexpr std::uint16_t kVersion = 1;
inline constexpr std::size_t kHeaderLength = 32;

inline constexpr std::uint8_t kEchoRequest = 1;
inline constexpr std::uint8_t kEchoReply = 2;

/// How a request wants to be answered, RFC 8029 3.
enum class ReplyMode : std::uint8_t {
    None = 1,
    Udp = 2,
    UdpRouterAlert = 3,  ///< deprecated, RFC 9570
    ControlChannel = 4,
};

// Return codes, RFC 8029 3.1.
inline constexpr std::uint8_t kMalformed = 1;
inline constexpr std::uint8_t kTlvNotUnderstood = 2;
inline constexpr std::uint8_t kEgress = 3;
inline constexpr std::uint8_t kNoMapping = 4;       ///< no mapping for the FEC at this stack depth
inline constexpr std::uint8_t kLabelMismatch = 10;  ///< mapping is not the given label

// TLVs, RFC 8029 3, RFC 5884 6.1, RFC 7110, RFC 9612.
inline constexpr std::uint16_t kTargetFecStack = 1;
inline constexpr std::uint16_t kPad = 3;
inline constexpr std::uint16_t kErroredTlvs = 9;
inline constexpr std::uint16_t kReplyTos = 10;
inline constexpr std::uint16_t kBfdDiscriminator = 15;
inline constexpr std::uint16_t kReplyPath = 21;
inline constexpr std::uint16_t kBfdReversePath = 16384;
/// Types from here on may be ignored by who does not know them.
inline constexpr std::uint16_t kFirstOptional = 32768;

/// What a TLV that we know is called; empty: we do not.
[[nodiscard]] std::string_view tlv_name(std::uint16_t type) noexcept;

struct Message {
    std::uint8_t type = kEchoRequest;
    ReplyMode reply_mode = ReplyMode::Udp;
    std::uint8_t return_code = 0;
    std::uint8_t return_subcode = 0;
    std::uint16_t flags = 0;
    std::uint32_t handle = 0;
    std::uint32_t sequence = 0;
    std::uint64_t sent = 0;               ///< NTP, seconds since 1900 in the upper half
    std::uint64_t received = 0;           ///< likewise
    std::vector<Fec> fecs{};              ///< the Target FEC Stack; empty: no such TLV
    std::uint32_t discriminator = 0;      ///< of the BFD Discriminator TLV; 0: there is none
    std::vector<std::uint8_t> errored{};  ///< value of an Errored TLVs TLV; empty: there is none

    friend bool operator==(const Message&, const Message&) = default;
};

[[nodiscard]] std::vector<std::uint8_t> encode(const Message& message);

enum class Fault : std::uint8_t {
    None,
    TooShort,  ///< not even a header; nothing can be answered
    Version,
    Type,           ///< neither request nor reply
    Malformed,      ///< answered with kMalformed
    NotUnderstood,  ///< TLVs below 32768 that we do not know: they are in `errored`
};

/// What could be read is in `out`, the header at least with Malformed and NotUnderstood.
[[nodiscard]] Fault decode(std::span<const std::uint8_t> octets, Message& out);

/// Nanoseconds since 1970 as NTP writes them.
[[nodiscard]] std::uint64_t ntp_time(std::uint64_t unix_ns) noexcept;

}  // namespace tocsin::control::lsp_ping
