#include "control/config/tunnel.hpp"

#include "control/base/address.hpp"
#include "control/config/schema.hpp"
#include "overlay/geneve.hpp"
#include "overlay/header_template.hpp"
#include "overlay/vxlan.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace tocsin::control::config {

SessionKey sbfd_key(const IpAddress& local, const IpAddress& remote,
                    Discriminator remote_discriminator) noexcept {
    SessionKey key;
    key.type = SessionType::Sbfd;
    key.family = remote.family;
    key.port = port_in_key(key.type, {});
    key.instance = remote_discriminator.value;
    key.local = local.octets;
    key.remote = remote.octets;
    return key;
}

bool is_vxlan_loopback(const IpAddress& address) noexcept {
    if (address.is_v4()) return address.octets[0] == 127;
    constexpr std::array<std::uint8_t, 13> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
    return address.is_v6() &&
           std::ranges::equal(kMapped, std::span{address.octets}.first(kMapped.size()));
}

SessionKey tunnel_key(SessionType type, const IpAddress& local, const IpAddress& remote,
                      const Tunnel& tunnel) noexcept {
    SessionKey out;
    out.type = type;
    out.port = port_in_key(type, {});
    if (tunnel.labels) {
        fill_label_key(out, local, remote, tunnel.inner_src, tunnel.inner_dst, *tunnel.labels);
        return out;
    }
    if (type == SessionType::Vxlan) {
        out.family = remote.family;
        out.link = overlay::Vxlan::link(tunnel.inner_tags);
        out.instance = overlay::Vxlan::instance(tunnel.vni, tunnel.inner_src.family);
        out.local = local.octets;
        out.remote = remote.octets;
        return out;
    }
    const auto id = overlay::Geneve::identity(tunnel.vni, tunnel.inner_src_mac,
                                              tunnel.inner_dst_mac, tunnel.inner_tags);
    out.family = tunnel.inner_src.family;
    out.link = id.link;
    out.instance = id.instance;
    // As packets name us and the peer: a VAP without address is sent to by a loopback address, and
    // sends from none, RFC 9521 4.
    out.local = tunnel.inner_src.octets;
    if (is_unspecified(tunnel.inner_src)) {
        out.local[tunnel.inner_src.is_v4() ? 3 : 15] = 1;
        if (tunnel.inner_src.is_v4()) out.local[0] = 127;
    }
    if (!is_loopback(tunnel.inner_dst)) out.remote = tunnel.inner_dst.octets;
    return out;
}

SessionKey tunnel_identity(SessionType type, const IpAddress& local, const IpAddress& remote,
                           const Tunnel& tunnel) noexcept {
    SessionKey out = tunnel_key(type, local, remote, tunnel);
    if (type != SessionType::Vccv || !tunnel.labels) return out;
    out.instance = tunnel.labels->label_in;
    out.family = AddressFamily::None;
    return out;
}

std::string tunnel_key_text(SessionType type, const IpAddress& local, const IpAddress& remote,
                            const Tunnel& tunnel) {
    const SessionKey key = tunnel_identity(type, local, remote, tunnel);
    std::string out(sizeof key, '\0');
    std::memcpy(out.data(), &key, sizeof key);
    return out;
}

std::string describe_tunnel(SessionType type, const IpAddress& local, const Tunnel& tunnel) {
    if (tunnel.labels && type == SessionType::Vccv) {
        return "pseudowire label " + std::to_string(tunnel.labels->label_in) + " to " +
               to_string(local);
    }
    if (tunnel.labels) {
        return lsp_ping::to_string(tunnel.labels->fec) + " instance " +
               std::to_string(tunnel.labels->instance) + " from " + to_string(local);
    }
    std::string out = "VNI " + std::to_string(tunnel.vni) + " from " + to_string(local);
    if (type == SessionType::Vxlan) return out;
    return out + ", VAP " + to_string(tunnel.inner_src) + " to " + to_string(tunnel.inner_dst);
}

std::uint32_t tunnel_header_octets(AddressFamily outer, const Tunnel& tunnel) noexcept {
    const auto ip_udp = [](AddressFamily family) {
        return static_cast<std::uint32_t>(
            (family == AddressFamily::V4 ? overlay::kIpv4Length : overlay::kIpv6Length) +
            overlay::kUdpLength);
    };
    if (tunnel.labels) {
        const Labels& l = *tunnel.labels;
        const std::size_t marks = l.channel == overlay::ControlChannel::RouterAlert ||
                                          l.channel == overlay::ControlChannel::Gal
                                      ? 1
                                      : 0;
        const bool has_ip = tunnel.inner_src.family != AddressFamily::None;
        const std::size_t labels = l.routed ? 0 : (l.stack.size + marks) * overlay::kLabelLength;
        return static_cast<std::uint32_t>(labels) + (l.label_in != 0 && l.control_word ? 4U : 0U) +
               (has_ip ? ip_udp(tunnel.inner_src.family) : 0U);
    }
    static_assert(overlay::kVxlanLength == overlay::kGeneveLength);
    const std::size_t ethernet =
        tunnel.ethernet
            ? overlay::kEthernetLength + tunnel.inner_tags.size * overlay::kVlanTagLength
            : 0;
    return ip_udp(outer) + static_cast<std::uint32_t>(overlay::kVxlanLength + ethernet) +
           ip_udp(tunnel.inner_src.family);
}

bool needs_room_for_overlays(const Session& session) noexcept {
    if (!session.tunnel && session.type != SessionType::Micro) return false;
    constexpr std::uint32_t kControlPacket = 24;  // RFC 5880 4.1
    constexpr std::uint32_t kSha1 = 28;           // RFC 5880 4.4, the longest
    const bool authenticated = session.auth.type != bfd::AuthType::None;
    return overlay::kEthernetLength + (session.frames.tagged ? overlay::kVlanTagLength : 0) +
               header_octets(session) + kControlPacket + (authenticated ? kSha1 : 0) >
           overlay::kShortPacket;
}

}  // namespace tocsin::control::config
