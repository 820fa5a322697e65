#pragma once

#include "control/auth/key_chain.hpp"
#include "control/base/boxed.hpp"
#include "control/config/lag.hpp"
#include "control/config/lsp_ping.hpp"
#include "control/config/sbfd.hpp"
#include "control/config/tunnel.hpp"
#include "control/config/unsolicited.hpp"
#include "control/notify/policy.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "dataplane/bfd/parameters.hpp"
#include "overlay/vlan.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tocsin::control::config {

// The configuration file as typed values, after defaults were filled in. Key names are the members'
// names; docs/configuration.md documents each with range and default.

enum class LogLevel { Debug, Info, Warn, Error };
enum class LogFormat { Text, Json };
enum class Idle { Poll, Adaptive };
enum class HugePages { Auto, Require, Off };
/// What is done about sessions that ask for more packets than the workers can carry. Refuse: the
/// API and a reload do not add them, and new ones wait while a worker is overloaded.
enum class Admission { Off, Warn, Refuse };
/// Auto: verify on hardware, accept_partial on devices that the kernel feeds (af_packet, af_xdp,
/// tap).
enum class RxChecksum { Auto, Verify, AcceptPartial, Ignore };

struct Daemon {
    std::string state_dir = "/var/lib/tocsin";
    LogLevel log_level = LogLevel::Info;
    LogFormat log_format = LogFormat::Text;
    std::chrono::milliseconds shutdown_timeout{5000};  ///< bound on telling peers AdminDown at exit
    friend bool operator==(const Daemon&, const Daemon&) = default;
};

inline constexpr std::uint8_t kLeastHistory = 4;
inline constexpr std::uint8_t kMostHistory = 64;
/// Up to so many sessions the default is to keep histories.
inline constexpr std::uint32_t kMostWithHistory = 100'000;
inline constexpr std::uint32_t kCongestionRoomFor = 100'000;

[[nodiscard]] constexpr std::uint8_t default_history(std::uint32_t max_sessions) noexcept {
    return max_sessions <= kMostWithHistory ? 16 : 0;
}

/// Up to so many sessions the default is to have room for those in tunnels.
inline constexpr std::uint32_t kMostWithOverlays = 100'000;

struct Dataplane {
    std::vector<unsigned> workers;         ///< lcores (CPU numbers); empty: every CPU but the first
    std::uint32_t max_sessions = 100'000;  ///< 1..16'000'000, over all workers
    Idle idle = Idle::Poll;
    bool real_time = true;  ///< with adaptive: workers run under SCHED_FIFO, if permitted
    HugePages huge_pages = HugePages::Auto;
    Admission admission = Admission::Refuse;  ///< takes effect with a reload
    /// Room for authentication at every session, 32 octets; when not given: if there are key
    /// chains.
    bool authentication = false;
    /// Room for Echo packets of our own at every session, 72 octets; when not given: if a session
    /// or profile asks for them.
    bool echo = false;
    /// Room for the congestion control of multihop sessions, 32 octets a session; when not given:
    /// up to kCongestionRoomFor sessions, and if the file has a multihop session that wants it.
    bool congestion_control = true;
    /// Room for the longest headers at every session, 256 octets; when not given: if a session of
    /// the file is of a tunnel, or by kMostWithOverlays.
    bool overlays = true;
    /// Records of packets that each session keeps, and once more of its last Down; 0, or
    /// kLeastHistory..kMostHistory. When not given: by default_history().
    std::uint8_t history = 16;
    std::uint32_t memory_mb = 0;        ///< memory for DPDK without huge pages; 0 = by max_sessions
    std::vector<std::string> eal_args;  ///< passed to rte_eal_init after our own
    friend bool operator==(const Dataplane&, const Dataplane&) = default;
};

struct Api {
    std::vector<std::string> listen{"unix:/run/tocsin/api.sock"};  ///< only unix: paths for now
    friend bool operator==(const Api&, const Api&) = default;
};

struct Metrics {
    std::string listen = "127.0.0.1:9466";  ///< HOST:PORT; empty = no metrics server
    friend bool operator==(const Metrics&, const Metrics&) = default;
};

struct Route {
    IpPrefix to;
    IpAddress via;  ///< in a subnet of the port, or link-local
    friend bool operator==(const Route&, const Route&) = default;
};

/// Addresses of one port; one more is the link-local address of its MAC.
inline constexpr std::size_t kMostAddresses = 63;

