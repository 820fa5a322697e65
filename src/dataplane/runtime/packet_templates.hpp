#pragma once

#include "dataplane/base/ip.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/echo.hpp"
#include "dataplane/bfd/engine_sink.hpp"
#include "dataplane/message/command.hpp"
#include "overlay/header_template.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tocsin::runtime {

/// What a short template takes; also what copy() may write, whatever the length: constants copy
/// faster.
inline constexpr std::size_t kTemplateOctets = 128;

/// The longest packet without padding: headers with two tags, a tunnel over IPv6 with two tags
/// inside, and SHA1.
inline constexpr std::size_t kLongestTemplate = 256;

/// Octets of the longest frame with padding: what an mbuf holds behind its headroom, less what
/// af_packet takes of its own buffers.
inline constexpr std::size_t kLargestPacket = message::kLargestPaddedPacket + 14;

/// The packet of every session, ready to copy: headers, then a Control packet, UDP checksum
/// complete. What is known about it lies behind it in the same two cache lines; a packet that does
/// not fit there lies apart, where there is room for long ones. Owner: one worker.
class PacketTemplates {
public:
    /// The template of slot n is at `first` + n * `spacing`: kTemplateOctets of zeros, aligned to
    /// 64. `long_ones`: kLongestTemplate octets for each slot, aligned likewise, or empty: no
    /// longer packets then. Both are there for longer than this.
    PacketTemplates(std::uint32_t slots, std::byte* first, std::size_t spacing,
                    std::span<std::byte> long_ones) noexcept
        : slots_{slots}, first_{first}, spacing_{spacing}, long_ones_{long_ones} {}

    /// What a slot holds, for putting it back.
    struct Saved;

    [[nodiscard]] std::uint32_t slots() const noexcept { return slots_; }
    /// Octets of the packet; 0: it is padded or long, see rare_packet_length(), or the next hop is
    /// not known and nothing can be sent.
    [[nodiscard]] std::uint16_t packet_length(Slot s) const noexcept {
        const Info& info = at(s).info;
        return info.headers == 0 ? 0 : static_cast<std::uint16_t>(info.headers + info.payload);
    }
    /// Octets of a packet that is padded or long, of which copy_rare() writes all; 0: it is
    /// neither, or nothing can be sent.
    [[nodiscard]] std::size_t rare_packet_length(Slot s) const noexcept;
    [[nodiscard]] bool has_headers(Slot s) const noexcept { return at(s).info.in_front != 0; }
    [[nodiscard]] std::size_t payload_length(Slot s) const noexcept { return at(s).info.payload; }
    [[nodiscard]] PortId port(Slot s) const noexcept { return {at(s).info.port}; }
    [[nodiscard]] const std::uint8_t* packet(Slot s) const noexcept { return octets(s).data(); }
    /// Writes the packet of `length` octets, and up to kTemplateOctets, to `to`.
    void copy(Slot s, std::uint16_t length, std::uint8_t* to) const noexcept {
        constexpr std::size_t kShort = 80;  // plain IPv4
        if (length <= kShort) {
            std::memcpy(to, at(s).octets.data(), kShort);
        } else {
            std::memcpy(to, at(s).octets.data(), kTemplateOctets);
        }
    }
    /// The packet, and zeros up to rare_packet_length().
    void copy_rare(Slot s, std::uint8_t* to) const noexcept;
    void prefetch(Slot s) const noexcept {
        __builtin_prefetch(&at(s));
        __builtin_prefetch(at(s).octets.data() + 64);
    }

    void set_port(Slot s, PortId port) noexcept {
        at(s).info.port = static_cast<std::uint8_t>(port.value);
    }
    /// A number of the owner's for sessions on member links, or 0.
    void set_member(Slot s, std::uint8_t member) noexcept { at(s).info.member = member; }
    [[nodiscard]] std::uint8_t member(Slot s) const noexcept { return at(s).info.member; }
    void set_destination_mac(Slot s, const MacAddress& mac) noexcept {
        if (has_headers(s)) std::ranges::copy(mac, octets(s).begin());
    }
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
        return packet(s)[at(s).info.ip_offset] >> 4U == 4;
    }

    [[nodiscard]] Saved save(Slot s) const noexcept;
    void restore(Slot s, const Saved& saved) noexcept;

private:
    struct Info {
        std::uint8_t port;
        /// Octets in front of the payload; 0 for what is padded or long as well, so that who sends
        /// what is neither need not look further.
        std::uint8_t headers;
        std::uint8_t in_front;  ///< the same of all; 0 = none, the payload comes first
        std::uint8_t payload;   ///< octets of it
        std::uint8_t ip_offset;
        std::uint8_t udp_offset;
        std::uint8_t outer_udp_offset;
        bool is_long;          ///< the packet lies apart
        std::uint16_t padded;  ///< least octets of UDP payload; 0 = no padding
        std::uint8_t member;   ///< see set_member()
        std::uint8_t spare;
    };
    static constexpr std::size_t kOctets = kTemplateOctets - sizeof(Info);
    static_assert(kOctets == overlay::kShortPacket);
    // VXLAN over IPv4, and SHA1 over IPv6, are short.
    static_assert(kOctets >= 92 + bfd::kControlPacketLength && kOctets >= 62 + 52);
    static_assert(kLongestTemplate >= overlay::HeaderTemplate::kCapacity + 52);
    struct alignas(64) Packet {
        std::array<std::uint8_t, kOctets> octets;
        Info info;
    };
    static_assert(sizeof(Packet) == kTemplateOctets);

    /// What headers.hpp's functions need to know of a packet's headers.
    [[nodiscard]] static overlay::HeaderTemplate shape(const Info& info) noexcept;
    /// Writes `headers` and `payload` where they belong, or nothing but the payload when they do
    /// not fit.
    void place(Slot s, const overlay::HeaderTemplate& headers,
               bfd::ControlPayload payload) noexcept;
    void finish_checksum(Slot s, std::uint8_t* packet) const noexcept;

    [[nodiscard]] Packet& at(Slot s) const noexcept {
        return *reinterpret_cast<Packet*>(first_ + s.value * spacing_);
    }
    [[nodiscard]] std::span<std::uint8_t, kLongestTemplate> long_octets(Slot s) const noexcept {
        return std::span<std::uint8_t, kLongestTemplate>{
            reinterpret_cast<std::uint8_t*>(&long_ones_[s.value * kLongestTemplate]),
            kLongestTemplate};
    }
    /// Where the packet lies.
    [[nodiscard]] std::span<std::uint8_t> octets(Slot s) const noexcept {
        Packet& packet = at(s);
        if (packet.info.is_long) return long_octets(s);
        return packet.octets;
    }

    std::uint32_t slots_;
    std::byte* first_;
    std::size_t spacing_;
    std::span<std::byte> long_ones_;
};

struct PacketTemplates::Saved {
    Packet packet;
    std::array<std::uint8_t, kLongestTemplate> long_octets;
};

inline PacketTemplates::Saved PacketTemplates::save(Slot s) const noexcept {
    Saved out{at(s), {}};
    if (out.packet.info.is_long) std::ranges::copy(long_octets(s), out.long_octets.begin());
    return out;
}

inline void PacketTemplates::restore(Slot s, const Saved& saved) noexcept {
    at(s) = saved.packet;
    if (saved.packet.info.is_long) std::ranges::copy(saved.long_octets, long_octets(s).begin());
}

}  // namespace tocsin::runtime
