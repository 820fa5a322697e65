#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tocsin {

/// Why a received or outgoing packet went no further. One counter and one metric label each.
enum class DropReason : std::uint8_t {
    None,  ///< accepted; never counted

    // src/overlay: the frame around the Control packet
    EthernetTruncated,  ///< shorter than an Ethernet header, or multi-segment
    VlanUnknown,        ///< tagged with a VLAN that the port does not carry
    MacNotOurs,         ///< unicast destination MAC of somebody else
    IpHeader,           ///< wrong version, header length, or header cut off
    IpLength,           ///< Total or Payload Length exceeds the frame
    IpChecksum,         ///< IPv4 header checksum
    IpFragment,         ///< fragments are never valid BFD
    IpExtensionHeader,  ///< BFD behind IPv6 extension headers
    IpSource,           ///< source is ours, multicast, broadcast, loopback or unspecified
    IpDestination,      ///< destination is not an address of this port
    UdpLength,          ///< UDP Length below 8 or beyond the IP payload
    UdpChecksum,        ///< wrong, or zero over IPv6
    TtlNot255,          ///< GTSM, RFC 5881 5
    PayloadTooShort,    ///< UDP payload below 24 octets

    // src/overlay: requests to the port of S-BFD reflectors
    ReflectorSourcePort,  ///< from the port of reflectors, RFC 7881 6: it may be a response
    ReflectorNoReturn,    ///< this port leads not back to the source, RFC 7881 7

    // src/overlay: tunnels, and what is inside of them
    VxlanHeader,           ///< cut off, or without the I flag, RFC 7348 5
    GeneveHeader,          ///< cut off, another version, or options that do not fit, RFC 8926 3.4
    GeneveCriticalOption,  ///< an option that must be understood, RFC 8926 3.5
    LabelStack,            ///< cut off, deeper than 16, or nothing behind it, RFC 3032 2.1
    ChannelHeader,  ///< of a pseudowire's control channel: none, cut off, another version, RFC 4385
                    ///< 5
    ChannelType,    ///< neither BFD nor IP in a pseudowire's control channel, RFC 5885 5
    InnerEthernet,  ///< inner Ethernet header cut off, or with more than two tags
    InnerMac,       ///< inner destination MAC that is not for us
    InnerProtocol,  ///< neither IPv4 nor IPv6 inside
    InnerIpHeader,  ///< as IpHeader, likewise below
    InnerIpLength,
    InnerIpChecksum,
    InnerIpFragment,
    InnerExtensionHeader,
    InnerSource,       ///< inner source of a group or of everybody
    InnerDestination,  ///< inner destination that is not for us
    InnerUdpLength,
    InnerUdpChecksum,
    InnerTtl,       ///< inner TTL or Hop Limit other than 255
    InnerNotBfd,    ///< inner protocol other than UDP, or another port than 3784
    InnerTooShort,  ///< inner UDP payload below 24 octets

    // src/dataplane/bfd: RFC 5880 6.8.6 in its order
    Version,              ///< not 1
    LengthTooShort,       ///< Length below 24, or below 26 with A
    LengthBeyondPayload,  ///< Length exceeds the UDP payload
    DetectMultZero,
    Multipoint,  ///< M bit set
    MyDiscriminatorZero,
    YourDiscriminatorUnknown,    ///< nonzero and names no session
    YourDiscriminatorZeroState,  ///< zero with a state other than Down or AdminDown
    NoSession,                   ///< Your Discriminator zero and no session matches
    SessionType,                 ///< the session has another encapsulation or family
    WrongInstance,               ///< of another VNI, label or inner link than the session's; S-BFD:
                                 ///< of another entity, or to another port
    DestinationMismatch,  ///< in a tunnel, S-BFD: to another address of ours than the session's
    WrongPort,            ///< single hop, arrived on another port than the session's
    SourceMismatch,       ///< match_source is on and the source is not the remote address
    PeerChanged,          ///< of an LSP, while Up: another discriminator or source, RFC 5884 7
    TtlTooLow,            ///< multihop, below min_ttl
    AuthUnexpected,       ///< A set, bfd.AuthType zero
    AuthMissing,          ///< A clear, bfd.AuthType nonzero
    AuthTypeMismatch,     ///< Auth Type is not bfd.AuthType
    AuthKeyUnknown,       ///< no key with this Auth Key ID is accepted now
    AuthLength,           ///< Auth Len does not fit type, key or Length
    AuthSequence,         ///< Sequence Number outside of the window: replayed, or many lost
    AuthDigest,           ///< wrong password, MD5 digest or SHA1 hash
    AuthReflected,        ///< our own packet: My Discriminator is the session's
    AdminDown,            ///< local AdminDown discards after the variables are updated
    EchoNotOurs,          ///< came back to the Echo port, but no session of ours sent it
    EchoTtl,       ///< returned Echo that was not forwarded exactly once, or too old to be looped
    EchoInactive,  ///< returned Echo of a session that sends none now
    EchoSequence,  ///< returned Echo that came back before, or was never sent
    EchoForged,    ///< returned Echo whose tag is wrong
    ReflectorDemandClear,  ///< S-BFD request without D, RFC 7880 7.2.3: it may be a response
    ReflectorDenied,       ///< from a source that the reflector is not to answer
    InitiatorDemandSet,    ///< S-BFD response with D, RFC 7880 7.3.3: it may be a request
    InitiatorState,        ///< S-BFD response in Down or Init, which no reflector is ever in
    EchoRefused,  ///< a peer's Echo that we do not loop: no session allows it, or not its own
                  ///< address

