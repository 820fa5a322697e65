#include "overlay/sbfd.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/datagram.hpp"
#include "overlay/headers.hpp"

#include <algorithm>
#include <cstring>

namespace tocsin::overlay {

namespace {

constexpr std::uint8_t kTtl = 255;           // RFC 7881 6.1
constexpr std::size_t kMyDiscriminator = 4;  // in a Control packet, RFC 5880 4.1

/// Whether what is sent to the source of `ip` by `port` would get there, RFC 7881 7: a station of
/// its subnets, or behind a route. Our own addresses lead nowhere.
bool leads_back(const IpPacket& ip, const PortContext& port) noexcept {
    const bool v4 = ip.family == AddressFamily::V4;
    const IpAddress source = ip_address({ip.source(), v4 ? 4U : 16U});
    const auto has = [&](const LocalAddresses& own) { return own.contains(source); };
    if (std::ranges::any_of(port.domain_addresses, has)) return false;
    if (v4 ? port.on_link.has_station_v4(ip.source()) : port.on_link.has_station_v6(ip.source())) {
        return true;
    }
    if (!v4 && is_link_local(source)) return true;
    return std::ranges::any_of(port.routes,
                               [&](const IpPrefix& to) { return to.contains(source); });
}

/// Source and destination of `n` octets each, turned round.
void swap_halves(std::uint8_t* both, std::size_t n) noexcept {
    std::swap_ranges(both, both + n, both + n);
}

}  // namespace

HeaderTemplate sbfd_headers(const SbfdHeaders& h) noexcept {
    return h.source_port == kSbfdPort ? HeaderTemplate{} : headers_to_port(h, kSbfdPort);
}

bool is_sbfd(const IpPacket& ip) noexcept {
    if (ip.protocol != kProtocolUdp || ip.upper.size() < kUdpLength) return false;
    return load_be16(&ip.upper[kUdpDestinationPortOffset]) == kSbfdPort ||
           load_be16(ip.upper.data()) == kSbfdPort;
}

bool ends_here(const IpPacket& ip, const std::uint8_t* frame) noexcept {
    if ((frame[0] & 1U) != 0 || ip.fragment || ip.protocol != kProtocolUdp) return false;
    if (ip.upper.size() < kUdpLength ||
        load_be16(&ip.upper[kUdpDestinationPortOffset]) != kSbfdPort) {
        return false;
    }
    if (is_loopback_destination(ip)) return true;
    const std::uint8_t first = ip.destination()[0];
    const bool group = ip.family == AddressFamily::V4 ? first >= 224 : first == 0xff;
    return ip.ttl <= 1 && !group;
}

Classified open_sbfd(const IpPacket& ip, const PortContext& port, ChecksumHint hint) noexcept {
    const bool request = load_be16(&ip.upper[kUdpDestinationPortOffset]) == kSbfdPort;
    if (source_is_martian(ip, port.addresses)) return dropped(DropReason::IpSource);
    Octets udp;
    if (!open_udp(ip, udp)) return dropped(DropReason::UdpLength);
    if (request && load_be16(udp.data()) == kSbfdPort) {  // RFC 7881 6
        return dropped(DropReason::ReflectorSourcePort);
    }
    if (!udp_checksum_accepted(ip, udp, port.udp_checksum, hint)) {
        return dropped(DropReason::UdpChecksum);
    }
    if (udp.size() < kUdpLength + kMinControlPacket) return dropped(DropReason::PayloadTooShort);
    if (request && !leads_back(ip, port)) return dropped(DropReason::ReflectorNoReturn);
    Classified out{.verdict = request ? Verdict::SbfdRequest : Verdict::Bfd,
                   .reason = DropReason::None,
                   .packet = {.payload = udp.data() + kUdpLength,
                              .source = ip.source(),
                              .destination = ip.destination(),
                              .payload_length = static_cast<std::uint16_t>(udp.size() - kUdpLength),
                              .domain = port.domain,
                              .port = port_in_key(SessionType::Sbfd, port.port),
                              .type = SessionType::Sbfd,
                              .family = ip.family,
                              .ttl = ip.ttl}};
    if (!request) {
        out.packet.instance = load_be32(out.packet.payload + kMyDiscriminator);
        out.packet.link = load_be16(&udp[kUdpDestinationPortOffset]);
    }
    return out;
}

IpAddress response_source(const ReceivedPacket& request, const PortContext& port) noexcept {
    const bool v4 = request.family == AddressFamily::V4;
    const bool ours = v4 ? port.addresses.contains_v4(request.destination)
                         : port.addresses.contains_v6(request.destination);
    if (ours) return {};
    const IpAddress destination = ip_address({request.destination, v4 ? 4U : 16U});
    const auto has = [&](const LocalAddresses& own) { return own.contains(destination); };
    if (std::ranges::any_of(port.domain_addresses, has)) return {};
    return v4 ? port.own_v4 : port.own_v6;
}

bool turn_round(std::span<std::uint8_t> frame, const SbfdRequest& at, const MacAddress& mac,
                const IpAddress& own) noexcept {
    if (load_be16(&frame[at.udp]) == kSbfdPort) return false;  // RFC 7881 6
    const auto ip = frame.subspan(at.ip);
    const bool v4 = ip[0] >> 4U == 4;
    const std::size_t size = v4 ? 4 : 16;
    std::uint8_t* const addresses = &ip[v4 ? kIpv4SourceOffset : kIpv6SourceOffset];
    const IpPacket packet{.addresses = {addresses, 2 * size},
                          .upper = {},
                          .family = v4 ? AddressFamily::V4 : AddressFamily::V6};
    const bool replace = own.family != AddressFamily::None || is_loopback_destination(packet);
    if (replace && own.family != packet.family) return false;
    const bool from_many = (frame[6] & 1U) != 0;
    if (from_many || std::memcmp(&frame[6], mac.data(), mac.size()) == 0) return false;

    std::copy_n(&frame[6], mac.size(), frame.begin());
    std::ranges::copy(mac, frame.begin() + 6);
    swap_halves(addresses, size);
    if (replace) std::ranges::copy(own.wire(), addresses);
    const auto udp = frame.subspan(at.udp, kUdpLength + at.payload);
    swap_halves(udp.data(), 2);
    store_be16(&udp[kUdpLengthOffset], static_cast<std::uint16_t>(udp.size()));
    store_be16(&udp[kUdpChecksumOffset], 0);
    const auto length = static_cast<std::uint16_t>(udp.size());
    store_checksum(&udp[kUdpChecksumOffset],
                   sum_words(udp, pseudo_header_sum(packet.addresses, kProtocolUdp, length)));
    if (load_checksum(&udp[kUdpChecksumOffset]) == 0) store_be16(&udp[kUdpChecksumOffset], 0xffff);
    if (!v4) {
        ip[kIpv6HopLimitOffset] = kTtl;
        return true;
    }
    ip[kIpv4TtlOffset] = kTtl;
    store_be16(&ip[kIpv4ChecksumOffset], 0);
    store_checksum(&ip[kIpv4ChecksumOffset], sum_words(ip.first(at.udp - at.ip)));
    return true;
}

}  // namespace tocsin::overlay
