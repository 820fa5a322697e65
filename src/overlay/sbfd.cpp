#include "overlay/sbfd.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/datagram.hpp"
#include "overlay/headers.hpp"
#include "overlay/usual_checks.hpp"
#include "overlay/usual_frame.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace tocsin::overlay {

namespace {

constexpr std::uint8_t kTtl = 255;           // RFC 7881 6.1
constexpr std::size_t kMyDiscriminator = 4;  // in a Control packet, RFC 5880 4.1

template <class T>
void store_raw(std::uint8_t* to, T value) noexcept {
    std::memcpy(to, &value, sizeof value);
}

/// Where all of a request's headers are as they usually are, and nothing of ours takes the place of
/// its destination: what turn_round() says, in few instructions.
template <bool v4>
void turn_usual_round(std::uint8_t* frame) noexcept {
    using detail::raw;
    std::uint8_t* const h = frame + kEthernetLength;
    std::uint8_t* const addresses = h + (v4 ? kIpv4SourceOffset : kIpv6SourceOffset);
    std::uint8_t* const udp = frame + (v4 ? kUsualPayloadV4 : kUsualPayloadV6) - kUdpLength;
    // Summed up before they are stored, so that no load waits for stores of other sizes; their
    // order makes no difference to a sum.
    const detail::WideSum sum_of_addresses = detail::addresses_sum<v4>(h);
    detail::WideSum datagram = sum_of_addresses;
    detail::add_udp_numbers(datagram, detail::kUsualUdpLength);
    datagram.add_octets<kMinControlPacket>(udp + kUdpLength);
    if constexpr (v4) {
        const auto both = raw<std::uint64_t>(addresses);
        store_raw(addresses, both << 32U | both >> 32U);
    } else {
        std::array<std::uint64_t, 4> both;
        std::memcpy(both.data(), addresses, sizeof both);
        both = {both[2], both[3], both[0], both[1]};
        std::memcpy(addresses, both.data(), sizeof both);
    }
    const auto ports = raw<std::uint32_t>(udp);
    const std::uint32_t turned = ports << 16U | ports >> 16U;
    datagram.add4(turned);
    datagram.add(raw<std::uint16_t>(udp + kUdpLengthOffset));
    store_raw(udp, turned);
    store_raw(udp + kUdpChecksumOffset, datagram.checksum());
    if constexpr (v4) {
        // Anew, since a driver may have known that the request was intact without a right sum in
        // it.
        detail::WideSum header = sum_of_addresses;
        header.add4(raw<std::uint32_t>(h));
        header.add4(raw<std::uint32_t>(h + 4));
        const std::uint16_t last = detail::wire16(std::uint16_t{kTtl} << 8U | kProtocolUdp);
        header.add(last);
        store_raw(h + kIpv4TtlOffset, last);
        store_raw(h + kIpv4ChecksumOffset, header.checksum());
    } else {
        h[kIpv6HopLimitOffset] = kTtl;
    }
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
    if (!udp_checksum_accepted(ip, udp, port.udp_checksum, hint)) {
        return dropped(DropReason::UdpChecksum);
    }
    if (udp.size() < kUdpLength + kMinControlPacket) return dropped(DropReason::PayloadTooShort);
    if (request) return open_request(ip, udp, port);
    Classified out{.verdict = Verdict::Bfd,
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
    out.packet.instance = load_be32(out.packet.payload + kMyDiscriminator);
    out.packet.link = load_be16(&udp[kUdpDestinationPortOffset]);
    return out;
}

Classified open_request(const IpPacket& ip, Octets udp, const PortContext& port) noexcept {
    if (load_be16(udp.data()) == kSbfdPort) return dropped(DropReason::ReflectorSourcePort);
    if (!leads_back(ip.source(), ip.family, port)) return dropped(DropReason::ReflectorNoReturn);
    return {.verdict = Verdict::SbfdRequest,
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
}

std::size_t take_labels_off(std::span<std::uint8_t> frame, std::size_t ip) noexcept {
    const std::size_t labels = ip - kEthernetLength;
    const std::uint16_t type = load_be16(&frame[kEtherTypeOffset]);
    const bool tagged = is_vlan_tag(type);  // a priority
    if ((tagged ? load_be16(&frame[kEtherTypeOffset + kVlanTagLength]) : type) != kEtherTypeMpls) {
        return 0;
    }
    std::memmove(&frame[labels], frame.data(), kEtherTypeOffset);
    const bool v4 = frame[ip] >> 4U == 4;
    store_be16(&frame[labels + kEtherTypeOffset], v4 ? kEtherTypeIpv4 : kEtherTypeIpv6);
    return labels;
}

bool leads_back(const std::uint8_t* source, AddressFamily family,
                const PortContext& port) noexcept {
    const bool v4 = family == AddressFamily::V4;
    const auto has = [&](const LocalAddresses& own) {
        return v4 ? own.contains_v4(source) : own.contains_v6(source);
    };
    if (std::ranges::any_of(port.domain_addresses, has)) return false;
    if (v4 ? port.on_link.has_station_v4(source) : port.on_link.has_station_v6(source)) return true;
    const IpAddress address = ip_address({source, v4 ? 4U : 16U});
    if (!v4 && is_link_local(address)) return true;
    return std::ranges::any_of(port.routes,
                               [&](const IpPrefix& to) { return to.contains(address); });
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
    const bool usual = !replace && at.ip == kEthernetLength && at.payload == kMinControlPacket;
    if (usual && v4 && at.udp == kEthernetLength + kIpv4Length) {
        turn_usual_round<true>(frame.data());
        return true;
    }
    if (usual && !v4 && at.udp == kEthernetLength + kIpv6Length) {
        turn_usual_round<false>(frame.data());
        return true;
    }
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