    // src/dataplane/runtime
    EchoRateLimited,  ///< a peer's Echo beyond what its station, or all together, may have back
    EchoNoRoom,       ///< a peer's Echo for which the transmit queue has no room to spare
    ReflectorRateLimited,  ///< S-BFD request beyond what its source, or all together, may ask
    ReflectorNoRoom,       ///< S-BFD response for which the transmit queue has no room to spare
    PuntRateLimited,       ///< slow-path frame above the rate that control takes
    PuntRingFull,
    HandoverRingFull,  ///< the worker of the session does not keep up with what others hand over
    NotHandled,        ///< a protocol that nobody here speaks
    TxUnresolved,      ///< next hop's MAC not known
    TxNoMbuf,          ///< mempool empty
    TxQueueFull,       ///< the driver took fewer packets than were given

    Count
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::Count);

/// The metric label, snake_case, index = enumerator.
inline constexpr std::array<std::string_view, kDropReasons> kDropReasonNames{
    "none",
    "ethernet_truncated",
    "vlan_unknown",
    "mac_not_ours",
    "ip_header",
    "ip_length",
    "ip_checksum",
    "ip_fragment",
    "ip_extension_header",
    "ip_source",
    "ip_destination",
    "udp_length",
    "udp_checksum",
    "ttl_not_255",
    "payload_too_short",
    "reflector_source_port",
    "reflector_no_return",
    "vxlan_header",
    "geneve_header",
    "geneve_critical_option",
    "label_stack",
    "channel_header",
    "channel_type",
    "inner_ethernet",
    "inner_mac",
    "inner_protocol",
    "inner_ip_header",
    "inner_ip_length",
    "inner_ip_checksum",
    "inner_ip_fragment",
    "inner_extension_header",
    "inner_source",
    "inner_destination",
    "inner_udp_length",
    "inner_udp_checksum",
    "inner_ttl",
    "inner_not_bfd",
    "inner_too_short",
    "version",
    "length_too_short",
    "length_beyond_payload",
    "detect_mult_zero",
    "multipoint",
    "my_discriminator_zero",
    "your_discriminator_unknown",
    "your_discriminator_zero_state",
    "no_session",
    "session_type",
    "wrong_instance",
    "destination_mismatch",
    "wrong_port",
    "source_mismatch",
    "peer_changed",
    "ttl_too_low",
    "auth_unexpected",
    "auth_missing",
    "auth_type_mismatch",
    "auth_key_unknown",
    "auth_length",
    "auth_sequence",
    "auth_digest",
    "auth_reflected",
    "admin_down",
    "echo_not_ours",
    "echo_ttl",
    "echo_inactive",
    "echo_sequence",
    "echo_forged",
    "reflector_demand_clear",
    "reflector_denied",
    "initiator_demand_set",
    "initiator_state",
    "echo_refused",
    "echo_rate_limited",
    "echo_no_room",
    "reflector_rate_limited",
    "reflector_no_room",
    "punt_rate_limited",
    "punt_ring_full",
    "handover_ring_full",
    "not_handled",
    "tx_unresolved",
    "tx_no_mbuf",
    "tx_queue_full",
};
static_assert(!kDropReasonNames.back().empty(), "a name for every reason");

[[nodiscard]] constexpr std::string_view name(DropReason r) noexcept {
    return kDropReasonNames[static_cast<std::size_t>(r)];
}

}  // namespace tocsin
