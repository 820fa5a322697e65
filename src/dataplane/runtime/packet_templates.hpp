#pragma once

#include "dataplane/base/types.hpp"
#include "dataplane/bfd/engine_sink.hpp"
#include "overlay/header_template.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tocsin::runtime {

/// How many octets of a template are copied into an mbuf, whatever its length: a constant copies
/// faster.
inline constexpr std::size_t kTemplateOctets = 128;

/// The packet of every session, ready to copy: headers, then 24 octets of Control packet, UDP
/// checksum complete. What is known about it lies behind it in the same two cache lines. Owner: one
/// worker.
class PacketTemplates {
public:
    /// Octets that the constructor needs, alignment 64.
    [[nodiscard]] static constexpr std::size_t memory_needed(std::uint32_t slots) noexcept {
        return slots * sizeof(Packet);
    }

    /// `memory` is memory_needed() octets of zeros, aligned to 64, and outlives this.
    PacketTemplates(std::uint32_t slots, std::span<std::byte> memory) noexcept
        : slots_{slots}, packets_{reinterpret_cast<Packet*>(memory.data())} {}

    /// What a slot holds, for putting it back.
    struct Saved;

    [[nodiscard]] std::uint32_t slots() const noexcept { return slots_; }
    /// Octets of the packet; 0: next hop not known, nothing can be sent.
    [[nodiscard]] std::uint16_t packet_length(Slot s) const noexcept {
        const std::uint8_t headers = packets_[s.value].info.headers;
        return headers == 0 ? 0 : static_cast<std::uint16_t>(headers + bfd::kControlPacketLength);
    }
    [[nodiscard]] PortId port(Slot s) const noexcept { return {packets_[s.value].info.port}; }
    [[nodiscard]] const std::uint8_t* packet(Slot s) const noexcept {
        return packets_[s.value].octets.data();
    }
    void prefetch(Slot s) const noexcept {
        __builtin_prefetch(&packets_[s.value]);
        __builtin_prefetch(packets_[s.value].octets.data() + 64);
    }

    void set_port(Slot s, PortId port) noexcept { packets_[s.value].info.port = port.value; }
    /// New headers in front of the same payload. Headers that do not fit count as none.
    void set_headers(Slot s, const overlay::HeaderTemplate& headers) noexcept;
    void set_payload(Slot s, bfd::ControlPayload payload) noexcept;
    /// Completes a copy of this slot's packet that carries another payload.
    void replace_payload(Slot s, bfd::ControlPayload payload, std::uint8_t* copy) const noexcept;

    [[nodiscard]] Saved save(Slot s) const noexcept;
    void restore(Slot s, const Saved& saved) noexcept;

private:
    struct Info {
        std::uint16_t port;
        std::uint8_t
            headers;  ///< octets in front of the payload; 0 = none, the payload comes first
        std::uint8_t ip_offset;
        std::uint8_t udp_offset;
    };
    static constexpr std::size_t kOctets =
        overlay::HeaderTemplate::kCapacity + bfd::kControlPacketLength;
    struct alignas(64) Packet {
        std::array<std::uint8_t, kOctets> octets;
        Info info;
    };
    static_assert(sizeof(Packet) == kTemplateOctets);

    void finish_checksum(Slot s, std::uint8_t* packet) const noexcept;

    std::uint32_t slots_;
    Packet* packets_;
};

struct PacketTemplates::Saved {
    Packet packet;
};

inline PacketTemplates::Saved PacketTemplates::save(Slot s) const noexcept {
    return {packets_[s.value]};
}

inline void PacketTemplates::restore(Slot s, const Saved& saved) noexcept {
    packets_[s.value] = saved.packet;
}

}  // namespace tocsin::runtime
