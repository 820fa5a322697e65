#include "dataplane/runtime/packet_templates.hpp"

#include "dataplane/bfd/auth.hpp"
#include "overlay/single_hop.hpp"

#include <algorithm>

namespace tocsin::runtime {

using bfd::kLongestControlPacket;

void PacketTemplates::set_headers(Slot s, const overlay::HeaderTemplate& headers) noexcept {
    Packet& packet = at(s);
    Info& info = packet.info;
    std::array<std::uint8_t, kLongestControlPacket> payload{};
    std::memcpy(payload.data(), &packet.octets[info.headers], info.payload);

    const bool fits = headers.length <= overlay::HeaderTemplate::kCapacity &&
                      headers.length + std::size_t{info.payload} <= kOctets;
    info.headers = fits ? headers.length : std::uint8_t{0};
    info.ip_offset = headers.ip_offset;
    info.udp_offset = headers.udp_offset;
    packet.octets = {};
    std::memcpy(packet.octets.data(), headers.octets.data(), info.headers);
    std::memcpy(&packet.octets[info.headers], payload.data(), info.payload);
    if (info.headers == 0) return;
    if (headers.payload_length != info.payload) set_lengths(packet);
    finish_checksum(s, packet.octets.data());
}

void PacketTemplates::set_payload(Slot s, bfd::ControlPayload payload) noexcept {
    Packet& packet = at(s);
    Info& info = packet.info;
    const bool resized = payload.size() != info.payload;
    if (info.headers + payload.size() > kOctets) info.headers = 0;
    info.payload = static_cast<std::uint8_t>(std::min(payload.size(), kLongestControlPacket));
    std::memcpy(&packet.octets[info.headers], payload.data(), info.payload);
    if (info.headers == 0) return;
    if (resized) set_lengths(packet);
    finish_checksum(s, packet.octets.data());
}

void PacketTemplates::replace_payload(Slot s, bfd::ControlPayload payload,
                                      std::uint8_t* copy) const noexcept {
    std::memcpy(copy + at(s).info.headers, payload.data(), payload.size());
    finish_checksum(s, copy);
}

overlay::HeaderTemplate PacketTemplates::shape(const Info& info) noexcept {
    overlay::HeaderTemplate t;
    t.length = info.headers;
    t.ip_offset = info.ip_offset;
    t.udp_offset = info.udp_offset;
    t.payload_length = info.payload;
    return t;
}

void PacketTemplates::set_lengths(Packet& packet) noexcept {
    overlay::set_lengths(packet.octets, shape(packet.info));
}

void PacketTemplates::finish_checksum(Slot s, std::uint8_t* packet) const noexcept {
    const Info& info = at(s).info;
    overlay::finish_udp_checksum({packet, std::size_t{info.headers} + info.payload}, shape(info));
}

}  // namespace tocsin::runtime
