#include "control/ctl/session_options.hpp"

#include "control/ctl/option.hpp"

namespace tocsin::control::ctl {

namespace {

/// What vxlan and geneve carry.
void add_tunnel(CLI::App& command, TunnelOptions& tunnel) {
    constexpr unsigned kMostVni = 16'777'215;
    command
        .add_option("--vni", tunnel.vni,
                    "VNI of the tunnel; default of vxlan: the Management VNI; required of geneve")
        ->check(number(0, kMostVni));
    command.add_option("--payload", tunnel.payload, "Of geneve: ethernet (default) or ip")
        ->check(one_of({"ethernet", "ip"}));
    command.add_option("--inner-src", tunnel.inner_src,
                       "Source address inside of the tunnel; default of vxlan: our address");
    command.add_option("--inner-dst", tunnel.inner_dst,
                       "Destination address inside of it; default: a loopback address");
    command.add_option("--inner-src-mac", tunnel.inner_src_mac,
                       "Source MAC inside of it; default of vxlan: the port's; required of geneve");
    command.add_option("--inner-dst-mac", tunnel.inner_dst_mac,
                       "Destination MAC inside of it; default of vxlan: 00:00:5e:00:52:02; "
                       "required of geneve");
    command
        .add_option("--inner-vlan", tunnel.inner_vlan,
                    "VLAN of the frame inside; twice: the outer tag first")
        ->check(number(1, 4094))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_option("--inner-priority", tunnel.inner_priority, "Priority of that tag, 0..7")
        ->check(number(0, 7));
    command.add_option("--ttl", tunnel.ttl, "TTL of the outer packet, 1..255; default 64")
        ->check(number(1, 255));
    add_switch(command, "--outer-checksum", "--no-outer-checksum", tunnel.outer_checksum,
               "Outer UDP checksum, or zero; default: only over IPv6");
}

/// What mpls and vccv carry.
void add_labels(CLI::App& command, TunnelOptions& tunnel) {
    constexpr unsigned kLeastLabel = 16;
    constexpr unsigned kMostLabel = 1'048'575;
    command
        .add_option("--label", tunnel.labels,
                    "Of mpls and vccv: label that packets are sent under; several: the outermost "
                    "first, a pseudowire's own last")
        ->check(number(kLeastLabel, kMostLabel))
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_option("--fec", tunnel.fec,
                       "Of mpls: its FEC, such as \"ldp 203.0.113.2/32\"; default: the peer's");
    command.add_option("--instance", tunnel.instance, "Of mpls: one of several sessions of a FEC")
        ->check(number(0, 65535));
    command.add_option("--inner-label-ttl", tunnel.inner_label_ttl, "Of mpls: 1 or 255 (default)")
        ->check(number(1, 255));
    command.add_option("--lsp-ping", tunnel.lsp_ping_interval,
                       "Of mpls: interval of Echo requests while Up; default 60s, 0s for none");
    command
        .add_option("--label-in", tunnel.label_in, "Of vccv: the label that the peer sends with")
        ->check(number(kLeastLabel, kMostLabel));
    command
        .add_option("--cc-type", tunnel.cc_type,
                    "Of vccv: 1 channel header, 2 router alert label, 3 TTL 1, 4 GAL")
        ->check(number(1, 4));
    command
        .add_option("--cv-type", tunnel.cv_type,
                    "Of vccv: 4 or 8 over IP, 16 or 32 without; 8 and 32 tell the status")
        ->check(number(1, 255));
    command
        .add_option("--local-cv-types", tunnel.local_cv_types,
                    "Of vccv: mask of those that we announce, instead of --cv-type")
        ->check(number(0, 255));
    command.add_option("--remote-cv-types", tunnel.remote_cv_types, "Likewise, the peer's")
        ->check(number(0, 255));
    add_switch(command, "--status-signalled", "--no-status-signalled", tunnel.status_signalled,
               "Of vccv: a control protocol tells the status of circuits");
    add_switch(command, "--control-word", "--no-control-word", tunnel.control_word,
               "Of vccv: whether the pseudowire has one; default: it has");
}

}  // namespace

void add_parameters(CLI::App& command, SpecOptions& spec) {
    command.add_option("--tx,--desired-min-tx-interval", spec.desired_min_tx_interval,
                       "Our sending interval with its unit, such as 50ms");
    command.add_option("--rx,--required-min-rx-interval", spec.required_min_rx_interval,
                       "The shortest interval that we accept");
    command.add_option("--detect-mult", spec.detect_mult, "1..255")->check(number(1, 255));
    add_switch(command, "--demand", "--no-demand", spec.demand_mode,
               "The peer sends nothing periodic while both sides are Up");
    command.add_option("--demand-poll", spec.demand_poll_interval,
                       "In Demand mode: from one verification to the next, such as 1s");
    command.add_option("--echo-tx", spec.desired_min_echo_tx_interval,
                       "Interval of our Echo packets, such as 50ms; 0s for none");
    command.add_option("--echo-rx", spec.required_min_echo_rx_interval,
                       "The shortest interval of Echo packets that the peer gets back; 0s: none");
    add_switch(command, "--passive", "--active", spec.passive, "Silent until the peer is heard");
    add_switch(command, "--congestion-control", "--no-congestion-control", spec.congestion_control,
               "Of multihop and sbfd: congestion raises the intervals (default)");
    add_switch(command, "--match-source", "--no-match-source", spec.match_source,
               "Drop packets from another source address");
    command.add_option("--dscp", spec.dscp, "0..63; default 48 (CS6)")->check(number(0, 63));
    add_switch(command, "--follow-link", "--no-follow-link", spec.follow_link,
               "Down at once when the port loses its link (default)");
    add_switch(command, "--interval-alignment", "--no-interval-alignment", spec.interval_alignment,
               "Only the common intervals of RFC 7419");
    command.add_option("--up-hold", spec.up_hold,
                       "How long an Up lasts before clients are told of it, such as 5s");
    command.add_option("--down-hold", spec.down_hold,
                       "How long a failure lasts before clients are told of it; 0s is wise");
    command.add_option("--dampening", spec.dampening,
                       "on, off or half_life=5s,suppress=2000,reuse=1000,max_suppress=20s,"
                       "penalty=1000: hold the Up of a session that flaps back from clients");
    command
        .add_option("--min-ttl", spec.min_ttl,
                    "Lowest accepted TTL of multihop, 1..255: 255 less the routers on the way")
        ->check(number(1, 255));
    command
        .add_option("--padded-pdu-size", spec.padded_pdu_size,
                    "Octets of UDP payload, 24..65535, filled up with zeros; 0: no padding")
        ->check(number(0, 65535));
    command
        .add_option("--auth", spec.auth_type,
                    "Authentication: none, simple_password, keyed_md5, meticulous_keyed_md5, "
                    "keyed_sha1, meticulous_keyed_sha1 or frr_hmac_sha1")
        ->check(one_of({"none", "simple_password", "keyed_md5", "meticulous_keyed_md5",
                        "keyed_sha1", "meticulous_keyed_sha1", "frr_hmac_sha1"}));
    command.add_option("--key-chain", spec.key_chain, "Key chain of the configuration file")
        ->needs("--auth");
}

void add_identity(CLI::App& command, SpecOptions& spec) {
    command
        .add_option("--type", spec.type,
                    "single_hop (default), multihop: a peer that routers lie before, echo: a "
                    "router that needs no BFD, vxlan: another VTEP, geneve: a VAP of another "
                    "NVE, mpls: the egress of an LSP, vccv: the end of a pseudowire, or sbfd: a "
                    "reflector of S-BFD")
        ->check(
            one_of({"single_hop", "multihop", "echo", "vxlan", "geneve", "mpls", "vccv", "sbfd"}));
    command.add_option("--local", spec.local,
                       "Our address; default: the port's in that subnet, or towards the router");
    command.add_option("--port", spec.port,
                       "Port; default: the one with the peer's subnet, or the route to it");
    command.add_option("--name", spec.name, "Label, unique among sessions");
    command.add_option("--profile", spec.profile, "Profile of the configuration file");
    add_tunnel(command, spec.tunnel);
    add_labels(command, spec.tunnel);
    command.add_option("--remote-discriminator", spec.remote_discriminator,
                       "Of sbfd: discriminator of the reflector, a number or the IPv4 address that "
                       "stands for it");
}

}  // namespace tocsin::control::ctl
