#include "frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::test {
namespace {

using overlay::Verdict;

struct Expected {
    const char* frame;
    SessionType type;
    AddressFamily family;
    std::size_t ip_offset;
    std::uint16_t payload_length;
};

class ClassifyGolden : public testing::TestWithParam<Expected> {};

// req: RFC5881-4-01 RFC5881-8-01
TEST_P(ClassifyGolden, GivesThePayloadAndEveryField) {
    const Expected& e = GetParam();
    const Bytes frame = golden(e.frame);
    const bool v4 = e.family == AddressFamily::V4;
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.reason, DropReason::None);
    const ReceivedPacket& p = out.packet;
    EXPECT_EQ(p.payload - frame.data(), static_cast<long>(e.ip_offset + (v4 ? 28 : 48)));
    EXPECT_EQ(p.payload_length, e.payload_length);
    EXPECT_EQ(p.source - frame.data(), static_cast<long>(e.ip_offset + (v4 ? 12 : 8)));
    EXPECT_EQ(p.destination - frame.data(), static_cast<long>(e.ip_offset + (v4 ? 16 : 24)));
    EXPECT_EQ(p.type, e.type);
    EXPECT_EQ(p.family, e.family);
    EXPECT_EQ(p.ttl, 255);
    EXPECT_EQ(p.instance, 0U);
    EXPECT_EQ(p.domain, 3);
    EXPECT_EQ(p.port, PortId{7});
    EXPECT_TRUE(p.point_to_point);
}

TEST_P(ClassifyGolden, IgnoresEthernetPaddingBehindThePacket) {
    Bytes frame = golden(GetParam().frame);
    frame.insert(frame.end(), 40, 0xee);
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.payload_length, GetParam().payload_length);
}

TEST_P(ClassifyGolden, IsTheSameBehindAPriorityTag) {
    Bytes frame = golden(GetParam().frame);
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0xc0, 0x00});
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.payload_length, GetParam().payload_length);
    EXPECT_EQ(out.packet.family, GetParam().family);
}

TEST_P(ClassifyGolden, IsNeverBfdWhenOctetsAreMissing) {
    const Bytes frame = golden(GetParam().frame);
    for (std::size_t length = 0; length < frame.size(); ++length) {
        const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(classified(cut).verdict, Verdict::Drop) << length;
    }
}

TEST_P(ClassifyGolden, IsNeverBfdWhenOctetsAreMissingBehindAPriorityTag) {
    Bytes frame = golden(GetParam().frame);
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x00});
    for (std::size_t length = 0; length < frame.size(); ++length) {
        const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(classified(cut).verdict, Verdict::Drop) << length;
    }
}

TEST_P(ClassifyGolden, NoticesEveryFlippedBit) {
    const Bytes frame = golden(GetParam().frame);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        Bytes bad = frame;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const bool source_mac = bit / 8 >= 6 && bit / 8 < 12;
        const bool to_group = bit == 0;  // a group address with our address in it is let through
        // No checksum covers class and label, nor the Hop Limit, which single hop fixes.
        const std::size_t octet = bit / 8;
        const bool unprotected = GetParam().family == AddressFamily::V6 &&
                                 ((octet >= kIp && octet < kIp + 4) ||
                                  (octet == kIp + 7 && GetParam().type == SessionType::MultiHop));
        if (source_mac || to_group || unprotected) continue;
        EXPECT_EQ(classified(bad).verdict, Verdict::Drop) << "bit " << bit;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Frames, ClassifyGolden,
    testing::Values(
        Expected{"single_hop_ipv4_down", SessionType::SingleHop, AddressFamily::V4, kIp, 24},
        Expected{"single_hop_ipv4_up", SessionType::SingleHop, AddressFamily::V4, kIp, 24},
        Expected{"single_hop_ipv6_up", SessionType::SingleHop, AddressFamily::V6, kIp, 24},
        Expected{"single_hop_ipv6_link_local", SessionType::SingleHop, AddressFamily::V6, kIp, 24},
        Expected{"single_hop_ipv4_meticulous_sha1", SessionType::SingleHop, AddressFamily::V4, kIp,
                 52},
        Expected{"single_hop_ipv4_large", SessionType::SingleHop, AddressFamily::V4, kIp, 64},
        Expected{"multihop_ipv4_up", SessionType::MultiHop, AddressFamily::V4, kIp, 24},
        Expected{"multihop_ipv6_up", SessionType::MultiHop, AddressFamily::V6, kIp, 24}),
    [](const auto& test) { return std::string{test.param.frame}; });

