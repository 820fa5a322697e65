#include "control/config/tunnel_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/address_rules.hpp"
#include "control/config/nearest.hpp"
#include "control/config/vlan_port.hpp"

#include <utility>

namespace tocsin::control::config {

namespace {

/// nullopt: not given, or at fault.
std::optional<std::uint32_t> number(RuleContext& in, std::string_view member,
                                    const std::optional<std::int64_t>& given, std::int64_t lowest,
                                    std::int64_t highest) {
    if (!given) return std::nullopt;
    if (*given < lowest || *given > highest) {
        in.add(member, std::to_string(*given) + " is out of range: " + std::to_string(lowest) +
                           ".." + std::to_string(highest) + " are accepted");
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*given);
}

overlay::VlanTags read_tags(RuleContext& in) {
    const TunnelDraft& d = tunnel_of(in);
    overlay::VlanTags out;
    const auto priority = number(in, "inner_priority", d.inner_priority, 0, 7);
    if (d.inner_priority && d.inner_vlan.empty()) {
        in.add("inner_priority", "is given without a tag: write inner_vlan as well");
    }
    if (d.inner_vlan.size() > overlay::VlanTags::kMost) {
        in.add("inner_vlan", std::to_string(d.inner_vlan.size()) +
                                 " tags: at most two are accepted, the outermost first");
        return out;
    }
    for (const std::int64_t vlan : d.inner_vlan) {
        const auto id = number(in, "inner_vlan", vlan, 1, kMostVlan);
        if (!id) return {};
        out.tags[out.size++] = {
            .tpid = overlay::kEtherTypeVlan,
            .tci = overlay::tci(static_cast<std::uint8_t>(priority.value_or(kDefaultInnerPriority)),
                                static_cast<std::uint16_t>(*id))};
    }
    if (out.size == 2) out.tags[0].tpid = overlay::kEtherTypeQinq;  // IEEE 802.1ad
    return out;
}

}  // namespace

const TunnelDraft& tunnel_of(const RuleContext& in) {
    static const TunnelDraft kNone;
    return in.draft.tunnel ? *in.draft.tunnel : kNone;
}

void refuse_tunnel(RuleContext& in) {
    const TunnelDraft& d = tunnel_of(in);
    const auto refuse = [&](std::string_view member, bool given) {
        if (!given) return;
        in.add(member, "means nothing to a session of type " + std::string{name(in.draft.type)} +
                           ": leave it out, or write type = \"vxlan\" or \"geneve\"");
    };
    refuse("vni", d.vni.has_value());
    refuse("payload", !d.payload.empty());
    refuse("inner_src", !d.inner_src.empty());
    refuse("inner_dst", !d.inner_dst.empty());
    refuse("inner_src_mac", !d.inner_src_mac.empty());
    refuse("inner_dst_mac", !d.inner_dst_mac.empty());
    refuse("inner_vlan", !d.inner_vlan.empty());
    refuse("inner_priority", d.inner_priority.has_value());
    refuse("ttl", d.ttl.has_value());
    refuse("outer_checksum", d.outer_checksum.has_value());
}

void check_tunnel_mode(RuleContext& in) {
    const bfd::SessionParameters& p = in.session.parameters;
    const std::string rfc = in.draft.type == SessionType::Vxlan  ? "RFC 8971 7"
                            : in.draft.type == SessionType::Mpls ? "RFC 5884 6"
                            : in.draft.type == SessionType::Vccv ? "RFC 5885 3.1"
                                                                 : "RFC 9521 1";
    const std::string no_echo = "Echo is not used in a tunnel (" + rfc +
                                "): leave it out, or write \"0s\" against a profile's";
    if (p.desired_min_echo_tx_interval > WireInterval{0}) {
        in.add("desired_min_echo_tx_interval", no_echo);
    }
    if (p.required_min_echo_rx_interval > WireInterval{0}) {
        in.add("required_min_echo_rx_interval", no_echo);
    }
    if (p.demand_mode) {
        in.add("demand_mode", "only Asynchronous mode is used in a tunnel (" + rfc +
                                  "): leave it out, or write false against a profile's");
    } else if (in.draft.demand_poll_interval.value_or(std::chrono::microseconds{0}).count() > 0) {
        in.add("demand_poll_interval", "is given without Demand mode: leave it out");
    }
    in.session.parameters.demand_poll_interval = WireInterval{0};
    if (!has_labels(in.draft.type) && !in.draft.match_source.value_or(true)) {
        in.add("match_source",
               "false is not accepted: packets in a tunnel have to come from its peer, leave it "
               "out");
    }
}

Tunnel read_outer(RuleContext& in, std::uint32_t vni) {
    const TunnelDraft& d = tunnel_of(in);
    Tunnel out;
    out.vni = number(in, "vni", d.vni, 0, kMostVni).value_or(vni);
    out.ttl =
        static_cast<std::uint8_t>(number(in, "ttl", d.ttl, 1, 255).value_or(kDefaultTunnelTtl));
    // RFC 7348 5 and RFC 8926 3.3: zero, but over IPv6 only where that was agreed upon.
    out.outer_checksum = d.outer_checksum.value_or(in.session.remote.is_v6());
    out.inner_tags = read_tags(in);
    return out;
}

std::optional<IpAddress> read_inner_address(RuleContext& in, std::string_view member,
                                            const std::string& given, bool unspecified) {
    if (given.empty()) return std::nullopt;
    std::string why;
    const auto address = read_address(given, why);
    if (!address) {
        in.add(member, std::move(why));
        return std::nullopt;
    }
    if (unspecified && (is_unspecified(*address) || is_loopback(*address))) return address;
    if (is_vxlan_loopback(*address)) return address;
    const auto fault = not_a_host(*address);
    if (!fault) return address;
    in.add(member, given + ' ' + *fault + ": write the unicast address of one system");
    return std::nullopt;
}

std::optional<MacAddress> read_inner_mac(RuleContext& in, std::string_view member,
                                         const std::string& given) {
    if (given.empty()) return std::nullopt;
    const auto mac = parse_mac(given);
    if (mac && *mac != MacAddress{} && ((*mac)[0] & 1U) == 0) return mac;
    in.add(member,
           in_quotes(given) + (mac ? " names no single station: write a unicast MAC address"
                                   : " is not a MAC address, such as \"02:00:00:00:0a:01\""));
    return std::nullopt;
}

}  // namespace tocsin::control::config
