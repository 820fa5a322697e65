#include "dataplane/runtime/packet_templates.hpp"

#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/auth.hpp"
#include "overlay/headers.hpp"
#include "overlay/single_hop.hpp"

#include <algorithm>

namespace tocsin::runtime {

using bfd::kLongestControlPacket;

void PacketTemplates::place(Slot s, const overlay::HeaderTemplate& headers,
                            bfd::ControlPayload payload) noexcept {
    Info info = at(s).info;
    const std::size_t whole = headers.length + payload.size();
    const bool fits_short = whole <= kOctets;
    const bool fits = headers.length <= overlay::HeaderTemplate::kCapacity &&
                      (fits_short || (!long_ones_.empty() && whole <= kLongestTemplate)) &&
                      headers.length + std::size_t{headers.padded_length} <= kLargestPacket;
    const std::uint8_t length = fits ? headers.length : std::uint8_t{0};
    info.in_front = length;
    info.payload = static_cast<std::uint8_t>(payload.size());
    info.ip_offset = headers.ip_offset;
    info.udp_offset = headers.udp_offset;
    info.outer_udp_offset = headers.outer_udp_offset;
    info.is_long = length != 0 && !fits_short;
    info.padded = length == 0 ? std::uint16_t{0} : headers.padded_length;
    info.headers = info.is_long || info.padded != 0 ? std::uint8_t{0} : length;
    at(s).octets = {};
    at(s).info = info;
    const std::span<std::uint8_t> to = octets(s);
    std::memcpy(to.data(), headers.octets.data(), length);
    std::memcpy(&to[length], payload.data(), payload.size());
    if (length == 0) return;
    if (headers.payload_length != payload.size()) overlay::set_lengths(to, shape(info));
    finish_checksum(s, to.data());
}

void PacketTemplates::set_headers(Slot s, const overlay::HeaderTemplate& headers) noexcept {
    const Info& info = at(s).info;
    std::array<std::uint8_t, kLongestControlPacket> payload{};
    std::memcpy(payload.data(), packet(s) + info.in_front, info.payload);
    place(s, headers, std::span{payload}.first(info.payload));
}

void PacketTemplates::set_payload(Slot s, bfd::ControlPayload payload) noexcept {
    const Info& info = at(s).info;
    if (payload.size() != info.payload) {  // it may belong elsewhere now
        overlay::HeaderTemplate headers = shape(info);
        std::memcpy(headers.octets.data(), packet(s), info.in_front);
        return place(s, headers, payload.first(std::min(payload.size(), kLongestControlPacket)));
    }
    const std::span<std::uint8_t> to = octets(s);
    std::memcpy(&to[info.in_front], payload.data(), payload.size());
    if (info.in_front != 0) finish_checksum(s, to.data());
}

void PacketTemplates::replace_payload(Slot s, bfd::ControlPayload payload,
                                      std::uint8_t* copy) const noexcept {
    std::memcpy(copy + at(s).info.in_front, payload.data(), payload.size());
    finish_checksum(s, copy);
}

std::uint16_t PacketTemplates::make_echo(Slot s, const IpAddress& source,
                                         const bfd::EchoOctets& payload,
                                         std::uint8_t* to) const noexcept {
    const std::size_t headers = at(s).info.in_front;
    const std::size_t length = headers + payload.size();
    if (headers == 0 || length > kTemplateOctets) return 0;
    overlay::HeaderTemplate t = shape(at(s).info);
    t.payload_length = static_cast<std::uint8_t>(payload.size());
    t.padded_length = 0;  // Control packets alone are padded
    std::memcpy(to, packet(s), headers);
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

std::size_t PacketTemplates::rare_packet_length(Slot s) const noexcept {
    const Info& info = at(s).info;
    const bool rare = info.in_front != 0 && info.headers == 0;
    return rare ? std::size_t{info.in_front} + shape(info).udp_payload() : 0;
}

void PacketTemplates::copy_rare(Slot s, std::uint8_t* to) const noexcept {
    const Info& info = at(s).info;
    const std::size_t written = std::size_t{info.in_front} + info.payload;
    std::memcpy(to, packet(s), written);
    std::memset(to + written, 0, rare_packet_length(s) - written);
}

overlay::HeaderTemplate PacketTemplates::shape(const Info& info) noexcept {
    overlay::HeaderTemplate t;
    t.length = info.in_front;
    t.ip_offset = info.ip_offset;
    t.udp_offset = info.udp_offset;
    t.outer_udp_offset = info.outer_udp_offset;
    t.payload_length = info.payload;
    t.padded_length = info.padded;
    return t;
}

void PacketTemplates::finish_checksum(Slot s, std::uint8_t* packet) const noexcept {
    const Info& info = at(s).info;
    overlay::finish_udp_checksum({packet, std::size_t{info.in_front} + info.payload}, shape(info));
}

}  // namespace tocsin::runtime
