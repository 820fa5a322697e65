#include "overlay/echo.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/classify.hpp"
#include "overlay/headers.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace tocsin::overlay {

namespace {

constexpr std::uint8_t kLeastTtl = 2;  // one is left after the hop that we are

bool is_echo(std::span<const std::uint8_t> ip, std::size_t header) noexcept {
    const bool v4 = header != kIpv6Length || ip[0] >> 4U == 4;
    const std::uint8_t protocol = ip[v4 ? kIpv4ProtocolOffset : kIpv6NextHeaderOffset];
    if (protocol != kProtocolUdp || ip.size() < header + kUdpLength) return false;
    if (v4 && (load_be16(&ip[kIpv4FragmentOffset]) & kIpv4FragmentMask) != 0) return false;
    return load_be16(&ip[header + kUdpDestinationPortOffset]) == kEchoPort;
}

}  // namespace

HeaderTemplate echo_headers(const SingleHopHeaders& h) noexcept {
    return headers_to_port(h, kEchoPort);
}

DropReason judge_foreign(std::span<const std::uint8_t> ip, std::size_t header,
                         const PortContext& port) noexcept {
    if (!is_echo(ip, header)) return DropReason::IpDestination;
    const bool v4 = ip[0] >> 4U == 4;
    const std::uint8_t ttl = ip[v4 ? kIpv4TtlOffset : kIpv6HopLimitOffset];
    const bool own = v4 ? port.on_link.has_station_v4(&ip[kIpv4DestinationOffset])
                        : port.on_link.has_station_v6(&ip[kIpv6DestinationOffset]);
    const bool from_us = v4 ? port.addresses.contains_v4(&ip[kIpv4SourceOffset])
                            : port.addresses.contains_v6(&ip[kIpv6SourceOffset]);
    const bool allowed = port.loops_echo && own && !from_us && ttl >= kLeastTtl;
    return allowed ? DropReason::None : DropReason::EchoRefused;
}

bool reflect_echo(std::span<std::uint8_t> frame, std::size_t ip, const MacAddress& own) noexcept {
    MacAddress sender;
    std::memcpy(sender.data(), &frame[sender.size()], sender.size());
    if (((frame[0] | sender[0]) & 1U) != 0 || sender == own) return false;
    std::ranges::copy(sender, frame.begin());
    std::ranges::copy(own, frame.begin() + sender.size());
    const auto header = frame.subspan(ip);
    if (header[0] >> 4U != 4) {
        --header[kIpv6HopLimitOffset];
        return true;
    }
    --header[kIpv4TtlOffset];
    // One less in the upper octet of a word: the complement of the sum is one more there, RFC 1624.
    const std::uint32_t sum = load_be16(&header[kIpv4ChecksumOffset]) + 0x0100U;
    store_be16(&header[kIpv4ChecksumOffset], static_cast<std::uint16_t>(sum + (sum >> 16U)));
    return true;
}

}  // namespace tocsin::overlay