TEST(Classify, TakesIpv4Options) {
    Bytes frame = golden("single_hop_ipv4_up");
    frame.insert(frame.begin() + kUdpV4, {0x94, 0x04, 0x00, 0x00});  // router alert
    frame[kIp] = 0x46;
    put16(frame, kIp + 2, 56);
    fix_ip_checksum(frame);
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.payload - frame.data(), 46);
}

TEST(Classify, EndsThePayloadAtTheUdpLengthAndNotAtTheIpLength) {
    Bytes frame = golden("single_hop_ipv4_up");
    frame.insert(frame.end(), {1, 2, 3, 4});
    put16(frame, kIp + 2, 56);
    fix_ip_checksum(frame);
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.payload_length, 24);
}

// req: RFC5881-4-09
TEST(Classify, TakesAnySourcePort) {
    for (const char* const name_of : {"single_hop_ipv4_up", "single_hop_ipv6_up"}) {
        for (const unsigned source_port : {0U, 1024U, 3784U, 49151U, 65535U}) {
            Bytes frame = golden(name_of);
            put16(frame, udp_offset(frame), source_port);
            fix_udp_checksum(frame);
            EXPECT_EQ(classified(frame).verdict, Verdict::Bfd) << source_port;
        }
    }
}

TEST(Classify, LeavesTheTtlOfMultihopToTheEngine) {
    for (const std::uint8_t ttl : {0, 1, 64, 254}) {
        Bytes four = golden("multihop_ipv4_up");
        four[kIp + 8] = ttl;
        fix_ip_checksum(four);
        ASSERT_EQ(classified(four).verdict, Verdict::Bfd);
        EXPECT_EQ(classified(four).packet.ttl, ttl);
        Bytes six = golden("multihop_ipv6_up");
        six[kIp + 7] = ttl;
        ASSERT_EQ(classified(six).verdict, Verdict::Bfd);
        EXPECT_EQ(classified(six).packet.ttl, ttl);
    }
}

TEST(Classify, TakesBroadcastAndMulticastMacAddresses) {
    for (const auto& mac : {from_hex("ffffffffffff"), from_hex("01005e900001")}) {
        Bytes frame = golden("single_hop_ipv4_up");
        std::ranges::copy(mac, frame.begin());
        EXPECT_EQ(classified(frame).verdict, Verdict::Bfd);
    }
}

// An Ethernet header for our port; the rest is of the tests below.
Bytes to_us(const std::string& rest) { return from_hex("02000000000b 02000000000a" + rest); }

TEST(ClassifyPunt, SendsArpToControl) {
    // Operation, sender's MAC and address, target's MAC and address.
    const auto arp = [](const std::string& tag, const std::string& operation,
                        const std::string& sender, const std::string& target) {
        return classified(to_us(tag + "0806 0001 0800 06 04" + operation + "02000000000a" + sender +
                                "000000000000" + target))
            .verdict;
    };
    const std::string ours = "c0000202";
    const std::string peer = "c0000201";
    const std::string other = "c0000209";
    for (const char* const tag : {"", "8100 0000 "}) {
        EXPECT_EQ(arp(tag, "0001", peer, ours), Verdict::Punt);
        EXPECT_EQ(arp(tag, "0002", peer, other), Verdict::Punt) << "replies";
        EXPECT_EQ(arp(tag, "0001", peer, peer), Verdict::Punt) << "gratuitous requests";
        EXPECT_EQ(arp(tag, "0001", ours, other), Verdict::Punt) << "claims of our address";
        EXPECT_EQ(arp(tag, "0001", "00000000", ours), Verdict::Punt) << "probes";
        EXPECT_EQ(arp(tag, "0001", peer, other), Verdict::PuntAside) << "for somebody else";
    }
    EXPECT_EQ(drop_reason(to_us("0806")), DropReason::NotHandled) << "cut off";
}

