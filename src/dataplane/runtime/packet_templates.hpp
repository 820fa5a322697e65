#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/echo.hpp"
#include "dataplane/bfd/engine_sink.hpp"
#include "dataplane/message/command.hpp"
#include "overlay/header_template.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tocsin::runtime {

/// The longest packet that a template may be; also what copy() may write, whatever the length:
/// constants copy faster.
inline constexpr std::size_t kTemplateOctets = 128;

/// Octets of the longest frame with padding: what an mbuf holds behind its headroom, less what
/// af_packet takes of its own buffers.
inline constexpr std::size_t kLargestPacket = message::kLargestPaddedPacket + 14;

/// The packet of every session, ready to copy: headers, then a Control packet, UDP checksum
/// complete. What is known about it lies behind it in the same two cache lines. Owner: one
/// worker.
class PacketTemplates {
public:
    /// What one slot takes.
    static constexpr std::uint32_t kPerSlot = kTemplateOctets;

    /// The template of slot n is at `first` + n * `spacing`: zeros, aligned to 64, there for longer
    /// than this.
    PacketTemplates(std::uint32_t slots, std::byte* first, std::size_t spacing) noexcept
        : slots_{slots}, first_{first}, spacing_{spacing} {}

    /// What a slot holds, for putting it back.
    struct Saved;

    [[nodiscard]] std::uint32_t slots() const noexcept { return slots_; }
    /// Octets of the packet; 0: it is padded, see padded_packet_length(), or the next hop is not
    /// known and nothing can be sent.
    [[nodiscard]] std::uint16_t packet_length(Slot s) const noexcept {
        const Info& info = at(s).info;
        return info.headers == 0 ? 0 : static_cast<std::uint16_t>(info.headers + info.payload);
    }
    /// Octets of a packet with padding, of which copy_padded() writes all; 0: it has none, or
    /// nothing can be sent.
    [[nodiscard]] std::size_t padded_packet_length(Slot s) const noexcept;
    [[nodiscard]] bool has_headers(Slot s) const noexcept { return at(s).info.in_front() != 0; }
    [[nodiscard]] std::size_t payload_length(Slot s) const noexcept { return at(s).info.payload; }
    [[nodiscard]] PortId port(Slot s) const noexcept { return {at(s).info.port}; }
    [[nodiscard]] const std::uint8_t* packet(Slot s) const noexcept { return at(s).octets.data(); }
    /// Writes the packet of `length` octets, and up to kTemplateOctets, to `to`.
    void copy(Slot s, std::uint16_t length, std::uint8_t* to) const noexcept {
        constexpr std::size_t kShort = 80;  // plain IPv4
        if (length <= kShort) {
            std::memcpy(to, packet(s), kShort);
        } else {
            std::memcpy(to, packet(s), kTemplateOctets);
        }
    }
    /// The packet, and zeros up to padded_packet_length().
    void copy_padded(Slot s, std::uint8_t* to) const noexcept;
    void prefetch(Slot s) const noexcept {
        __builtin_prefetch(&at(s));
        __builtin_prefetch(at(s).octets.data() + 64);
    }

    void set_port(Slot s, PortId port) noexcept { at(s).info.port = port.value; }
    /// New headers in front of the same payload. Headers that do not fit, or not with the payload,
    /// count as none.
    void set_headers(Slot s, const overlay::HeaderTemplate& headers) noexcept;
    /// Another payload, of another length too. Where it does not fit behind the headers, there are
    /// none.
    void set_payload(Slot s, bfd::ControlPayload payload) noexcept;
    /// Completes a copy of this slot's packet that carries another payload of the same length.
    void replace_payload(Slot s, bfd::ControlPayload payload, std::uint8_t* copy) const noexcept;

    /// Writes an Echo packet by this slot's link to `to`, which has room for kTemplateOctets: to
    /// ourselves, from `source`, or from ourselves too when that has no family. Its length, or 0
    /// when there are no headers.
    [[nodiscard]] std::uint16_t make_echo(Slot s, const IpAddress& source,
                                          const bfd::EchoOctets& payload,
                                          std::uint8_t* to) const noexcept;
    /// The family of this slot's headers.
    [[nodiscard]] bool is_v4(Slot s) const noexcept {
        return at(s).octets[at(s).info.ip_offset] >> 4U == 4;
    }

    [[nodiscard]] Saved save(Slot s) const noexcept;
    void restore(Slot s, const Saved& saved) noexcept;

private:
    struct Info {
        std::uint16_t port;
        std::uint8_t
            headers;  ///< octets in front of the payload, but see padded; 0 = none, it comes first
        std::uint8_t payload;  ///< octets of it
        std::uint8_t ip_offset;
        std::uint8_t udp_offset;  ///< 0: no headers
        /// Least octets of UDP payload; 0 = no padding. With it `headers` is 0, so that who sends
        /// what is not padded need not look here, and the payload follows the UDP header.
        std::uint16_t padded;

        [[nodiscard]] std::uint8_t in_front() const noexcept;
    };
    static constexpr std::size_t kOctets = kTemplateOctets - sizeof(Info);
    static_assert(kOctets >= overlay::HeaderTemplate::kCapacity + bfd::kControlPacketLength);
    struct alignas(64) Packet {
        std::array<std::uint8_t, kOctets> octets;
        Info info;
    };
    static_assert(sizeof(Packet) == kTemplateOctets);

    /// What headers.hpp's functions need to know of a packet's headers.
    [[nodiscard]] static overlay::HeaderTemplate shape(const Info& info) noexcept;
    static void set_lengths(Packet& packet) noexcept;
    void finish_checksum(Slot s, std::uint8_t* packet) const noexcept;

    [[nodiscard]] Packet& at(Slot s) const noexcept {
        return *reinterpret_cast<Packet*>(first_ + s.value * spacing_);
    }

    std::uint32_t slots_;
    std::byte* first_;
    std::size_t spacing_;
};

struct PacketTemplates::Saved {
    Packet packet;
};

inline PacketTemplates::Saved PacketTemplates::save(Slot s) const noexcept { return {at(s)}; }

inline void PacketTemplates::restore(Slot s, const Saved& saved) noexcept { at(s) = saved.packet; }

}  // namespace tocsin::runtime
