#include "control/net/icmp.hpp"

#include "control/net/ndisc.hpp"
#include "control/net/route_table.hpp"

namespace tocsin::control::net {

namespace {

using namespace overlay;

constexpr std::size_t kEchoHeader = 8;
constexpr std::uint8_t kEchoRequest = 8;
constexpr std::uint8_t kEchoReply = 0;
constexpr std::uint8_t kEchoRequest6 = 128;
constexpr std::uint8_t kEchoReply6 = 129;
constexpr std::uint8_t kHopLimit = 64;

bool can_be_answered(const StackPort& port, const IpAddress& source) {
    const bool broadcast = source.is_v4() && load_be32(source.octets.data()) == 0xffffffffU;
    return !is_unspecified(source) && !is_multicast(source) && !is_loopback(source) && !broadcast &&
           !is_own(port, source);
}

}  // namespace

std::optional<message::Frame> answer_icmp_echo(const StackPort& port, const EthernetFrame& frame) {
    const auto ip = frame.payload;
    if (ip.size() < kIpv4Length || ip[0] >> 4U != 4) return std::nullopt;
    const std::size_t header = std::size_t{ip[0] & 15U} * 4U;
    const std::size_t total = load_be16(&ip[kIpv4TotalLengthOffset]);
    if (header < kIpv4Length || total < header + kEchoHeader || total > ip.size()) {
        return std::nullopt;
    }
    if (fold_sum(sum_words(ip.first(header))) != 0xffffU) return std::nullopt;
    if ((load_be16(&ip[kIpv4FragmentOffset]) & 0x3fffU) != 0) return std::nullopt;
    const IpAddress source = ip_address(ip.subspan(kIpv4SourceOffset, 4));
    const IpAddress destination = ip_address(ip.subspan(kIpv4DestinationOffset, 4));
    const auto message = ip.subspan(header, total - header);
    if (ip[kIpv4ProtocolOffset] != kProtocolIcmp || message[0] != kEchoRequest || message[1] != 0) {
        return std::nullopt;
    }
    if (!is_own(port, destination) || !can_be_answered(port, source) ||
        is_group(frame.destination) || fold_sum(sum_words(message)) != 0xffffU) {
        return std::nullopt;
    }
    FrameWriter w{port.id, frame.source, port.mac, kEtherTypeIpv4};
    w.put_ipv4(destination, source, kProtocolIcmp, message.size());
    const std::size_t at = w.length();
    w.put(message);
    const auto reply = w.written(at);
    reply[0] = kEchoReply;
    store_be16(&reply[2], 0);
    store_checksum(&reply[2], sum_words(reply));
    return w.frame();
}

std::optional<message::Frame> answer_icmpv6_echo(const StackPort& port, const EthernetFrame& frame,
                                                 const IpAddress& source,
                                                 const IpAddress& destination,
                                                 std::span<const std::uint8_t> message) {
    if (message.size() < kEchoHeader || message[0] != kEchoRequest6 || message[1] != 0) {
        return std::nullopt;
    }
    if (!can_be_answered(port, source)) return std::nullopt;
    std::optional<IpAddress> self;
    if (is_own(port, destination)) self = destination;
    if (destination == kAllNodes) self = local_for(port, source);
    if (!self) return std::nullopt;
    FrameWriter w{port.id, frame.source, port.mac, kEtherTypeIpv6};
    w.put_ipv6(*self, source, kProtocolIcmpv6, kHopLimit, message.size());
    const std::size_t at = w.length();
    w.put(message);
    const auto reply = w.written(at);
    reply[0] = kEchoReply6;
    store_be16(&reply[2], 0);
    store_checksum(&reply[2], icmpv6_sum(*self, source, reply));
    return w.frame();
}

}  // namespace tocsin::control::net