TEST(ClassifyPunt, SendsIcmpForOurAddressesToControl) {
    Bytes frame = golden("single_hop_ipv4_up");
    frame[kIp + 9] = 1;
    fix_ip_checksum(frame);
    EXPECT_EQ(classified(frame).verdict, Verdict::Punt);
    frame[kIp + 19] = 9;  // somebody else's
    fix_ip_checksum(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::IpDestination);
    frame[kIp + 16] = 224;  // a group
    fix_ip_checksum(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::IpDestination);
}

Bytes icmpv6_to(const std::string& destination) {
    Bytes frame = golden("single_hop_ipv6_up");
    frame[kIp + 6] = 58;
    std::ranges::copy(from_hex(destination), frame.begin() + kIp + 24);
    return frame;
}

TEST(ClassifyPunt, SendsIcmpv6ForOurAddressesAndOurGroupsToControl) {
    for (const char* const destination : {
             "20010db8 00000000 00000000 00000002",  // ours
             "fe800000 00000000 00000000 0000000b",
             "ff020000 00000000 00000000 00000001",  // all nodes
             "ff020000 00000000 00000001 ff000002",  // solicited-node of an address of ours
             "ff020000 00000000 00000001 ff00000b",
         }) {
        EXPECT_EQ(classified(icmpv6_to(destination)).verdict, Verdict::Punt) << destination;
    }
}

TEST(ClassifyPunt, LeavesIcmpv6ForOthersAlone) {
    for (const char* const destination : {
             "20010db8 00000000 00000000 00000003",
             "ff020000 00000000 00000000 00000002",  // all routers
             "ff020000 00000000 00000001 ff000003",  // solicited-node of another address
             "ff020000 00000000 00000000 ff000002",
             "ff050000 00000000 00000001 ff000002",
         }) {
        EXPECT_EQ(drop_reason(icmpv6_to(destination)), DropReason::IpDestination) << destination;
    }
}

TEST(ClassifyAddresses, RefusesASourceThatIsOurs) {
    overlay::PortContext port = golden_port();
    const Bytes frame = golden("single_hop_ipv4_up");
    ASSERT_EQ(classified(frame, port).verdict, overlay::Verdict::Bfd);
    port.addresses.add(ip_address(Bytes(frame.begin() + kIp + 12, frame.begin() + kIp + 16)));
    EXPECT_EQ(classified(frame, port).reason, DropReason::IpSource);
}

TEST(ClassifyAddresses, ReachEveryOneOfARange) {
    overlay::PortContext port = golden_port();
    Bytes frame = golden("single_hop_ipv4_up");
    const auto to = [&](std::uint8_t a, std::uint8_t b) {
        frame[kIp + 16] = a;
        frame[kIp + 17] = b;
        fix_checksums(frame);
        return classified(frame, port).verdict == overlay::Verdict::Bfd;
    };
    EXPECT_FALSE(to(10, 128));
    ASSERT_TRUE(port.addresses.set_range(v4(10, 128, 7, 7), 9));
    EXPECT_TRUE(to(10, 128));
    EXPECT_TRUE(to(10, 255));
    EXPECT_FALSE(to(10, 127));
    EXPECT_FALSE(to(11, 128));
    EXPECT_FALSE(port.addresses.set_range(v4(0, 0, 0, 0), 0)) << "not the whole Internet";
}

}  // namespace
}  // namespace tocsin::test
