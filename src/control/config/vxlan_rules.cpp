#include "control/config/vxlan_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/tunnel_rules.hpp"
#include "overlay/vxlan.hpp"

#include <algorithm>

namespace tocsin::control::config {

namespace {

bool is_ours(const RuleContext& in, const IpAddress& address) {
    return std::ranges::any_of(in.ports, [&](const Port& port) {
        return std::ranges::find(port.addresses, address, &IpPrefix::address) !=
               port.addresses.end();
    });
}

void check_source(RuleContext& in, const Tunnel& tunnel) {
    if (is_ours(in, tunnel.inner_src)) return;
    in.add("inner_src",
           to_string(tunnel.inner_src) +
               " is no address of any port: the VTEP sends from its own (RFC 8971 5)",
           true);
}

/// Nothing may be sent to a tenant: a loopback address, or the remote VTEP's.
void check_destination(RuleContext& in, const Tunnel& tunnel) {
    const IpAddress& a = tunnel.inner_dst;
    if (is_vxlan_loopback(a) || a == in.session.remote) return;
    in.add("inner_dst", to_string(a) +
                            " may be a tenant's: write an address of 127.0.0.0/8 or "
                            "::ffff:127.0.0.0/104, or that of the remote VTEP (RFC 8971 5)");
}

IpAddress default_destination(AddressFamily family) {
    IpAddress out{.family = family};
    if (family == AddressFamily::V4) {
        out.octets = {127, 0, 0, 1};
    } else {
        out.octets = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
    }
    return out;
}

}  // namespace

void check_vxlan(RuleContext& in) {
    check_tunnel_mode(in);
    const TunnelDraft& d = tunnel_of(in);
    Tunnel tunnel = read_outer(in, in.tunnels.management_vni);
    if (!d.payload.empty()) {
        in.add("payload", "is for sessions of type geneve: inside of VXLAN is always Ethernet");
    }
    tunnel.inner_src_mac =
        read_inner_mac(in, "inner_src_mac", d.inner_src_mac).value_or(MacAddress{});
    tunnel.inner_dst_mac =
        read_inner_mac(in, "inner_dst_mac", d.inner_dst_mac).value_or(overlay::kVxlanBfdMac);
    const auto source = read_inner_address(in, "inner_src", d.inner_src, false);
    const auto destination = read_inner_address(in, "inner_dst", d.inner_dst, false);
    const bool read = source.has_value() == !d.inner_src.empty() &&
                      destination.has_value() == !d.inner_dst.empty();
    tunnel.inner_src = source.value_or(in.session.local);
    tunnel.inner_dst = destination.value_or(default_destination(tunnel.inner_src.family));
    if (read && tunnel.inner_src.family != AddressFamily::None) {
        if (tunnel.inner_src.family != tunnel.inner_dst.family) {
            in.add("inner_dst", to_string(tunnel.inner_dst) + " and inner_src " +
                                    to_string(tunnel.inner_src) +
                                    " are of different families: both must be IPv4 or both IPv6");
        } else {
            check_source(in, tunnel);
            check_destination(in, tunnel);
        }
    }
    in.session.tunnel = tunnel;
}

}  // namespace tocsin::control::config
