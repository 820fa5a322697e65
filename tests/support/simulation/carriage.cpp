#include "simulation/carriage.hpp"

#include "overlay/geneve.hpp"
#include "overlay/micro_bfd.hpp"
#include "overlay/multi_hop.hpp"
#include "overlay/single_hop.hpp"
#include "overlay/vccv.hpp"
#include "overlay/vxlan.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace tocsin::simulation {

namespace {

constexpr std::uint16_t kLink = 1;  // of sessions that are bound to one, but micro-BFD's
constexpr std::uint32_t kFirstVni = 5000;
constexpr std::uint32_t kFirstLabel = 100'000;  // with which packets arrive at end 0

MacAddress mac_of(std::uint8_t end) { return {2, 0, 0, 0, 0, end}; }

/// The address of an end. Sessions in a tunnel differ by VNI, others by their addresses.
IpAddress address_of(AddressFamily family, std::uint8_t end, std::uint32_t index) {
    const auto last = static_cast<std::uint8_t>(index);
    if (family == AddressFamily::V4) {
        return ip_address(
            std::array<std::uint8_t, 4>{10, static_cast<std::uint8_t>(1 + end), 1, last});
    }
    std::array<std::uint8_t, 16> octets{0x20, 1, 0x0d, 0xb8, end};
    octets[14] = 1;
    octets[15] = last;
    return ip_address(octets);
}

IpAddress loopback(AddressFamily family) {
    std::array<std::uint8_t, 16> mapped{};
    mapped[10] = mapped[11] = 0xff;
    mapped[12] = 127;
    mapped[15] = 1;
    const std::span all{mapped};
    return ip_address(family == AddressFamily::V4 ? all.subspan(12) : all);
}

/// Of a pseudowire, with which packets arrive at an end.
std::uint32_t label_of(std::uint8_t end, std::uint32_t index) {
    return kFirstLabel + 1000U * end + index;
}

bool is_tunnel(SessionType type) {
    return type == SessionType::Vxlan || type == SessionType::Geneve;
}

overlay::VlanTags tags_of(unsigned n) {
    overlay::VlanTags out;
    out.size = static_cast<std::uint8_t>(n);
    for (unsigned i = 0; i < n; ++i) {
        out.tags[i].tci = overlay::tci(6, static_cast<std::uint16_t>(100 + i));
    }
    if (n == 2) out.tags[0].tpid = overlay::kEtherTypeQinq;
    return out;
}

}  // namespace

SessionKey Carriage::key(std::uint32_t index) const {
    const auto far = static_cast<std::uint8_t>(1 - end_);
    SessionKey key;
    key.type = kind_.type;
    key.family = kind_.family;
    const bool micro = kind_.type == SessionType::Micro;
    key.port = port_in_key(kind_.type, {static_cast<std::uint16_t>(micro ? index : kLink)});
    const std::uint32_t number = is_tunnel(kind_.type) ? 0 : index;
    if (!micro) {
        key.local = address_of(kind_.family, end_, number).octets;
        key.remote = address_of(kind_.family, far, number).octets;
    }
    if (kind_.type == SessionType::Vccv) {
        key.instance = overlay::Vccv::identity(label_of(end_, index), kind_.channel, true);
        if (!kind_.ip) key.family = AddressFamily::None;
        key.local = {};
        key.remote = {};
    }
    if (kind_.type == SessionType::Vxlan) {
        key.instance = overlay::Vxlan::instance(kFirstVni + index, kind_.inner);
        key.link = overlay::Vxlan::link(tags_of(kind_.tags));
    }
    if (kind_.type == SessionType::Geneve) {
        const auto id = overlay::Geneve::identity(
            kFirstVni + index, kind_.ethernet ? mac_of(end_) : MacAddress{},
            kind_.ethernet ? mac_of(far) : MacAddress{}, tags_of(kind_.ethernet ? kind_.tags : 0));
        key.instance = id.instance;
        key.link = id.link;
        key.family = kind_.inner;
        key.local = address_of(kind_.inner, end_, index).octets;
        key.remote = address_of(kind_.inner, far, index).octets;
    }
    return key;
}

