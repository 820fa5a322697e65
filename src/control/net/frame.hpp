#pragma once

#include "dataplane/base/bytes.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/message/frame.hpp"
#include "overlay/checksum.hpp"
#include "overlay/headers.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

namespace tocsin::control::net {

inline constexpr MacAddress kBroadcastMac{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

[[nodiscard]] constexpr bool is_group(const MacAddress& mac) noexcept { return (mac[0] & 1U) != 0; }

/// An address that a single station can have.
[[nodiscard]] constexpr bool is_station(const MacAddress& mac) noexcept {
    return !is_group(mac) && std::ranges::any_of(mac, [](auto o) { return o != 0; });
}

[[nodiscard]] inline MacAddress mac_at(std::span<const std::uint8_t> octets) noexcept {
    MacAddress out{};
    std::ranges::copy(octets.first(6), out.begin());
    return out;
}

/// A received Ethernet frame taken apart; spans reach into it.
struct EthernetFrame {
    MacAddress destination{};
    MacAddress source{};
    std::uint16_t type = 0;
    std::span<const std::uint8_t> payload;  ///< padding included
};

/// nullopt when too short or from a group address. A priority tag (VLAN 0) is passed over.
[[nodiscard]] inline std::optional<EthernetFrame> parse_ethernet(const message::Frame& frame) {
    using namespace overlay;
    const std::span octets{frame.octets.data(),
                           std::min<std::size_t>(frame.length, frame.octets.size())};
    if (octets.size() < kEthernetLength) return std::nullopt;
    EthernetFrame out{.destination = mac_at(octets),
                      .source = mac_at(octets.subspan(6)),
                      .type = load_be16(&octets[kEtherTypeOffset]),
                      .payload = octets.subspan(kEthernetLength)};
    if (out.type == kEtherTypeVlan && out.payload.size() >= kVlanTagLength &&
        (load_be16(out.payload.data()) & 0xfffU) == 0) {
        out.type = load_be16(&out.payload[2]);
        out.payload = out.payload.subspan(kVlanTagLength);
    }
    if (!is_station(out.source)) return std::nullopt;
    return out;
}

/// A frame to be sent, written from front to back.
class FrameWriter {
public:
    FrameWriter(PortId port, const MacAddress& destination, const MacAddress& source,
                std::uint16_t type) {
        frame_.port = port;
        put(destination);
        put(source);
        put16(type);
    }

    void put(std::span<const std::uint8_t> octets) {
        std::ranges::copy(octets, frame_.octets.begin() + frame_.length);
        frame_.length = static_cast<std::uint16_t>(frame_.length + octets.size());
    }
    void put8(std::uint8_t v) { put({&v, 1}); }
    void put16(std::uint16_t v) {
        std::uint8_t octets[2];
        store_be16(octets, v);
        put(octets);
    }
    void put32(std::uint32_t v) {
        std::uint8_t octets[4];
        store_be32(octets, v);
        put(octets);
    }

    /// IPv4 without options, for a payload of `length` octets.
    void put_ipv4(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                  std::size_t length) {
        const std::size_t at = frame_.length;
        put16(0x4500);
        put16(static_cast<std::uint16_t>(overlay::kIpv4Length + length));
        put32(0x00004000);  // don't fragment
        put8(64);
        put8(protocol);
        put16(0);
        put(source.wire());
        put(destination.wire());
        overlay::store_checksum(&frame_.octets[at + overlay::kIpv4ChecksumOffset],
                                overlay::sum_words(written(at)));
    }
    void put_ipv6(const IpAddress& source, const IpAddress& destination, std::uint8_t next_header,
                  std::uint8_t hop_limit, std::size_t length) {
        put32(6U << 28U);
        put16(static_cast<std::uint16_t>(length));
        put8(next_header);
        put8(hop_limit);
        put(source.wire());
        put(destination.wire());
    }

    /// Everything from octet `at` on.
    [[nodiscard]] std::span<std::uint8_t> written(std::size_t at) {
        return std::span{frame_.octets}.subspan(at, frame_.length - at);
    }
    [[nodiscard]] std::size_t length() const noexcept { return frame_.length; }
    [[nodiscard]] const message::Frame& frame() const noexcept { return frame_; }

private:
    message::Frame frame_;
};

/// Sum over an ICMPv6 message and its pseudo header, RFC 4443 2.3; see overlay/checksum.hpp.
[[nodiscard]] inline std::uint64_t icmpv6_sum(const IpAddress& source, const IpAddress& destination,
                                              std::span<const std::uint8_t> message) {
    const std::uint64_t pseudo = overlay::pseudo_header_sum(
        source.wire(), overlay::kProtocolIcmpv6, static_cast<std::uint16_t>(message.size()));
    return overlay::sum_words(message, overlay::sum_words(destination.wire(), pseudo));
}

}  // namespace tocsin::control::net
