#include "control/config/label_rules.hpp"

#include "control/base/address.hpp"
#include "control/config/tunnel_rules.hpp"
#include "control/config/value_rules.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tocsin::control::config {

namespace {

constexpr std::size_t kMostLabels = 5;  // a pseudowire's own and two marks come to it
constexpr std::int64_t kMostInstance = 65535;

/// A label that names a path: the reserved ones below mean something else, RFC 3032 2.1.
std::optional<std::uint32_t> read_label(RuleContext& in, std::string_view member,
                                        std::int64_t given) {
    if (given >= overlay::kFirstFreeLabel && given <= overlay::kMostLabel) {
        return static_cast<std::uint32_t>(given);
    }
    in.add(member, std::to_string(given) +
                       " is out of range: " + std::to_string(overlay::kFirstFreeLabel) + ".." +
                       std::to_string(overlay::kMostLabel) + " are accepted");
    return std::nullopt;
}

void read_stack(RuleContext& in, Labels& out) {
    const std::vector<std::int64_t>& given = tunnel_of(in).labels;
    if (given.size() > kMostLabels) {
        return in.add("labels", std::to_string(given.size()) + " labels: at most " +
                                    std::to_string(kMostLabels) +
                                    " are accepted, the outermost first");
    }
    for (const std::int64_t label : given) {
        const auto value = read_label(in, "labels", label);
        if (!value) return;
        // As the traffic class of network control, like DSCP and priority of the other headers.
        out.stack.push({.value = *value, .tc = static_cast<std::uint8_t>(in.session.dscp >> 3U)});
    }
}

void refuse(RuleContext& in, std::string_view member, bool given, const std::string& why) {
    if (given) in.add(member, why);
}

/// What only VXLAN and Geneve have.
void refuse_overlay(RuleContext& in) {
    const TunnelDraft& d = tunnel_of(in);
    const std::string why =
        "means nothing to a session of type " + std::string{name(in.draft.type)} + ": leave it out";
    refuse(in, "vni", d.vni.has_value(), why);
    refuse(in, "payload", !d.payload.empty(), why);
    refuse(in, "inner_src_mac", !d.inner_src_mac.empty(), why);
    refuse(in, "inner_dst_mac", !d.inner_dst_mac.empty(), why);
    refuse(in, "inner_vlan", !d.inner_vlan.empty(), why);
    refuse(in, "inner_priority", d.inner_priority.has_value(), why);
    refuse(in, "ttl", d.ttl.has_value(), why);
    refuse(in, "outer_checksum", d.outer_checksum.has_value(), why);
}

bool takes_labels(const RuleContext& in) {
    const auto port = std::ranges::find(in.ports, in.session.port, &Port::name);
    return port == in.ports.end() || port->mpls;
}

/// Every port may be the one that its packets come in by; the one that they leave by at least.
void check_port(RuleContext& in) {
    if (takes_labels(in)) return;
    in.add("port",
           in.session.port +
               " takes no labelled packets: write mpls = true at that "
               "[[port]]",
           true);
}

/// Source and destination of the IP packet under the labels.
void read_addresses(RuleContext& in, Tunnel& t, std::uint64_t seed) {
    const TunnelDraft& d = tunnel_of(in);
    const auto source = read_inner_address(in, "inner_src", d.inner_src, false);
    const auto destination = read_inner_address(in, "inner_dst", d.inner_dst, false);
    if (source.has_value() == d.inner_src.empty() ||
        destination.has_value() == d.inner_dst.empty()) {
        return;
    }
    t.inner_src = source.value_or(in.session.local);
    if (t.inner_src.family == AddressFamily::None) return;
    t.inner_dst = destination.value_or(loopback_of(t.inner_src.family, seed));
    const bool ours = std::ranges::any_of(in.ports, [&](const Port& port) {
        return std::ranges::find(port.addresses, t.inner_src, &IpPrefix::address) !=
               port.addresses.end();
    });
    if (source && (!ours || is_link_local(t.inner_src))) {
        in.add("inner_src",
               to_string(t.inner_src) + " is no routable address of any port (RFC 5884 7)", true);
    }
    if (t.inner_src.family != t.inner_dst.family) {
        in.add("inner_dst", to_string(t.inner_dst) + " and inner_src " + to_string(t.inner_src) +
                                " are of different families: both must be IPv4 or both IPv6");
    } else if (!is_vxlan_loopback(t.inner_dst)) {
        in.add("inner_dst", to_string(t.inner_dst) +
                                " might be forwarded where the LSP ends too early: write an "
                                "address of 127.0.0.0/8 or ::ffff:127.0.0.0/104 (RFC 5884 7)");
    }
}

void read_fec(RuleContext& in, Labels& out) {
    const TunnelDraft& d = tunnel_of(in);
    const IpAddress& remote = in.session.remote;
    if (d.fec.empty()) {
        if (remote.family == AddressFamily::None) return;
        const IpPrefix host{remote, static_cast<std::uint8_t>(remote.is_v4() ? 32 : 128)};
        out.fec = lsp_ping::ldp_fec(host);
        return;
    }
    auto fec = lsp_ping::parse_fec(d.fec);
    if (fec) {
        out.fec = std::move(fec).value();
    } else {
        in.add("fec", fec.error().message);
    }
}

void read_channel(RuleContext& in, Labels& out) {
    const TunnelDraft& d = tunnel_of(in);
    if (!d.cc_type) {
        in.add("cc_type",
               "is missing: write that of both ends, 1 (channel header), 2 (router alert label), 3 "
               "(TTL 1) or 4 (GAL)");
    } else if (*d.cc_type < 1 || *d.cc_type > 4) {
        in.add("cc_type", std::to_string(*d.cc_type) +
                              " is not accepted: write 1 (channel header), 2 (router alert label), "
                              "3 (TTL 1) or 4 (GAL)");
    } else {
        out.channel = static_cast<overlay::ControlChannel>(*d.cc_type);
    }
    out.control_word = d.control_word.value_or(true);
    const bool needs_header =
        out.channel == overlay::ControlChannel::Ach || out.channel == overlay::ControlChannel::Gal;
    if (needs_header && !out.control_word) {
        in.add("control_word",
               "false is not accepted with this cc_type, which has the channel header: leave it "
               "out, or write cc_type = 2 or 3");
    }
}

bool is_cv_mask(const std::optional<std::int64_t>& mask) {
    return mask && *mask >= 0 && *mask <= 255;
}

/// What was configured on both ends, or what they have announced to each other. False: at fault.
bool read_cv_type(RuleContext& in, Labels& out) {
    const TunnelDraft& d = tunnel_of(in);
    const auto fault = [&](std::string_view member, std::string why) {
        in.add(member, std::move(why));
        return false;
    };
    const bool announced = d.local_cv_types || d.remote_cv_types;
    if (d.cv_type && announced) {
        return fault("cv_type",
                     "is given beside local_cv_types and remote_cv_types, of which it follows: "
                     "leave it out");
    }
    if (announced) {
        if (!is_cv_mask(d.local_cv_types) || !is_cv_mask(d.remote_cv_types)) {
            return fault(is_cv_mask(d.local_cv_types) ? "remote_cv_types" : "local_cv_types",
                         "is missing or out of range: both ends announce theirs, 0..255");
        }
        const auto chosen = select_cv_type(static_cast<std::uint8_t>(*d.local_cv_types),
                                           static_cast<std::uint8_t>(*d.remote_cv_types),
                                           out.control_word, d.status_signalled.value_or(false));
        if (!chosen) {
            return fault("remote_cv_types",
                         "has no CV type of BFD in common with local_cv_types that can be used "
                         "(RFC 5885 3.3)");
        }
        out.cv_type = *chosen;
        return true;
    }
    if (!d.cv_type) {
        return fault("cv_type",
                     "is missing: write that of both ends, 0x04 or 0x08 (over IP), 0x10 or 0x20 "
                     "(without)");
    }
    const std::int64_t cv = *d.cv_type;
    if (cv != kCvIpUdp && cv != kCvIpUdpStatus && cv != kCvAch && cv != kCvAchStatus) {
        return fault("cv_type", std::to_string(cv) +
                                    " is not accepted: write 0x04 or 0x08 (over IP), 0x10 or 0x20 "
                                    "(without)");
    }
    out.cv_type = static_cast<std::uint8_t>(cv);
    if (!is_over_ip(out.cv_type) && !out.control_word) {
        return fault(
            "cv_type",
            "needs the channel header, which control_word = false says is not there: write "
            "0x04 or 0x08 (RFC 5885 3.2)");
    }
    return true;
}

}  // namespace

