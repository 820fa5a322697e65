#include "dataplane/runtime/packet_templates.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/auth.hpp"
#include "overlay/headers.hpp"
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

std::uint16_t PacketTemplates::make_echo(Slot s, const IpAddress& source,
                                         const bfd::EchoOctets& payload,
                                         std::uint8_t* to) const noexcept {
    const Packet& packet = at(s);
    const std::size_t length = packet.info.headers + payload.size();
    if (packet.info.headers == 0 || length > kTemplateOctets) return 0;
    overlay::HeaderTemplate t = shape(packet.info);
    t.payload_length = static_cast<std::uint8_t>(payload.size());
    std::memcpy(to, packet.octets.data(), packet.info.headers);
    std::memcpy(to + packet.info.headers, payload.data(), payload.size());
    const bool v4 = is_v4(s);
    const std::size_t size = v4 ? 4 : 16;
    std::uint8_t* const from_address =
        to + t.ip_offset + (v4 ? overlay::kIpv4SourceOffset : overlay::kIpv6SourceOffset);
    std::memcpy(from_address + size, from_address, size);
    if (source.family != AddressFamily::None) {
        std::memcpy(from_address, source.octets.data(), size);
    }
    store_be16(to + t.udp_offset + overlay::kUdpDestinationPortOffset, overlay::kEchoPort);
    const std::span<std::uint8_t> whole{to, length};
    overlay::set_lengths(whole, t);
    overlay::finish_udp_checksum(whole, t);
    return static_cast<std::uint16_t>(length);
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
