#include "control/net/ndisc.hpp"

#include <algorithm>
#include <set>

namespace tocsin::control::net {

namespace {

using namespace overlay;

constexpr std::uint8_t kNdHopLimit = 255;
constexpr std::size_t kNeighborMessage = 24;  // ICMPv6 header, reserved or flags, target
constexpr std::uint8_t kSourceLinkOption = 1;
constexpr std::uint8_t kTargetLinkOption = 2;
constexpr std::uint32_t kSolicitedFlag = 1U << 30U;
constexpr std::uint32_t kOverrideFlag = 1U << 29U;

IpAddress v6(std::initializer_list<std::uint8_t> first, std::initializer_list<std::uint8_t> last) {
    IpAddress out{.family = AddressFamily::V6};
    std::ranges::copy(first, out.octets.begin());
    std::ranges::copy(last, out.octets.end() - static_cast<std::ptrdiff_t>(last.size()));
    return out;
}

void finish_icmpv6(FrameWriter& w, std::size_t at, const IpAddress& source,
                   const IpAddress& destination) {
    const auto message = w.written(at);
    store_checksum(&message[2], icmpv6_sum(source, destination, message));
}

/// Walks the options; false when one has length zero or leaves the message.
bool read_options(std::span<const std::uint8_t> options, std::uint8_t wanted,
                  std::optional<MacAddress>& link) {
    while (!options.empty()) {
        if (options.size() < 2 || options[1] == 0) return false;
        const std::size_t length = std::size_t{options[1]} * 8U;
        if (length > options.size()) return false;
        if (options[0] == wanted && length == 8) link = mac_at(options.subspan(2));
        options = options.subspan(length);
    }
    return true;
}

}  // namespace

std::optional<Icmpv6> parse_icmpv6(const EthernetFrame& frame) {
    const auto ip = frame.payload;
    if (ip.size() < kIpv6Length || ip[0] >> 4U != 6) return std::nullopt;
    const std::size_t length = load_be16(&ip[kIpv6PayloadLengthOffset]);
    if (length > ip.size() - kIpv6Length || length < 8) return std::nullopt;
    if (ip[kIpv6NextHeaderOffset] != kProtocolIcmpv6) return std::nullopt;
    Icmpv6 out{.source = ip_address(ip.subspan(kIpv6SourceOffset, 16)),
               .destination = ip_address(ip.subspan(kIpv6DestinationOffset, 16)),
               .hop_limit = ip[kIpv6HopLimitOffset],
               .message = ip.subspan(kIpv6Length, length)};
    if (fold_sum(icmpv6_sum(out.source, out.destination, out.message)) != 0xffffU) {
        return std::nullopt;
    }
    return out;
}

std::optional<NeighborMessage> parse_neighbor_message(const Icmpv6& packet) {
    const auto m = packet.message;
    const bool solicitation = m[0] == kNeighborSolicitation;
    if (!solicitation && m[0] != kNeighborAdvertisement) return std::nullopt;
    if (packet.hop_limit != kNdHopLimit || m[1] != 0 || m.size() < kNeighborMessage) {
        return std::nullopt;
    }
    const std::uint32_t flags = load_be32(&m[4]);
    NeighborMessage out;
    out.solicitation = solicitation;
    out.target = ip_address(m.subspan(8, 16));
    if (is_multicast(out.target) || is_multicast(packet.source) || is_loopback(packet.source)) {
        return std::nullopt;
    }
    if (!read_options(m.subspan(kNeighborMessage),
                      solicitation ? kSourceLinkOption : kTargetLinkOption, out.link)) {
        return std::nullopt;
    }
    if (out.link && !is_station(*out.link)) return std::nullopt;
    if (solicitation) {
        if (is_unspecified(packet.source) &&
            (packet.destination != solicited_node(out.target) || out.link)) {
            return std::nullopt;
        }
    } else {
        out.solicited = (flags & kSolicitedFlag) != 0;
        out.override_known = (flags & kOverrideFlag) != 0;
        if (out.solicited && is_multicast(packet.destination)) return std::nullopt;
    }
    return out;
}

IpAddress solicited_node(const IpAddress& address) {
    return v6({0xff, 0x02}, {1, 0xff, address.octets[13], address.octets[14], address.octets[15]});
}

MacAddress multicast_mac(const IpAddress& group) {
    return {0x33, 0x33, group.octets[12], group.octets[13], group.octets[14], group.octets[15]};
}

message::Frame make_solicitation(const StackPort& port, const IpAddress& source,
                                 const IpAddress& target, const std::optional<MacAddress>& known,
                                 bool tell_mac) {
    const IpAddress destination = known ? target : solicited_node(target);
    FrameWriter w{port.id, known ? *known : multicast_mac(destination), port.mac, kEtherTypeIpv6};
    w.put_ipv6(source, destination, kProtocolIcmpv6, kNdHopLimit,
               kNeighborMessage + (tell_mac ? 8U : 0U));
    const std::size_t at = w.length();
    w.put8(kNeighborSolicitation);
    w.put8(0);
    w.put16(0);
    w.put32(0);
    w.put(target.wire());
    if (tell_mac) {
        w.put8(kSourceLinkOption);
        w.put8(1);
        w.put(port.mac);
    }
    finish_icmpv6(w, at, source, destination);
    return w.frame();
}

message::Frame make_advertisement(const StackPort& port, const IpAddress& target,
                                  const IpAddress& destination, const MacAddress& destination_mac,
                                  bool solicited, bool override_known) {
    FrameWriter w{port.id, destination_mac, port.mac, kEtherTypeIpv6};
    w.put_ipv6(target, destination, kProtocolIcmpv6, kNdHopLimit, kNeighborMessage + 8);
    const std::size_t at = w.length();
    w.put8(kNeighborAdvertisement);
    w.put8(0);
    w.put16(0);
    w.put32((override_known ? kOverrideFlag : 0) | (solicited ? kSolicitedFlag : 0));
    w.put(target.wire());
    w.put8(kTargetLinkOption);
    w.put8(1);
    w.put(port.mac);
    finish_icmpv6(w, at, target, destination);
    return w.frame();
}

std::optional<message::Frame> make_listener_report(const StackPort& port) {
    std::set<IpAddress> groups;
    IpAddress source{.family = AddressFamily::V6};  // ::, until there is a link-local address
    for (const IpPrefix& p : port.addresses) {
        if (!p.address.is_v6()) continue;
        groups.insert(solicited_node(p.address));
        if (is_link_local(p.address)) source = p.address;
    }
    if (groups.empty()) return std::nullopt;
    constexpr std::size_t kHopByHop = 8;
    constexpr std::size_t kRecord = 20;
    const IpAddress destination = v6({0xff, 0x02}, {0x16});
    FrameWriter w{port.id, multicast_mac(destination), port.mac, kEtherTypeIpv6};
    w.put_ipv6(source, destination, 0, 1, kHopByHop + 8 + kRecord * groups.size());
    w.put8(kProtocolIcmpv6);
    w.put8(0);
    w.put32(0x05020000);  // router alert: MLD, RFC 2711
    w.put16(0x0100);      // PadN
    const std::size_t at = w.length();
    w.put8(143);
    w.put8(0);
    w.put16(0);
    w.put16(0);
    w.put16(static_cast<std::uint16_t>(groups.size()));
    for (const IpAddress& group : groups) {
        w.put32(0x04000000);  // CHANGE_TO_EXCLUDE_MODE, no sources
        w.put(group.wire());
    }
    finish_icmpv6(w, at, source, destination);
    return w.frame();
}

}  // namespace tocsin::control::net
