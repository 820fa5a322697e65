#include "control/config/geneve_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/nearest.hpp"
#include "control/config/tunnel_rules.hpp"

namespace tocsin::control::config {

namespace {

bool read_payload(RuleContext& in) {
    const std::string& given = tunnel_of(in).payload;
    if (given.empty() || given == "ethernet") return true;
    if (given != "ip") {
        in.add("payload", in_quotes(given) + " is not accepted: write \"ethernet\" or \"ip\"");
    }
    return given != "ip";
}

/// As RFC 9521 4 has it for VAPs without address: from nobody, to 127.0.0.1 or ::1.
IpAddress nobody(AddressFamily family) { return {.family = family}; }
IpAddress one_loopback(AddressFamily family) {
    IpAddress out{.family = family};
    if (family == AddressFamily::V4) {
        out.octets = {127, 0, 0, 1};
    } else {
        out.octets[15] = 1;
    }
    return out;
}

void read_macs(RuleContext& in, Tunnel& tunnel) {
    const TunnelDraft& d = tunnel_of(in);
    const auto read = [&](std::string_view member, const std::string& given, const char* whose) {
        if (given.empty()) {
            in.add(member, std::string{"is missing: write the MAC address of "} + whose +
                               ", such as \"02:00:00:00:0a:01\" (RFC 9521 4)");
        }
        return read_inner_mac(in, member, given).value_or(MacAddress{});
    };
    tunnel.inner_src_mac = read("inner_src_mac", d.inner_src_mac, "our VAP");
    tunnel.inner_dst_mac = read("inner_dst_mac", d.inner_dst_mac, "the peer's VAP");
}

/// VAPs that carry IP have addresses and no Ethernet, RFC 9521 5.
void refuse_ethernet(RuleContext& in) {
    const TunnelDraft& d = tunnel_of(in);
    const auto refuse = [&](std::string_view member, bool given) {
        if (given) in.add(member, "is of Ethernet, which payload = \"ip\" has none of");
    };
    refuse("inner_src_mac", !d.inner_src_mac.empty());
    refuse("inner_dst_mac", !d.inner_dst_mac.empty());
    refuse("inner_vlan", !d.inner_vlan.empty());
    const auto require = [&](std::string_view member, bool given) {
        if (!given) {
            in.add(member, "is missing: VAPs with payload = \"ip\" have addresses (RFC 9521 5)");
        }
    };
    require("inner_src", !d.inner_src.empty());
    require("inner_dst", !d.inner_dst.empty());
}

void check_addresses(RuleContext& in, const Tunnel& t) {
    if (t.inner_src.family != t.inner_dst.family) {
        return in.add("inner_dst", to_string(t.inner_dst) + " and inner_src " +
                                       to_string(t.inner_src) +
                                       " are of different families: both must be IPv4 or both "
                                       "IPv6");
    }
    const auto refuse = [&](std::string_view member, const IpAddress& a, const char* why) {
        in.add(member, to_string(a) + std::string{why});
    };
    const bool nobody_sends = is_unspecified(t.inner_src);
    const bool to_loopback = is_loopback(t.inner_dst);
    if (!t.ethernet && nobody_sends) {
        refuse("inner_src", t.inner_src, " is no address: VAPs with payload = \"ip\" have one");
    }
    if (!t.ethernet && to_loopback) {
        refuse("inner_dst", t.inner_dst,
               " is a loopback address: VAPs with payload = \"ip\" have one of their own");
    }
    if (is_loopback(t.inner_src) || is_vxlan_loopback(t.inner_src)) {
        refuse("inner_src", t.inner_src,
               " is a loopback address: leave it out for a VAP without address");
    }
    if (is_unspecified(t.inner_dst) || ((to_loopback || is_vxlan_loopback(t.inner_dst)) &&
                                        t.inner_dst != one_loopback(t.inner_dst.family))) {
        refuse("inner_dst", t.inner_dst,
               " names no VAP: write its address, or 127.0.0.1 or ::1 for one without "
               "(RFC 9521 4)");
    }
    if (!nobody_sends && !to_loopback && t.inner_src == t.inner_dst) {
        refuse("inner_dst", t.inner_dst, " is inner_src as well: the two VAPs are different");
    }
}

}  // namespace

void check_geneve(RuleContext& in) {
    check_tunnel_mode(in);
    const TunnelDraft& d = tunnel_of(in);
    Tunnel tunnel = read_outer(in, 0);
    if (!d.vni) in.add("vni", "is missing: write that of the VAPs, 0..16777215 (RFC 9521 4)");
    tunnel.ethernet = read_payload(in);
    if (tunnel.ethernet) {
        read_macs(in, tunnel);
    } else {
        refuse_ethernet(in);
    }
    const auto source = read_inner_address(in, "inner_src", d.inner_src, true);
    const auto destination = read_inner_address(in, "inner_dst", d.inner_dst, true);
    const bool read = source.has_value() == !d.inner_src.empty() &&
                      destination.has_value() == !d.inner_dst.empty() &&
                      (tunnel.ethernet || (source && destination));
    const AddressFamily family = source        ? source->family
                                 : destination ? destination->family
                                               : AddressFamily::V4;
    tunnel.inner_src = source.value_or(nobody(family));
    tunnel.inner_dst = destination.value_or(one_loopback(family));
    if (read) check_addresses(in, tunnel);
    in.session.tunnel = tunnel;
}

}  // namespace tocsin::control::config
