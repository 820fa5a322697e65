#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/ip.hpp"
#include "overlay/classify.hpp"

#include <cstdint>
#include <span>

namespace tocsin::overlay {

using Octets = std::span<const std::uint8_t>;

/// An IP packet of which header and lengths are in order.
struct IpPacket {
    Octets addresses;  ///< source and destination as they stand in the header, 8 or 32 octets
    Octets upper;      ///< what follows the header, to the end of the packet
    AddressFamily family = AddressFamily::None;
    std::uint8_t ttl = 0;
    std::uint8_t protocol = 0;  ///< IPv6: Next Header
    bool fragment = false;      ///< of IPv4, or one whose IPv6 header says so

    [[nodiscard]] const std::uint8_t* source() const noexcept { return addresses.data(); }
    [[nodiscard]] const std::uint8_t* destination() const noexcept {
        return addresses.data() + addresses.size() / 2;
    }
};

/// Under which names faults are counted: of the packet that arrived, or of one inside a tunnel.
struct IpFaults {
    DropReason header;
    DropReason length;
    DropReason checksum;
    DropReason fragment;
    DropReason extension;
    DropReason not_udp;
    DropReason udp_length;
    DropReason udp_checksum;
    DropReason payload;
};
inline constexpr IpFaults kOuterFaults{
    DropReason::IpHeader,   DropReason::IpLength,          DropReason::IpChecksum,
    DropReason::IpFragment, DropReason::IpExtensionHeader, DropReason::NotHandled,
    DropReason::UdpLength,  DropReason::UdpChecksum,       DropReason::PayloadTooShort};
inline constexpr IpFaults kInnerFaults{
    DropReason::InnerIpHeader,   DropReason::InnerIpLength,        DropReason::InnerIpChecksum,
    DropReason::InnerIpFragment, DropReason::InnerExtensionHeader, DropReason::InnerNotBfd,
    DropReason::InnerUdpLength,  DropReason::InnerUdpChecksum,     DropReason::InnerTooShort};

/// Header, lengths and IPv4 checksum of the packet that begins `octets`; what lies behind its end
/// is left out. A Good hint saves the checksum.
[[nodiscard]] DropReason open_ipv4(Octets octets, ChecksumHint hint, const IpFaults& faults,
                                   IpPacket& out) noexcept;
[[nodiscard]] DropReason open_ipv6(Octets octets, const IpFaults& faults, IpPacket& out) noexcept;

/// The datagram in `ip`, from its UDP header to its Length. False: cut off, or a Length that does
/// not fit.
[[nodiscard]] bool open_udp(const IpPacket& ip, Octets& udp) noexcept;

/// A Bad hint is not taken on trust, since drivers give it for checksums that were left to hardware
/// that is not there. None is right over IPv4 only, RFC 768 and RFC 8200 8.1.
[[nodiscard]] bool udp_checksum_accepted(const IpPacket& ip, Octets udp, UdpChecksumPolicy policy,
                                         ChecksumHint hint) noexcept;

/// A source that no single other station can have: ours, of a group, of everybody, of nobody, a
/// loopback address.
[[nodiscard]] bool source_is_martian(const IpPacket& ip, const LocalAddresses& own) noexcept;

/// 127.0.0.0/8 or ::ffff:127.0.0.0/104: where no router forwards to, RFC 5884 and 8971.
[[nodiscard]] bool is_loopback_destination(const IpPacket& ip) noexcept;

/// One of the port's addresses, or one of another port of the domain, by which routers reach us
/// through this one too. Link-local addresses mean something else on each link.
[[nodiscard]] bool is_own_destination(const IpPacket& ip, const PortContext& port) noexcept;

/// A BFD Control packet over UDP inside a tunnel: a whole packet of IP of the family, no fragment,
/// UDP with right length and checksum, at least 24 octets of payload. Port and TTL are for the
/// caller to judge.
[[nodiscard]] DropReason open_inner(Octets ip, AddressFamily family, UdpChecksumPolicy policy,
                                    IpPacket& out, Octets& udp) noexcept;

[[nodiscard]] inline Classified dropped(DropReason reason) noexcept {
    return {.verdict = Verdict::Drop, .reason = reason, .packet = {}};
}

}  // namespace tocsin::overlay