void refuse_labels(RuleContext& in) {
    const TunnelDraft& d = tunnel_of(in);
    const std::string why = "means nothing to a session of type " +
                            std::string{name(in.draft.type)} +
                            ": leave it out, or write type = \"mpls\" or \"vccv\"";
    refuse(in, "labels", !d.labels.empty(), why);
    refuse(in, "fec", !d.fec.empty(), why);
    refuse(in, "instance", d.instance.has_value(), why);
    refuse(in, "inner_label_ttl", d.inner_label_ttl.has_value(), why);
    refuse(in, "lsp_ping_interval", d.lsp_ping_interval.has_value(), why);
    refuse(in, "label_in", d.label_in.has_value(), why);
    refuse(in, "cc_type", d.cc_type.has_value(), why);
    refuse(in, "cv_type", d.cv_type.has_value(), why);
    refuse(in, "local_cv_types", d.local_cv_types.has_value(), why);
    refuse(in, "remote_cv_types", d.remote_cv_types.has_value(), why);
    refuse(in, "status_signalled", d.status_signalled.has_value(), why);
    refuse(in, "control_word", d.control_word.has_value(), why);
}

void check_mpls_ttl(RuleContext& in) {
    in.session.parameters.min_ttl = 1;
    if (!in.draft.min_ttl) return;
    in.add("min_ttl", min_ttl_fault(*in.draft.min_ttl));
    in.session.parameters.min_ttl = static_cast<std::uint8_t>(*in.draft.min_ttl);
}

