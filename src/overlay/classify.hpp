#pragma once

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/received_packet.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/local_addresses.hpp"
#include "overlay/member_addresses.hpp"
#include "overlay/on_link_prefixes.hpp"

#include <cstdint>
#include <span>

namespace tocsin::overlay {

/// What the driver said about a checksum.
enum class ChecksumHint : std::uint8_t { Unknown, Good, Bad };

/// What to do about received UDP checksums on a port.
enum class UdpChecksumPolicy : std::uint8_t {
    Verify,         ///< wrong ones are dropped
    AcceptPartial,  ///< also the bare pseudo-header sum, which Linux leaves on virtual devices
                    ///< (CHECKSUM_PARTIAL: the hardware that would have completed it is not there)
    Ignore,         ///< none is computed; zero over IPv6 is still dropped, RFC 8200 8.1
};

/// What classification needs to know of a port. Owner: one worker; control replaces it whole.
struct PortContext {
    PortId port;
    std::uint16_t domain = 0;
    MacAddress mac{};
    UdpChecksumPolicy udp_checksum = UdpChecksumPolicy::Verify;
    bool point_to_point = false;
    /// The outer UDP checksum of a tunnel over IPv6 may be zero, RFC 6935.
    bool tunnels_without_checksum = false;
    bool open_vswitch_vxlan = false;  ///< see kOpenVswitchMac
    /// Labelled packets, and what penultimate hop popping leaves of them, may be for a session.
    bool mpls = false;
    bool loops_echo = false;  ///< a session of this port allows its peer Echo, RFC 5880 6.8.13
    LocalAddresses addresses;
    OnLinkPrefixes on_link;  ///< whose stations may ask for their Echo packets
    /// What else this port leads to, by routes: who is there may have an answer of a reflector.
    std::span<const IpPrefix> routes{};
    /// What a reflector answers from that was not asked by an address of ours; or family None.
    IpAddress own_v4{};
    IpAddress own_v6{};
    /// Of every port of the domain: a multihop packet to any of them may come in here.
    std::span<const LocalAddresses> domain_addresses{};
    MemberAddresses member{};  ///< none unless the port is a member of a LAG
};

enum class Verdict : std::uint8_t {
    Bfd,          ///< `packet` is filled in
    Echo,         ///< to the Echo port of an address of ours: what we once sent, or claims to be
    SbfdRequest,  ///< of an initiator of S-BFD, to the port of reflectors; `packet` is filled in
    Reflect,      ///< a peer's Echo packet: reflect_echo(); `packet.payload` is its IP header
    Punt,         ///< for the slow path: ARP, neighbour discovery, ICMP for us, LSP Ping
    PuntAside,    ///< for the slow path as far as there is time: ARP requests for others
    Drop,         ///< counted under `reason`
};

struct Classified {
    Verdict verdict = Verdict::Drop;
    DropReason reason = DropReason::None;
    ReceivedPacket packet;
};

/// Strips and checks the headers of one received frame, cheapest checks first. Of several faults
/// the first of this order is the one counted: Ethernet, IP header and its lengths, IP checksum,
/// destination, fragment or extension header, protocol and port, source, UDP Length, GTSM, UDP
/// checksum, payload length; then what is in a tunnel or under labels, see encap.hpp. Reads nothing
/// beyond `frame`. `ip` and `udp` are the driver's hints on the two checksums: Good is believed, a
/// Bad `udp` is computed again.
[[nodiscard]] Classified classify(std::span<const std::uint8_t> frame, const PortContext& port,
                                  ChecksumHint ip, ChecksumHint udp) noexcept;

}  // namespace tocsin::overlay
