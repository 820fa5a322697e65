#pragma once

#include "control/base/boxed.hpp"
#include "control/config/labels.hpp"
#include "dataplane/base/ip.hpp"
#include "dataplane/base/session_key.hpp"
#include "dataplane/base/types.hpp"
#include "overlay/vlan.hpp"

#include <cstdint>
#include <string>

namespace tocsin::control::config {

/// Packets travel inside others between two ends of a tunnel, `local` and `remote` of the session.
[[nodiscard]] constexpr bool is_tunnel(SessionType type) noexcept {
    return type == SessionType::Vxlan || type == SessionType::Geneve || has_labels(type);
}

/// The peer may be several hops away: the port that leads there may be another one than has `local`
/// or than packets come in by, and is no part of what tells sessions apart.
[[nodiscard]] constexpr bool is_routed(SessionType type) noexcept {
    return type == SessionType::MultiHop || type == SessionType::Sbfd || is_tunnel(type);
}

inline constexpr std::uint32_t kMostVni = 0xffffff;
inline constexpr std::uint8_t kDefaultTunnelTtl = 64;
/// Of a tag without `inner_priority`: that of network control beside DSCP 48 (CS6).
inline constexpr std::uint8_t kDefaultInnerPriority = 6;

/// What is inside of the tunnel of a session, complete. Of Geneve `inner` is what belongs to the
/// VAPs, RFC 9521 3. Of LSPs and pseudowires only `labels` and the inner addresses are there.
struct Tunnel {
    std::uint32_t vni = 1;                 ///< 0..kMostVni
    std::uint8_t ttl = kDefaultTunnelTtl;  ///< of the outer IP header
    bool outer_checksum = false;           ///< of the outer UDP header; false: it is sent as zero
    bool ethernet = true;                  ///< false: IP follows the Geneve header at once
    IpAddress inner_src;
    IpAddress inner_dst;         ///< of the same family
    MacAddress inner_src_mac{};  ///< zero: that of the port; never so with Geneve
    MacAddress inner_dst_mac{};
    overlay::VlanTags inner_tags;
    Boxed<Labels> labels;  ///< of the types that has_labels() names, and no other
    friend bool operator==(const Tunnel&, const Tunnel&) = default;
};

/// Of all sessions of a daemon. Takes effect with a reload, limits for sessions that are new then.
struct TunnelSettings {
    std::uint32_t management_vni = 1;       ///< of VXLAN sessions without `vni`, RFC 8971 4
    std::uint32_t vxlan_per_pair = 16;      ///< sessions of one pair of VTEPs, RFC 8971 9
    std::uint32_t geneve_per_pair = 1024;   ///< sessions of one pair of NVEs, RFC 9521 6
    std::uint32_t labels_per_pair = 65536;  ///< LSPs, and pseudowires, between two systems

    /// How many sessions of the type two ends may have between them.
    [[nodiscard]] constexpr std::uint32_t per_pair(SessionType type) const noexcept {
        if (has_labels(type)) return labels_per_pair;
        return type == SessionType::Vxlan ? vxlan_per_pair : geneve_per_pair;
    }
    friend bool operator==(const TunnelSettings&, const TunnelSettings&) = default;
};

/// What can exist once of initiators of S-BFD; the worker's has the source port as well.
[[nodiscard]] SessionKey sbfd_key(const IpAddress& local, const IpAddress& remote,
                                  Discriminator remote_discriminator) noexcept;

/// 127.0.0.0/8 or ::ffff:127.0.0.0/104: where no router forwards to, RFC 8971 5.
[[nodiscard]] bool is_vxlan_loopback(const IpAddress& address) noexcept;

/// By which packets of this tunnel are found. `type` is that of a tunnel.
[[nodiscard]] SessionKey tunnel_key(SessionType type, const IpAddress& local,
                                    const IpAddress& remote, const Tunnel& tunnel) noexcept;

/// What can exist once: the same, but that a pseudowire has one session, RFC 5885 3.1.
[[nodiscard]] SessionKey tunnel_identity(SessionType type, const IpAddress& local,
                                         const IpAddress& remote, const Tunnel& tunnel) noexcept;

/// The same as octets, to compare with other texts.
[[nodiscard]] std::string tunnel_key_text(SessionType type, const IpAddress& local,
                                          const IpAddress& remote, const Tunnel& tunnel);

/// "VNI 7 from 192.0.2.1" with the VAPs of Geneve, for messages.
[[nodiscard]] std::string describe_tunnel(SessionType type, const IpAddress& local,
                                          const Tunnel& tunnel);

/// Octets from the outer IP header to the payload of the inner UDP header; `outer`: family of the
/// tunnel's ends.
[[nodiscard]] std::uint32_t tunnel_header_octets(AddressFamily outer,
                                                 const Tunnel& tunnel) noexcept;

}  // namespace tocsin::control::config
