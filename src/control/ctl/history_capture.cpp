#include "control/ctl/history_capture.hpp"

#include "control/base/address.hpp"
#include "control/ctl/history_text.hpp"
#include "control/ctl/pcapng.hpp"
#include "overlay/single_hop.hpp"

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
constexpr std::uint16_t kPeersSourcePort = 49152;

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

/// What stood around the packet, as far as it is known. The Authentication Section is not.
Frame frame_of(const v1::GetSessionHistoryResponse& history, const Macs& macs,
               const v1::PacketRecord& record) {
    const bool sent = record.direction() == v1::PACKET_DIRECTION_SENT;
    const v1::SessionSpec& spec = history.session().spec();
    const IpAddress local = parse_address(spec.local()).value_or(IpAddress{});
    const IpAddress remote = parse_address(spec.remote()).value_or(IpAddress{});
    const auto ours = static_cast<std::uint16_t>(history.source_port());
    overlay::HeaderTemplate headers =
        overlay::single_hop_headers({.source_mac = sent ? macs.ours : macs.theirs,
                                     .destination_mac = sent ? macs.theirs : macs.ours,
                                     .source = sent ? local : remote,
                                     .destination = sent ? remote : local,
                                     .source_port = sent ? ours : kPeersSourcePort,
                                     .dscp = static_cast<std::uint8_t>(sent ? spec.dscp() : 48U)});
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