void check_mpls(RuleContext& in) {
    check_tunnel_mode(in);
    refuse_overlay(in);
    const TunnelDraft& d = tunnel_of(in);
    const std::string pseudowire = "is for sessions of type vccv: leave it out";
    refuse(in, "label_in", d.label_in.has_value(), pseudowire);
    refuse(in, "cc_type", d.cc_type.has_value(), pseudowire);
    refuse(in, "cv_type", d.cv_type.has_value(), pseudowire);
    refuse(in, "local_cv_types", d.local_cv_types.has_value(), pseudowire);
    refuse(in, "remote_cv_types", d.remote_cv_types.has_value(), pseudowire);
    refuse(in, "status_signalled", d.status_signalled.has_value(), pseudowire);
    refuse(in, "control_word", d.control_word.has_value(), pseudowire);
    Tunnel tunnel;
    tunnel.ethernet = false;
    Labels labels;
    read_stack(in, labels);
    const std::int64_t inner_ttl = d.inner_label_ttl.value_or(255);
    if (inner_ttl != 1 && inner_ttl != 255) {
        in.add("inner_label_ttl", std::to_string(inner_ttl) +
                                      " is not accepted: write 1, by which the egress knows such "
                                      "packets, or 255 (RFC 5884 7)");
    } else if (labels.stack.size != 0) {
        labels.stack.labels[labels.stack.size - 1].ttl = static_cast<std::uint8_t>(inner_ttl);
    }
    read_fec(in, labels);
    const std::int64_t instance = d.instance.value_or(0);
    if (instance < 0 || instance > kMostInstance) {
        in.add("instance", std::to_string(instance) + " is out of range: 0..65535 are accepted");
    }
    labels.instance = static_cast<std::uint16_t>(instance);
    if (d.lsp_ping_interval) {
        labels.lsp_ping_interval = *d.lsp_ping_interval;
        const bool off = labels.lsp_ping_interval.count() == 0;
        if (!off && labels.lsp_ping_interval < std::chrono::seconds{1}) {
            in.add("lsp_ping_interval",
                   "is too short: requests are far rarer than Control packets (RFC 5884 4), write "
                   "\"1s\" or more, or \"0s\" for none");
        }
    }
    read_addresses(in, tunnel, lsp_seed(in.session.local, in.session.remote, labels));
    check_port(in);
    tunnel.labels = std::move(labels);
    in.session.tunnel = std::move(tunnel);
}

void check_vccv(RuleContext& in) {
    check_tunnel_mode(in);
    refuse_overlay(in);
    const TunnelDraft& d = tunnel_of(in);
    const std::string lsp = "is for sessions of type mpls: leave it out";
    refuse(in, "fec", !d.fec.empty(), lsp);
    refuse(in, "instance", d.instance.has_value(), lsp);
    refuse(in, "inner_label_ttl", d.inner_label_ttl.has_value(), lsp);
    refuse(in, "lsp_ping_interval", d.lsp_ping_interval.has_value(), lsp);
    if (in.session.parameters.passive) {
        in.add("passive",
               "true is not accepted: both ends of a pseudowire are active (RFC 5885 3.1)");
    }
    Tunnel tunnel;
    tunnel.ethernet = false;
    Labels labels;
    read_stack(in, labels);
    if (d.labels.empty()) {
        in.add("labels",
               "is missing: write those that packets are sent under, the pseudowire's own as the "
               "last");
    }
    if (!d.label_in) {
        in.add("label_in", "is missing: write the pseudowire's label that the peer sends with");
    } else {
        labels.label_in = read_label(in, "label_in", *d.label_in).value_or(0);
    }
    read_channel(in, labels);
    const bool known = read_cv_type(in, labels);
    if (known && is_over_ip(labels.cv_type)) {
        if (d.inner_src.empty()) {
            in.add("inner_src",
                   "is missing: the family of the packets inside is configured (RFC 5885 3.2), "
                   "write one of our addresses");
        }
        read_addresses(in, tunnel,
                       lsp_seed(in.session.local, in.session.remote, labels) + labels.label_in);
    } else if (known) {
        const std::string no_ip =
            "means nothing without IP: leave it out, or write another CV type";
        refuse(in, "inner_src", !d.inner_src.empty(), no_ip);
        refuse(in, "inner_dst", !d.inner_dst.empty(), no_ip);
        if (in.session.padded_pdu_size != 0) {
            in.add("padded_pdu_size", "means nothing without UDP: leave it out");
        }
    }
    check_port(in);
    tunnel.labels = std::move(labels);
    in.session.tunnel = std::move(tunnel);
}

}  // namespace tocsin::control::config