struct Port {
    std::string name;                 ///< unique; letters, digits, '-', '_', '.'; 1..32 characters
    std::string device;               ///< PCI address or vdev string; or empty, with `parent`
    std::string parent;               ///< name of a port with a device, whose VLAN this one is
    std::vector<std::uint16_t> vlan;  ///< one or two identifiers 1..4094, outermost first
    std::uint8_t vlan_priority = 6;   ///< of the tags that we send, 0..7
    std::vector<IpPrefix> addresses;  ///< at most kMostAddresses
    std::vector<Route> routes;
    /// Sources of our Echo packets, at most one of each family; by default our address towards the
    /// peer. RFC 5881 4 wants one outside of the port's subnets, or peers may send redirects.
    std::vector<IpAddress> echo_source;
    bool point_to_point = false;  ///< RFC 5881 6: packets are not matched by source address
    bool mpls = false;            ///< labelled packets may be for a session, RFC 5884
    RxChecksum rx_checksum = RxChecksum::Auto;
    /// Received tunnels over IPv6 may have the UDP checksum zero, RFC 6935.
    bool tunnels_without_checksum = false;
    /// VXLAN as Open vSwitch sends it by default is received too.
    bool open_vswitch_vxlan = false;
    std::uint16_t rx_descriptors = 1024;
    std::uint16_t tx_descriptors = 1024;
    friend bool operator==(const Port&, const Port&) = default;
};

/// The tags of a port's frames; of two the outer one is of IEEE 802.1ad.
[[nodiscard]] overlay::VlanTags vlan_tags(const Port& port) noexcept;

/// Key chains of a file, and keys of one.
inline constexpr std::size_t kMostKeyChains = 128;
inline constexpr std::size_t kMostKeys = 64;
/// Numbers under which workers know one of six types with a chain: those of a file, of the file
/// before while a reload takes sessions from one to the other, and of older ones whose sessions
/// wait for a restart.
inline constexpr std::uint16_t kKeyChainNumbers = 3 * 6 * kMostKeyChains;

/// Of sessions whose profile says nothing else: what FRR's bfdd uses.
inline constexpr WireInterval kDefaultDesiredMinTxInterval{300'000};
inline constexpr WireInterval kDefaultRequiredMinRxInterval{300'000};
inline constexpr std::uint8_t kDefaultDetectMult = 3;
/// TTL of a packet that one router has passed on: what FRR's bfdd takes by default. Nobody farther
/// away can forge it.
inline constexpr std::uint8_t kDefaultMultihopMinTtl = 254;

struct Session {
    std::string name;  ///< optional label, unique when given
    IpAddress remote;
    /// Filled in from the port's subnet when not given. Family None: the link-local address that
    /// the daemon derives from the port's MAC. Of is_routed() types always given, and of any port.
    IpAddress local;
    std::string port;     ///< name of a port; of multihop: that packets leave by
    std::string profile;  ///< as written, for people; its values are already in `parameters`
    bfd::SessionParameters parameters;  ///< key_chain is 0, `auth` stands for it
    auth::Authentication auth;
    std::uint8_t dscp = 48;
    bool follow_link = true;
    bool admin_down = false;
    SessionType type = SessionType::SingleHop;
    std::uint16_t padded_pdu_size = 0;  ///< octets of UDP payload, RFC 9764; 0 = no padding
    bool interval_alignment = false;    ///< RFC 7419
    notify::Policy notification;
    MemberFrames frames;  ///< of type Micro
    /// Exists only while the state of its member link in the LAG asks for it, RFC 7130 3.
    bool on_request = false;
    Boxed<Tunnel> tunnel;                ///< of the types that is_tunnel() names, and no other
    Discriminator remote_discriminator;  ///< of the entity that a session of type sbfd asks for
    friend bool operator==(const Session&, const Session&) = default;
};

/// Octets of the packets of a session in front of the UDP payload, from the outermost IP header on.
[[nodiscard]] inline std::uint32_t header_octets(const Session& session) noexcept {
    if (session.tunnel) return tunnel_header_octets(session.remote.family, *session.tunnel);
    return session.remote.is_v6() ? 48 : 28;
}
/// Whether its packets need `dataplane.overlays`.
[[nodiscard]] bool needs_room_for_overlays(const Session& session) noexcept;

/// A named set of parameters; unset members leave the default.
struct Profile {
    std::string name;
    std::optional<WireInterval> desired_min_tx_interval;
    std::optional<WireInterval> required_min_rx_interval;
    std::optional<std::uint8_t> detect_mult;
    std::optional<bool> passive;
    std::optional<bool> demand_mode;
    std::optional<WireInterval> demand_poll_interval;
    std::optional<WireInterval> desired_min_echo_tx_interval;
    std::optional<WireInterval> required_min_echo_rx_interval;
    std::optional<bool> congestion_control;
    std::optional<auth::Authentication> auth;
    std::optional<std::uint16_t> padded_pdu_size;
    std::optional<bool> interval_alignment;
    std::optional<notify::Milliseconds> up_hold;
    std::optional<notify::Milliseconds> down_hold;
    std::optional<notify::Dampening> dampening;
    friend bool operator==(const Profile&, const Profile&) = default;
};

struct Config {
    Daemon daemon;
    Dataplane dataplane;
    Api api;
    Metrics metrics;
    std::vector<Port> ports;
    std::vector<auth::KeyChain> key_chains;
    std::vector<Profile> profiles;
    std::vector<Session> sessions;  ///< those of `lags` as well, behind the others
    std::vector<Lag> lags;
    TunnelSettings tunnels;
    Sbfd sbfd;
    LspPing lsp_ping;
    UnsolicitedTimers unsolicited_defaults;
    std::vector<Unsolicited> unsolicited;
    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace tocsin::control::config