/// As the other end builds them.
overlay::HeaderTemplate Carriage::headers(std::uint32_t index) const {
    const auto far = static_cast<std::uint8_t>(1 - end_);
    const std::uint32_t number = is_tunnel(kind_.type) ? 0 : index;
    overlay::SingleHopHeaders plain{.source_mac = mac_of(far),
                                    .destination_mac = mac_of(end_),
                                    .source = address_of(kind_.family, far, number),
                                    .destination = address_of(kind_.family, end_, number)};
    const overlay::Link link{.source_mac = mac_of(far), .destination_mac = mac_of(end_)};
    const overlay::OuterHeaders outer{
        .source = plain.source,
        .destination = plain.destination,
        .checksum = kind_.outer_checksum || kind_.family == AddressFamily::V6};
    overlay::InnerHeaders inner;
    inner.source_mac = mac_of(far);
    inner.destination_mac = mac_of(end_);
    inner.tags = tags_of(kind_.tags);
    overlay::HeaderTemplate out;
    switch (kind_.type) {
        case SessionType::SingleHop:
            out = overlay::single_hop_headers(plain);
            break;
        case SessionType::MultiHop:
            out = overlay::multi_hop_headers(plain);
            break;
        case SessionType::Micro:
            plain.destination_mac = overlay::kMicroBfdMac;
            out = overlay::micro_bfd_headers(plain);
            break;
        case SessionType::Vxlan:
            inner.destination_mac = overlay::kVxlanBfdMac;
            inner.source = address_of(kind_.inner, far, number);
            inner.destination = address_of(kind_.inner, end_, number);
            out = overlay::Vxlan::headers(
                {.link = link, .outer = outer, .inner = inner, .vni = kFirstVni + index});
            break;
        case SessionType::Geneve:
            inner.source = address_of(kind_.inner, far, index);
            inner.destination = address_of(kind_.inner, end_, index);
            if (!kind_.ethernet) inner.tags = {};
            out = overlay::Geneve::headers({.link = link,
                                            .outer = outer,
                                            .inner = inner,
                                            .ethernet = kind_.ethernet,
                                            .vni = kFirstVni + index});
            break;
        case SessionType::Vccv:
            out = overlay::Vccv::headers(
                {.link = link,
                 .pseudowire = {.value = label_of(end_, index)},
                 .channel = kind_.channel,
                 .source = kind_.ip ? plain.source : IpAddress{},
                 .destination = kind_.ip ? loopback(kind_.family) : IpAddress{}});
            break;
        default:
            break;
    }
    return out;
}

overlay::PortContext Carriage::context(std::uint32_t index) const {
    overlay::PortContext out;
    out.port = {static_cast<std::uint16_t>(kind_.type == SessionType::Micro ? index : kLink)};
    out.mac = mac_of(end_);
    out.mpls = true;
    const IpAddress own = address_of(kind_.family, end_, is_tunnel(kind_.type) ? 0 : index);
    if (kind_.type == SessionType::Micro) {
        (own.is_v4() ? out.member.v4 : out.member.v6) = own;
        return out;
    }
    out.addresses.add(own);
    if (kind_.type == SessionType::Vxlan) out.addresses.add(address_of(kind_.inner, end_, 0));
    return out;
}

ReceivedPacket Carriage::receive(std::uint32_t index, const bfd::SignedPacket& packet) {
    auto& link = links_[index];
    if (!link) link = std::make_unique<Link>(Link{headers(index), context(index)});
    overlay::HeaderTemplate& t = link->headers;
    t.payload_length = packet.length;
    frame_.assign(t.octets.begin(), t.octets.begin() + t.length);
    frame_.insert(frame_.end(), packet.octets.begin(), packet.octets.begin() + packet.length);
    overlay::set_lengths(frame_, t);
    overlay::finish_udp_checksum(frame_, t);
    const overlay::Classified found = overlay::classify(
        frame_, link->context, overlay::ChecksumHint::Unknown, overlay::ChecksumHint::Unknown);
    if (t.length == 0 || found.verdict != overlay::Verdict::Bfd) {
        std::fprintf(stderr, "a frame of type %d was not taken: reason %d\n",
                     static_cast<int>(kind_.type), static_cast<int>(found.reason));
        std::abort();
    }
    return found.packet;
}

}  // namespace tocsin::simulation
