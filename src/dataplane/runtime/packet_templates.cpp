#include "dataplane/runtime/packet_templates.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/auth.hpp"
#include "overlay/headers.hpp"
#include "overlay/single_hop.hpp"

#include <algorithm>

namespace tocsin::runtime {

using bfd::kLongestControlPacket;

std::uint8_t PacketTemplates::Info::in_front() const noexcept {
    if (headers != 0 || padded == 0 || udp_offset == 0) return headers;
    return static_cast<std::uint8_t>(udp_offset + overlay::kUdpLength);
}

void PacketTemplates::set_headers(Slot s, const overlay::HeaderTemplate& headers) noexcept {
    Packet& packet = at(s);
    Info& info = packet.info;
    std::array<std::uint8_t, kLongestControlPacket> payload{};
    std::memcpy(payload.data(), &packet.octets[info.in_front()], info.payload);

    const bool fits = headers.length <= overlay::HeaderTemplate::kCapacity &&
                      headers.length + std::size_t{info.payload} <= kOctets &&
                      headers.length + std::size_t{headers.padded_length} <= kLargestPacket;
    const std::uint8_t length = fits ? headers.length : std::uint8_t{0};
    info.ip_offset = headers.ip_offset;
    info.udp_offset = length == 0 ? std::uint8_t{0} : headers.udp_offset;
    info.padded = length == 0 ? std::uint16_t{0} : headers.padded_length;
    info.headers = info.padded == 0 ? length : std::uint8_t{0};
    packet.octets = {};
    std::memcpy(packet.octets.data(), headers.octets.data(), length);
    std::memcpy(&packet.octets[length], payload.data(), info.payload);
    if (length == 0) return;
    if (headers.payload_length != info.payload) set_lengths(packet);
    finish_checksum(s, packet.octets.data());
}

void PacketTemplates::set_payload(Slot s, bfd::ControlPayload payload) noexcept {
    Packet& packet = at(s);
    Info& info = packet.info;
    const bool resized = payload.size() != info.payload;
    if (info.in_front() + payload.size() > kOctets) info.headers = info.udp_offset = 0;
    const std::uint8_t length = info.in_front();
    info.payload = static_cast<std::uint8_t>(std::min(payload.size(), kLongestControlPacket));
    std::memcpy(&packet.octets[length], payload.data(), info.payload);
    if (length == 0) return;
    if (resized) set_lengths(packet);
    finish_checksum(s, packet.octets.data());
}

void PacketTemplates::replace_payload(Slot s, bfd::ControlPayload payload,
                                      std::uint8_t* copy) const noexcept {
    std::memcpy(copy + at(s).info.in_front(), payload.data(), payload.size());
    finish_checksum(s, copy);
}

std::uint16_t PacketTemplates::make_echo(Slot s, const IpAddress& source,
                                         const bfd::EchoOctets& payload,
                                         std::uint8_t* to) const noexcept {
    const Packet& packet = at(s);
    const std::size_t headers = packet.info.in_front();
    const std::size_t length = headers + payload.size();
    if (headers == 0 || length > kTemplateOctets) return 0;
    overlay::HeaderTemplate t = shape(packet.info);
    t.payload_length = static_cast<std::uint8_t>(payload.size());
    t.padded_length = 0;  // Control packets alone are padded
    std::memcpy(to, packet.octets.data(), headers);
    std::memcpy(to + headers, payload.data(), payload.size());
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

std::size_t PacketTemplates::padded_packet_length(Slot s) const noexcept {
    const Info& info = at(s).info;
    const std::uint8_t length = info.in_front();
    return info.padded == 0 || length == 0 ? 0 : std::size_t{length} + shape(info).udp_payload();
}

void PacketTemplates::copy_padded(Slot s, std::uint8_t* to) const noexcept {
    const Info& info = at(s).info;
    const std::size_t written = std::size_t{info.in_front()} + info.payload;
    std::memcpy(to, packet(s), written);
    std::memset(to + written, 0, padded_packet_length(s) - written);
}

overlay::HeaderTemplate PacketTemplates::shape(const Info& info) noexcept {
    overlay::HeaderTemplate t;
    t.length = info.in_front();
    t.ip_offset = info.ip_offset;
    t.udp_offset = info.udp_offset;
    t.payload_length = info.payload;
    t.padded_length = info.padded;
    return t;
}

void PacketTemplates::set_lengths(Packet& packet) noexcept {
    overlay::set_lengths(packet.octets, shape(packet.info));
}

void PacketTemplates::finish_checksum(Slot s, std::uint8_t* packet) const noexcept {
    const Info& info = at(s).info;
    overlay::finish_udp_checksum({packet, std::size_t{info.in_front()} + info.payload},
                                 shape(info));
}

}  // namespace tocsin::runtime
