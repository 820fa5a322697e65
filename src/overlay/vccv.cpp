#include "overlay/vccv.hpp"

#include "dataplane/base/bytes.hpp"
#include "overlay/header_writer.hpp"
#include "overlay/mpls.hpp"
#include "overlay/single_hop.hpp"

#include <array>

namespace tocsin::overlay {

namespace {

constexpr std::size_t kChannelHeaderLength = 4;
constexpr std::uint8_t kChannelNibble = 1;  // RFC 4385 5
constexpr std::uint8_t kMarkingTtl = 1;

/// Of packets without IP: as SessionKey has it.
constexpr std::array<std::uint8_t, 16> kNoAddresses{};

unsigned nibble(Octets octets) noexcept { return octets.empty() ? 0U : octets[0] >> 4U; }

/// TTL or Hop Limit of an IP packet that may be cut off; open_inner() says so later.
unsigned ip_ttl(Octets ip) noexcept {
    const std::size_t at = nibble(ip) == 4 ? kIpv4TtlOffset : kIpv6HopLimitOffset;
    return ip.size() > at ? ip[at] : 0U;
}

/// Where the mark of the labels is.
ControlChannel channel_of(const BottomLabels& l) noexcept {
    if (l.bottom.value == kGal) return ControlChannel::Gal;
    if (l.depth > 1 && l.second.value == kRouterAlertLabel) return ControlChannel::RouterAlert;
    return l.bottom.ttl == kMarkingTtl ? ControlChannel::Ttl : ControlChannel::Ach;
}

bool is_ip(Octets octets) noexcept { return nibble(octets) == 4 || nibble(octets) == 6; }

}  // namespace

HeaderTemplate Vccv::headers(const Headers& h) noexcept {
    const bool raw = h.source.family == AddressFamily::None;
    const bool header_needed =
        raw || h.channel == ControlChannel::Ach || h.channel == ControlChannel::Gal;
    if (header_needed && !h.control_word) return {};
    LabelStack stack = h.tunnel;
    bool fits = true;
    if (h.channel == ControlChannel::RouterAlert) {
        fits = stack.push({.value = kRouterAlertLabel, .tc = h.pseudowire.tc});
    }
    Label pseudowire = h.pseudowire;
    if (h.channel == ControlChannel::Ttl) pseudowire.ttl = kMarkingTtl;
    fits = stack.push(pseudowire) && fits;
    if (h.channel == ControlChannel::Gal) {
        fits = stack.push({.value = kGal, .tc = h.pseudowire.tc, .ttl = 1}) && fits;
    }
    if (!fits) return {};

    HeaderWriter w;
    w.ethernet(h.link.destination_mac, h.link.source_mac, h.link.tags, kEtherTypeMpls);
    write_labels(w, stack);
    if (h.control_word) {
        if (const auto ach = w.take(kChannelHeaderLength); !ach.empty()) {
            ach[0] = kChannelNibble << 4U;
            store_be16(&ach[2], raw ? kChannelBfd : h.source.is_v4() ? kChannelIpv4 : kChannelIpv6);
        }
    }
    if (!raw) {
        w.datagram({.source = h.source,
                    .destination = h.destination,
                    .source_port = h.source_port,
                    .destination_port = kSingleHopPort,
                    .ttl = kBfdTtl,
                    .dscp = h.dscp});
    }
    return w.finish();
}

bool Vccv::is_control_channel(const BottomLabels& labels) noexcept {
    if (nibble(labels.behind) == kChannelNibble || labels.bottom.value == kGal) return true;
    if (!is_ip(labels.behind) || ip_ttl(labels.behind) != kBfdTtl) return false;
    return channel_of(labels) != ControlChannel::Ach;
}

Classified Vccv::open(const Carrier& c) noexcept {
    BottomLabels labels;
    if (const DropReason reason = open_labels(c.octets, labels); reason != DropReason::None) {
        return dropped(reason);
    }
    const ControlChannel channel = channel_of(labels);
    const bool gal = channel == ControlChannel::Gal;
    const std::uint32_t label = gal ? labels.second.value : labels.bottom.value;
    const bool alert = gal && labels.depth > 2 && labels.third.value == kRouterAlertLabel;
    const bool bare = is_ip(labels.behind) && !gal;
    Classified out{.verdict = Verdict::Bfd,
                   .reason = DropReason::None,
                   .packet = {.source = kNoAddresses.data(),
                              .destination = kNoAddresses.data(),
                              .instance = identity(label, channel, !bare) | (alert ? kAlert : 0U),
                              .domain = c.port.domain,
                              .port = port_in_key(kType, c.port.port),
                              .type = kType,
                              .ttl = kBfdTtl}};
    ReceivedPacket& packet = out.packet;
    Octets behind = labels.behind;
    std::uint16_t type = nibble(behind) == 4 ? kChannelIpv4 : kChannelIpv6;
    if (!bare) {
        const bool header = behind.size() >= kChannelHeaderLength && behind[0] == kChannelNibble
                                                                                      << 4U;
        if (!header) return dropped(DropReason::ChannelHeader);
        type = load_be16(&behind[2]);
        behind = behind.subspan(kChannelHeaderLength);
    }
    if (type == kChannelBfd) {
        // The frame may be longer: padding of Ethernet. BFD Length says where the packet ends.
        if (behind.size() < kMinControlPacket) return dropped(DropReason::InnerTooShort);
        constexpr std::size_t kLengthOffset = 3;
        const std::size_t length = behind[kLengthOffset];
        packet.payload = behind.data();
        packet.payload_length = static_cast<std::uint16_t>(
            length >= kMinControlPacket && length < behind.size() ? length : behind.size());
        return out;
    }
    if (type != kChannelIpv4 && type != kChannelIpv6) return dropped(DropReason::ChannelType);
    if (gal && ip_ttl(behind) != kBfdTtl) {  // an LSP, whose TTL is 1
        return Mpls::open({.port = c.port, .ip = {}, .octets = behind, .frame = c.frame});
    }
    packet.family = type == kChannelIpv4 ? AddressFamily::V4 : AddressFamily::V6;
    IpPacket ip;
    Octets udp;
    const DropReason reason = open_inner(behind, packet.family, c.port.udp_checksum, ip, udp);
    if (reason != DropReason::None) return dropped(reason);
    if (!is_loopback_destination(ip)) return dropped(DropReason::InnerDestination);
    if (load_be16(&udp[kUdpDestinationPortOffset]) != kSingleHopPort) {
        return dropped(DropReason::InnerNotBfd);
    }
    if (source_is_martian(ip, c.port.addresses)) return dropped(DropReason::InnerSource);
    if (ip.ttl != kBfdTtl) return dropped(DropReason::InnerTtl);  // GTSM, RFC 5885 3.2
    packet.payload = udp.data() + kUdpLength;
    packet.payload_length = static_cast<std::uint16_t>(udp.size() - kUdpLength);
    packet.source = ip.source();
    packet.destination = ip.destination();
    return out;
}

}  // namespace tocsin::overlay
