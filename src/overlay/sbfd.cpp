#include "overlay/sbfd.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/checksum.hpp"
#include "overlay/datagram.hpp"
#include "overlay/headers.hpp"

#include <algorithm>
#include <cstring>

namespace tocsin::overlay {

namespace {

constexpr std::uint8_t kTtl = 255;  // RFC 7881 6.1

/// Source and destination of `n` octets each, turned round.
void swap_halves(std::uint8_t* both, std::size_t n) noexcept {
    std::swap_ranges(both, both + n, both + n);
}

}  // namespace

HeaderTemplate sbfd_headers(const SbfdHeaders& h) noexcept {
    return h.source_port == kSbfdPort ? HeaderTemplate{} : headers_to_port(h, kSbfdPort);
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
    const bool loopback = is_loopback_destination(packet);
    if (loopback && own.family != packet.family) return false;
    const bool from_many = (frame[6] & 1U) != 0;
    if (from_many || std::memcmp(&frame[6], mac.data(), mac.size()) == 0) return false;

    std::copy_n(&frame[6], mac.size(), frame.begin());
    std::ranges::copy(mac, frame.begin() + 6);
    swap_halves(addresses, size);
    if (loopback) std::ranges::copy(own.wire(), addresses);
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
