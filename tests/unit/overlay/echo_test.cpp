// The Echo port: what comes back to us, and what we send back to peers.

#include "overlay/echo.hpp"

#include "frames.hpp"
#include "overlay/checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::test {
namespace {

using overlay::Classified;
using overlay::PortContext;
using overlay::Verdict;

constexpr MacAddress kEchoOwnMac{2, 0, 0, 0, 0, 0x0b};
constexpr MacAddress kEchoingMac{2, 0, 0, 0, 0, 0x0a};

PortContext looping_port() {
    PortContext port = golden_port();
    port.loops_echo = true;
    port.on_link.add({.address = v4(192, 0, 2, 2), .length = 24});
    port.on_link.add({.address = v6("20010db8 00000000 00000000 00000002"), .length = 64});
    return port;
}

void set_address(Bytes& frame, bool destination, const IpAddress& a) {
    const std::size_t at = a.is_v4() ? kIp + (destination ? 16 : 12) : kIp + (destination ? 24 : 8);
    std::ranges::copy(a.wire(), frame.begin() + static_cast<std::ptrdiff_t>(at));
}

/// A golden frame sent to the Echo port, from and to these addresses.
Bytes echo_frame(const char* name, const IpAddress& from, const IpAddress& to,
                 std::uint8_t ttl = 255) {
    Bytes frame = golden(name);
    set_address(frame, false, from);
    set_address(frame, true, to);
    put16(frame, udp_offset(frame) + 2, overlay::kEchoPort);
    frame[is_ipv4(frame) ? kIp + 8 : kIp + 7] = ttl;
    if (is_ipv4(frame)) fix_ip_checksum(frame);
    fix_udp_checksum(frame);
    return frame;
}
Bytes peer_echo(std::uint8_t ttl = 255) {  // as a router that asks for its own packet sends it
    return echo_frame("single_hop_ipv4_up", v4(192, 0, 2, 1), v4(192, 0, 2, 1), ttl);
}
Bytes peer_echo_v6(std::uint8_t hop_limit = 255) {
    const IpAddress peer = v6("20010db8 00000000 00000000 00000001");
    return echo_frame("single_hop_ipv6_up", peer, peer, hop_limit);
}

// req: RFC5881-4-10 RFC5881-8-02
TEST(EchoPort, WhatComesToOurAddressIsTakenForOurs) {
    for (const IpAddress& from : {v4(192, 0, 2, 2), v4(198, 51, 100, 9)}) {  // our own, another
        const Bytes frame = echo_frame("single_hop_ipv4_up", from, v4(192, 0, 2, 2), 254);
        const Classified c = classified(frame, golden_port());
        ASSERT_EQ(c.verdict, Verdict::Echo);
        EXPECT_EQ(c.packet.type, SessionType::Echo);
        EXPECT_EQ(c.packet.ttl, 254);
        EXPECT_EQ(c.packet.instance, get16(frame, kUdpV4)) << "the UDP source port";
        EXPECT_EQ(c.packet.payload, frame.data() + kUdpV4 + 8);
    }
    const IpAddress ours = v6("20010db8 00000000 00000000 00000002");
    EXPECT_EQ(classified(echo_frame("single_hop_ipv6_up", ours, ours, 254), golden_port()).verdict,
              Verdict::Echo);
}

TEST(EchoPort, ChecksumAndLengthAreJudgedAsEver) {
    Bytes frame = echo_frame("single_hop_ipv4_up", v4(192, 0, 2, 2), v4(192, 0, 2, 2), 254);
    frame[kUdpV4 + 7] ^= 1U;
    EXPECT_EQ(classified(frame, golden_port()).reason, DropReason::UdpChecksum);
    frame = echo_frame("single_hop_ipv4_up", v4(192, 0, 2, 2), v4(192, 0, 2, 2), 254);
    put16(frame, kUdpV4 + 4, 31);
    fix_udp_checksum(frame);
    EXPECT_EQ(classified(frame, golden_port()).reason, DropReason::PayloadTooShort);
}

TEST(EchoPort, APeersPacketToItselfGoesBack) {
    for (const Bytes& frame : {peer_echo(), peer_echo(2), peer_echo_v6(), peer_echo_v6(2)}) {
        const Classified c = classified(frame, looping_port());
        ASSERT_EQ(c.verdict, Verdict::Reflect) << name(c.reason);
        EXPECT_EQ(c.packet.payload, frame.data() + kIp);
    }
    // From an address that belongs to no subnet, as RFC 5881 4 wants it.
    EXPECT_EQ(classified(echo_frame("single_hop_ipv4_up", v4(198, 51, 100, 9), v4(192, 0, 2, 1)),
                         looping_port())
                  .verdict,
              Verdict::Reflect);
}

TEST(EchoPort, NothingElseGoesBack) {
    const auto refused = [](const Bytes& frame) {
        return classified(frame, looping_port()).reason;
    };
    EXPECT_EQ(classified(peer_echo(), golden_port()).reason, DropReason::EchoRefused)
        << "nobody on this port allows it";
    EXPECT_EQ(refused(peer_echo(1)), DropReason::EchoRefused) << "its last hop";
    EXPECT_EQ(refused(peer_echo(0)), DropReason::EchoRefused);
    EXPECT_EQ(refused(peer_echo_v6(1)), DropReason::EchoRefused);
    for (const IpAddress& to : {v4(198, 51, 100, 1), v4(192, 0, 2, 0), v4(192, 0, 2, 255),
                                v4(224, 0, 0, 1), v4(255, 255, 255, 255), v4(127, 0, 0, 1)}) {
        EXPECT_EQ(refused(echo_frame("single_hop_ipv4_up", v4(192, 0, 2, 1), to)),
                  DropReason::EchoRefused);
    }
    const IpAddress peer = v6("20010db8 00000000 00000000 00000001");
    for (const char* const to :
         {"20010db8 00000000 00000000 00000000", "20010db8 00000001 00000000 00000001",
          "fe800000 00000000 00000000 00000001"}) {
        EXPECT_EQ(refused(echo_frame("single_hop_ipv6_up", peer, v6(to))), DropReason::EchoRefused);
    }
    EXPECT_EQ(refused(echo_frame("single_hop_ipv4_up", v4(192, 0, 2, 2), v4(192, 0, 2, 1))),
              DropReason::EchoRefused)
        << "our own, on its way to the peer";
    Bytes other = peer_echo();
    put16(other, kUdpV4 + 2, 3784);
    EXPECT_EQ(refused(other), DropReason::IpDestination);
    Bytes fragment = peer_echo();
    put16(fragment, kIp + 6, 0x2000);
    fix_ip_checksum(fragment);
    EXPECT_EQ(refused(fragment), DropReason::IpDestination);
    Bytes foreign = peer_echo();
    foreign[5] ^= 1U;
    EXPECT_EQ(refused(foreign), DropReason::MacNotOurs);
}

// req: RFC5880-5-03
TEST(ReflectEcho, TurnsTheAddressesRoundAndLeavesTheRestAlone) {
    for (Bytes frame : {peer_echo(), peer_echo(2), peer_echo_v6()}) {
        std::copy(kEchoingMac.begin(), kEchoingMac.end(), frame.begin() + 6);
        const Bytes before = frame;
        ASSERT_TRUE(overlay::reflect_echo(frame, kIp, kEchoOwnMac));
        EXPECT_TRUE(std::equal(kEchoingMac.begin(), kEchoingMac.end(), frame.begin()));
        EXPECT_TRUE(std::equal(kEchoOwnMac.begin(), kEchoOwnMac.end(), frame.begin() + 6));
        const std::size_t ttl = is_ipv4(frame) ? kIp + 8 : kIp + 7;
        EXPECT_EQ(frame[ttl], before[ttl] - 1);
        if (is_ipv4(frame)) {
            const auto header = std::span{frame}.subspan(kIp, 20);
            EXPECT_EQ(overlay::fold_sum(overlay::sum_words(header)), 0xffff);
        }
        Bytes back = frame;
        back[ttl] = before[ttl];
        if (is_ipv4(frame)) put16(back, kIp + 10, get16(before, kIp + 10));
        EXPECT_TRUE(std::equal(back.begin() + kIp, back.end(), before.begin() + kIp));
    }
}

TEST(ReflectEcho, TheHeaderChecksumIsRightForEveryValueOfIt) {
    Bytes frame = peer_echo();
    for (unsigned id = 0; id <= 0xffff; ++id) {
        put16(frame, kIp + 4, id);
        frame[kIp + 8] = static_cast<std::uint8_t>(2 + id % 254);
        fix_ip_checksum(frame);
        Bytes back = frame;
        ASSERT_TRUE(overlay::reflect_echo(back, kIp, kEchoOwnMac));
        const auto header = std::span{back}.subspan(kIp, 20);
        ASSERT_EQ(overlay::fold_sum(overlay::sum_words(header)), 0xffff) << id;
    }
}

// What went to a group would come back from every router of the link.
TEST(ReflectEcho, NotFromOrToAGroupAndNotToOurselves) {
    Bytes frame = peer_echo();
    frame[0] |= 1U;
    Bytes before = frame;
    EXPECT_FALSE(overlay::reflect_echo(frame, kIp, kEchoOwnMac));
    EXPECT_EQ(frame, before);
    frame = peer_echo();
    frame[6] |= 1U;
    before = frame;
    EXPECT_FALSE(overlay::reflect_echo(frame, kIp, kEchoOwnMac));
    EXPECT_EQ(frame, before);
    std::copy(kEchoOwnMac.begin(), kEchoOwnMac.end(), frame.begin() + 6);
    before = frame;
    EXPECT_FALSE(overlay::reflect_echo(frame, kIp, kEchoOwnMac));
    EXPECT_EQ(frame, before);
}

// req: RFC5881-4-10 RFC5881-4-16 RFC9747-2-09 RFC9747-2-10
TEST(EchoHeaders, GoToThePeersMacAndToOurOwnAddress) {
    const overlay::SingleHopHeaders h{.source_mac = kEchoOwnMac,
                                      .destination_mac = kEchoingMac,
                                      .source = v4(198, 51, 100, 1),
                                      .destination = v4(192, 0, 2, 2),
                                      .source_port = 50'000};
    const overlay::HeaderTemplate t = overlay::echo_headers(h);
    ASSERT_EQ(t.length, 42);
    const Bytes octets(t.octets.begin(), t.octets.begin() + t.length);
    EXPECT_TRUE(std::equal(kEchoingMac.begin(), kEchoingMac.end(), octets.begin()));
    EXPECT_EQ(octets[kIp + 8], 255);
    EXPECT_EQ(get16(octets, kUdpV4), 50'000);
    EXPECT_EQ(get16(octets, kUdpV4 + 2), 3785);
    EXPECT_TRUE(std::ranges::equal(h.source.wire(), std::span{octets}.subspan(kIp + 12, 4)));
    EXPECT_TRUE(std::ranges::equal(h.destination.wire(), std::span{octets}.subspan(kIp + 16, 4)));
    overlay::SingleHopHeaders mixed = h;
    mixed.source = v6("20010db8 00000000 00000000 00000001");
    EXPECT_EQ(overlay::echo_headers(mixed).length, 0);
}

TEST(OnLinkPrefixes, KnowsStations) {
    overlay::OnLinkPrefixes p;
    EXPECT_FALSE(p.has_station_v4(v4(192, 0, 2, 1).octets.data()));
    ASSERT_TRUE(p.add({.address = v4(10, 1, 2, 3), .length = 31}));
    ASSERT_TRUE(p.add({.address = v4(10, 9, 9, 9), .length = 32}));
    ASSERT_TRUE(p.add({.address = v6("20010db8 00000000 00000000 00000001"), .length = 127}));
    EXPECT_TRUE(p.has_station_v4(v4(10, 1, 2, 2).octets.data()));
    EXPECT_FALSE(p.has_station_v4(v4(10, 1, 2, 4).octets.data()));
    EXPECT_TRUE(p.has_station_v4(v4(10, 9, 9, 9).octets.data()));
    EXPECT_TRUE(p.has_station_v6(v6("20010db8 00000000 00000000 00000000").octets.data()));
    EXPECT_FALSE(p.has_station_v6(v6("20010db8 00000000 00000000 00000002").octets.data()));
    EXPECT_FALSE(p.add({.address = {}, .length = 0}));
    EXPECT_FALSE(p.add({.address = v4(1, 1, 1, 1), .length = 33}));
    for (std::size_t i = 3; i < overlay::OnLinkPrefixes::kCapacity; ++i) {
        EXPECT_TRUE(p.add({.address = v4(1, 1, 1, 1), .length = 8}));
    }
    EXPECT_FALSE(p.add({.address = v4(1, 1, 1, 1), .length = 8}));
}

}  // namespace
}  // namespace tocsin::test
