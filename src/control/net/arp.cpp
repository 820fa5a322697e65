#include "control/net/arp.hpp"

#include "control/net/frame.hpp"

namespace tocsin::control::net {

namespace {

constexpr std::size_t kArpLength = 28;
constexpr std::uint16_t kHardwareEthernet = 1;

}  // namespace

std::optional<ArpPacket> parse_arp(std::span<const std::uint8_t> payload) {
    if (payload.size() < kArpLength) return std::nullopt;
    const std::uint16_t operation = load_be16(&payload[6]);
    if (load_be16(&payload[0]) != kHardwareEthernet ||
        load_be16(&payload[2]) != overlay::kEtherTypeIpv4 || payload[4] != 6 || payload[5] != 4 ||
        (operation != 1 && operation != 2)) {
        return std::nullopt;
    }
    ArpPacket out{.operation = static_cast<ArpOperation>(operation),
                  .sender_mac = mac_at(payload.subspan(8)),
                  .sender = ip_address(payload.subspan(14, 4)),
                  .target_mac = mac_at(payload.subspan(18)),
                  .target = ip_address(payload.subspan(24, 4))};
    if (!is_station(out.sender_mac) || is_multicast(out.sender)) return std::nullopt;
    return out;
}

message::Frame make_arp(PortId port, const MacAddress& destination, const ArpPacket& packet) {
    FrameWriter w{port, destination, packet.sender_mac, overlay::kEtherTypeArp};
    w.put16(kHardwareEthernet);
    w.put16(overlay::kEtherTypeIpv4);
    w.put8(6);
    w.put8(4);
    w.put16(static_cast<std::uint16_t>(packet.operation));
    w.put(packet.sender_mac);
    w.put(packet.sender.wire());
    w.put(packet.target_mac);
    w.put(packet.target.wire());
    return w.frame();
}

}  // namespace tocsin::control::net
