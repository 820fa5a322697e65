#include "control/ctl/history_capture.hpp"

#include "control/base/address.hpp"
#include "control/ctl/history_text.hpp"
#include "control/ctl/pcapng.hpp"
#include "overlay/echo.hpp"
#include "overlay/geneve.hpp"
#include "overlay/multi_hop.hpp"
#include "overlay/sbfd.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/vxlan.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace tocsin::control::ctl {

namespace {

// Locally administered: nobody's. They stand for what the daemon does not know.
constexpr MacAddress kUnknownOwn{2, 0, 0, 0, 0, 1};
constexpr MacAddress kUnknownPeers{2, 0, 0, 0, 0, 2};
constexpr std::uint16_t kPeersSourcePort = 49153;  // 49152 has another meaning for tcpdump

/// The ends of the link. No record has them: they are those of now.
struct Macs {
    MacAddress ours;
    MacAddress theirs;
    std::string remark;  ///< for the comment of each packet
};

Macs macs_of(const v1::GetSessionHistoryResponse& history) {
    const auto ours = parse_mac(history.port_mac());
    const auto theirs = parse_mac(history.next_hop_mac());
    Macs out{
        .ours = ours.value_or(kUnknownOwn), .theirs = theirs.value_or(kUnknownPeers), .remark = {}};
    if (!ours)
        out.remark +=
            "; our MAC address is not known and " + to_string(kUnknownOwn) + " stands for it";
    if (!theirs) {
        out.remark += "; the neighbour's MAC address is not known and " + to_string(kUnknownPeers) +
                      " stands for it";
    }
    if (!ours && !theirs) return out;
    const bool router = theirs && history.next_hop() != history.session().spec().remote();
    out.remark += "; MAC addresses are those of when the history was read";
    if (router) {
        out.remark += ", the peer's that of the router " + history.next_hop() +
                      ", which packets of the peer need not have passed";
    }
    return out;
}

struct Frame {
    std::vector<std::uint8_t> octets;
    std::uint32_t length = 0;  ///< on the wire
};

/// One direction of a session's packets: what differs between ours and the peer's.
struct Way {
    bool sent = false;
    MacAddress from;
    MacAddress to;
    IpAddress source;
    IpAddress destination;
    std::uint16_t source_port = 0;
    std::uint8_t dscp = 48;
    std::uint16_t our_port = 0;  ///< source port of what we send
};

/// Inside of a tunnel: what the session says of its own packets, turned round for the peer's.
overlay::InnerHeaders inner_headers(const v1::SessionSpec& spec, const Way& way) {
    const v1::Tunnel& t = spec.tunnel();
    const bool geneve = spec.type() == v1::SESSION_TYPE_GENEVE;
    overlay::InnerHeaders out;
    const MacAddress source =
        parse_mac(t.inner_src_mac()).value_or(way.sent ? way.from : way.to);  // the port's
    const MacAddress destination = parse_mac(t.inner_dst_mac()).value_or(overlay::kVxlanBfdMac);
    // The peer's VTEP sends from a MAC address of its own to the one that is for BFD.
    out.source_mac = way.sent ? source : geneve ? destination : way.from;
    out.destination_mac = way.sent || !geneve ? destination : source;
    out.source = parse_address(t.inner_src()).value_or(IpAddress{});
    out.destination = parse_address(t.inner_dst()).value_or(IpAddress{});
    if (!way.sent && geneve) {
        // A VAP without an address has none on the way back either, RFC 9521 4.
        if (!is_loopback(out.destination)) std::swap(out.source, out.destination);
    } else if (!way.sent) {
        if (out.destination == way.source) out.destination = way.destination;
        const bool same_family = way.source.family == out.source.family;
        out.source = same_family ? way.source : IpAddress{.family = out.source.family};
    }
    for (const std::uint32_t vlan : t.inner_vlan()) {
        if (out.tags.size == overlay::VlanTags::kMost) break;
        const bool outer = out.tags.size == 0 && t.inner_vlan_size() > 1;
        out.tags.tags[out.tags.size++] = {
            .tpid = outer ? overlay::kEtherTypeQinq : overlay::kEtherTypeVlan,
            .tci = overlay::tci(static_cast<std::uint8_t>(t.inner_priority()),
                                static_cast<std::uint16_t>(vlan))};
    }
    out.source_port = way.source_port;
    return out;
}

template <class E>
typename E::Headers tunnel_headers(const v1::SessionSpec& spec, const Way& way) {
    const v1::Tunnel& t = spec.tunnel();
    typename E::Headers out;
    out.link = {.source_mac = way.from, .destination_mac = way.to};
    out.outer = {.source = way.source,
                 .destination = way.destination,
                 .source_port = way.source_port,
                 .ttl = static_cast<std::uint8_t>(t.ttl()),
                 .checksum = t.outer_checksum()};
    out.inner = inner_headers(spec, way);
    out.vni = t.vni();
    out.dscp = way.dscp;
    return out;
}

overlay::HeaderTemplate headers_of(const v1::SessionSpec& spec, const Way& way) {
    overlay::SingleHopHeaders plain{.source_mac = way.from,
                                    .destination_mac = way.to,
                                    .source = way.source,
                                    .destination = way.destination,
                                    .source_port = way.source_port,
                                    .dscp = way.dscp};
    switch (spec.type()) {
        case v1::SESSION_TYPE_MULTIHOP:
            return overlay::multi_hop_headers(plain);
        case v1::SESSION_TYPE_ECHO: {  // both ways from us to us, once through the router
            plain.source = plain.destination = way.sent ? way.source : way.destination;
            overlay::HeaderTemplate out = overlay::echo_headers(plain);
            const std::size_t ttl =
                out.ip_offset +
                (plain.source.is_v4() ? overlay::kIpv4TtlOffset : overlay::kIpv6HopLimitOffset);
            if (!way.sent && out.length != 0) --out.octets[ttl];
            return out;
        }
        case v1::SESSION_TYPE_VXLAN:
            return overlay::Vxlan::headers(tunnel_headers<overlay::Vxlan>(spec, way));
        case v1::SESSION_TYPE_GENEVE: {
            auto h = tunnel_headers<overlay::Geneve>(spec, way);
            h.ethernet = spec.tunnel().payload() != v1::TUNNEL_PAYLOAD_IP;
            return overlay::Geneve::headers(h);
        }
        case v1::SESSION_TYPE_SBFD:  // responses have the ports turned round, RFC 7881 6.1
            if (way.sent) return overlay::sbfd_headers(plain);
            plain.source_port = overlay::kSbfdPort;
            return overlay::headers_to_port(plain, way.our_port);
        default:
            return overlay::single_hop_headers(plain);
    }
}

/// What stood around the packet, as far as it is known. The Authentication Section is not.
Frame frame_of(const v1::GetSessionHistoryResponse& history, const Macs& macs,
               const v1::PacketRecord& record) {
    const bool sent = record.direction() == v1::PACKET_DIRECTION_SENT;
    const v1::SessionSpec& spec = history.session().spec();
    const IpAddress local = parse_address(spec.local()).value_or(IpAddress{});
    const IpAddress remote = parse_address(spec.remote()).value_or(IpAddress{});
    const auto ours = static_cast<std::uint16_t>(history.source_port());
    // An Echo packet comes back as it left.
    const bool of_us = sent || spec.type() == v1::SESSION_TYPE_ECHO;
    overlay::HeaderTemplate headers =
        headers_of(spec, {.sent = sent,
                          .from = sent ? macs.ours : macs.theirs,
                          .to = sent ? macs.theirs : macs.ours,
                          .source = sent ? local : remote,
                          .destination = sent ? remote : local,
                          .source_port = of_us ? ours : kPeersSourcePort,
                          .dscp = static_cast<std::uint8_t>(of_us ? spec.dscp() : 48U),
                          .our_port = static_cast<std::uint16_t>(history.source_port())});
    const std::size_t kept = record.octets().size();
    const bool more = record.packet().authentication_present() && record.packet().length() > kept;
    headers.payload_length = static_cast<std::uint8_t>(more ? record.packet().length() : kept);
    Frame out;
    out.octets.assign(headers.octets.begin(), headers.octets.begin() + headers.length);
    out.octets.insert(out.octets.end(), record.octets().begin(), record.octets().end());
    out.length = std::uint32_t{headers.length} + headers.payload_length;
    if (headers.length == 0) return out;
    overlay::set_lengths(out.octets, headers);
    // One that is cut has none: over what is missing it cannot be computed.
    if (!more) overlay::finish_udp_checksum(out.octets, headers);
    return out;
}

std::string comment(const v1::PacketRecord& record, bool last, const Macs& macs) {
    std::string out = "tocsin: " + verdict_text(record);
    if (record.count() > 1) {
        out += std::string{"; this is the "} + (last ? "last" : "first") + " of them";
    }
    if (record.varied()) out += "; others had other octets";
    return out + macs.remark;
}

}  // namespace

std::size_t write_capture(std::ostream& out, const v1::GetSessionHistoryResponse& history,
                          const std::vector<const v1::PacketRecord*>& records) {
    struct Instance {
        std::int64_t at;
        const v1::PacketRecord* record;
        bool last;
    };
    std::vector<Instance> instances;
    for (const v1::PacketRecord* r : records) {
        if (r->kind() == v1::PACKET_KIND_ECHO) continue;  // its headers are others
        instances.push_back({r->first_ns(), r, false});
        if (r->count() > 1) instances.push_back({r->last_ns(), r, true});
    }
    std::ranges::stable_sort(instances, {}, &Instance::at);
    PcapngWriter writer{out, history.session().spec().port(),
                        std::string{"tocsinctl "} + TOCSIN_VERSION};
    const Macs macs = macs_of(history);
    for (const Instance& i : instances) {
        const Frame frame = frame_of(history, macs, *i.record);
        writer.write({.unix_ns = i.at,
                      .octets = frame.octets,
                      .length = frame.length,
                      .outbound = i.record->direction() == v1::PACKET_DIRECTION_SENT,
                      .comment = comment(*i.record, i.last, macs)});
    }
    return instances.size();
}

}  // namespace tocsin::control::ctl
