#include "dataplane/runtime/packet_templates.hpp"

#include "overlay/single_hop.hpp"

namespace tocsin::runtime {

using bfd::kControlPacketLength;

void PacketTemplates::set_headers(Slot s, const overlay::HeaderTemplate& headers) noexcept {
    Packet& packet = at(s);
    Info& info = packet.info;
    std::array<std::uint8_t, kControlPacketLength> payload{};
    std::memcpy(payload.data(), &packet.octets[info.headers], payload.size());

    const bool fits = headers.length <= overlay::HeaderTemplate::kCapacity &&
                      headers.payload_length == kControlPacketLength;
    info.headers = fits ? headers.length : std::uint8_t{0};
    info.ip_offset = headers.ip_offset;
    info.udp_offset = headers.udp_offset;
    packet.octets = {};
    std::memcpy(packet.octets.data(), headers.octets.data(), info.headers);
    std::memcpy(&packet.octets[info.headers], payload.data(), payload.size());
    if (info.headers != 0) finish_checksum(s, packet.octets.data());
}

void PacketTemplates::set_payload(Slot s, bfd::ControlPayload payload) noexcept {
    Packet& packet = at(s);
    const std::uint8_t headers = at(s).info.headers;
    std::memcpy(&packet.octets[headers], payload.data(), payload.size());
    if (headers != 0) finish_checksum(s, packet.octets.data());
}

void PacketTemplates::replace_payload(Slot s, bfd::ControlPayload payload,
                                      std::uint8_t* copy) const noexcept {
    std::memcpy(copy + at(s).info.headers, payload.data(), payload.size());
    finish_checksum(s, copy);
}

void PacketTemplates::finish_checksum(Slot s, std::uint8_t* packet) const noexcept {
    const Info& info = at(s).info;
    overlay::HeaderTemplate t;
    t.length = info.headers;
    t.ip_offset = info.ip_offset;
    t.udp_offset = info.udp_offset;
    overlay::finish_udp_checksum({packet, info.headers + kControlPacketLength}, t);
}

}  // namespace tocsin::runtime
