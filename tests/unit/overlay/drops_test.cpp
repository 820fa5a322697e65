#include "frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace tocsin::test {
namespace {

using overlay::ChecksumHint;

Bytes with_address(const char* frame, std::size_t at, const std::string& address) {
    Bytes out = golden(frame);
    std::ranges::copy(from_hex(address), out.begin() + static_cast<std::ptrdiff_t>(at));
    fix_checksums(out);
    return out;
}

TEST(ClassifyDrops, EthernetTruncated) {
    EXPECT_EQ(drop_reason({}), DropReason::EthernetTruncated);
    Bytes frame = golden("single_hop_ipv4_up");
    frame.resize(13);
    EXPECT_EQ(drop_reason(frame), DropReason::EthernetTruncated);
    frame = golden("single_hop_ipv4_vlan");
    frame.resize(17);
    EXPECT_EQ(drop_reason(frame), DropReason::EthernetTruncated);
}

TEST(ClassifyDrops, MacNotOurs) {
    Bytes frame = golden("single_hop_ipv4_up");
    for (std::size_t i = 0; i < 6; ++i) {
        Bytes other = frame;
        other[i] ^= 0x10;
        EXPECT_EQ(drop_reason(other), DropReason::MacNotOurs) << i;
    }
}

TEST(ClassifyDrops, VlanUnknown) {
    for (const char* const tagged :
         {"single_hop_ipv4_vlan", "single_hop_ipv6_vlan", "single_hop_ipv4_qinq"}) {
        EXPECT_EQ(drop_reason(golden(tagged)), DropReason::VlanUnknown) << tagged;
    }
    for (const unsigned vlan : {1U, 0x100U, 0x800U, 0xfffU}) {
        Bytes frame = golden("single_hop_ipv4_vlan");
        put16(frame, 14, vlan);
        EXPECT_EQ(drop_reason(frame), DropReason::VlanUnknown) << vlan;
    }
}

TEST(ClassifyDrops, VlanUnknownBehindAPriorityTag) {
    Bytes frame = golden("single_hop_ipv4_vlan");
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x00});
    EXPECT_EQ(drop_reason(frame), DropReason::VlanUnknown);
}

TEST(ClassifyDrops, OtherEtherTypesAreNotHandled) {
    for (const unsigned type : {0x0000U, 0x05dcU, 0x8847U, 0x8863U, 0x88ccU, 0xffffU}) {
        Bytes frame = golden("single_hop_ipv4_up");
        put16(frame, 12, type);
        EXPECT_EQ(drop_reason(frame), DropReason::NotHandled) << type;
    }
}

TEST(ClassifyDrops, IpHeader) {
    for (const std::uint8_t first : {0x35, 0x55, 0x65, 0x44, 0x40}) {  // version, then IHL below 5
        Bytes frame = golden("single_hop_ipv4_up");
        frame[kIp] = first;
        EXPECT_EQ(drop_reason(frame), DropReason::IpHeader) << int{first};
    }
    for (const std::uint8_t first : {0x00, 0x4c, 0x50, 0x7c}) {
        Bytes frame = golden("single_hop_ipv6_up");
        frame[kIp] = first;
        EXPECT_EQ(drop_reason(frame), DropReason::IpHeader) << int{first};
    }
    Bytes options = golden("single_hop_ipv4_up");  // IHL 15 in 59 octets of IP
    options[kIp] = 0x4f;
    options.resize(kIp + 59);
    EXPECT_EQ(drop_reason(options), DropReason::IpHeader);
    for (const char* const family : kBothFamilies) {
        Bytes cut = golden(family);
        cut.resize(kIp + (is_ipv4(cut) ? 19 : 39));
        EXPECT_EQ(drop_reason(cut), DropReason::IpHeader) << family;
    }
}

TEST(ClassifyDrops, IpLength) {
    Bytes frame = golden("single_hop_ipv4_up");
    for (const unsigned total : {0U, 19U, 53U, 0xffffU}) {
        put16(frame, kIp + 2, total);
        fix_ip_checksum(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::IpLength) << total;
    }
    frame = golden("single_hop_ipv6_up");
    for (const unsigned length : {33U, 0xffffU}) {
        put16(frame, kIp + 4, length);
        EXPECT_EQ(drop_reason(frame), DropReason::IpLength) << length;
    }
}

TEST(ClassifyDrops, IpChecksum) {
    Bytes frame = golden("single_hop_ipv4_up");
    frame[kIp + 10] ^= 1;
    EXPECT_EQ(drop_reason(frame), DropReason::IpChecksum);
    EXPECT_EQ(classified(frame, golden_port(), ChecksumHint::Good).verdict, overlay::Verdict::Bfd);
}

TEST(ClassifyDrops, IpChecksumThatTheDriverCallsBad) {
    const auto out = classified(golden("single_hop_ipv4_up"), golden_port(), ChecksumHint::Bad);
    EXPECT_EQ(out.verdict, overlay::Verdict::Drop);
    EXPECT_EQ(out.reason, DropReason::IpChecksum);
}

TEST(ClassifyDrops, IpFragment) {
    for (const unsigned word : {0x2000U, 0x0001U, 0x1fffU, 0x6000U}) {
        Bytes frame = golden("single_hop_ipv4_up");
        put16(frame, kIp + 6, word);
        fix_ip_checksum(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::IpFragment) << word;
        frame[kIp + 9] = 1;  // a piece of an echo request cannot be answered either
        fix_ip_checksum(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::IpFragment) << word;
    }
    for (const unsigned word : {0x0000U, 0x4000U, 0x8000U}) {
        Bytes frame = golden("single_hop_ipv4_up");
        put16(frame, kIp + 6, word);
        fix_ip_checksum(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::None) << word;
    }
    Bytes six = golden("single_hop_ipv6_up");
    six[kIp + 6] = 44;
    EXPECT_EQ(drop_reason(six), DropReason::IpFragment);
}

TEST(ClassifyDrops, IpExtensionHeader) {
    for (const std::uint8_t next : {0, 43, 51, 60, 135, 139, 140}) {
        Bytes frame = golden("single_hop_ipv6_up");
        frame[kIp + 6] = next;
        EXPECT_EQ(drop_reason(frame), DropReason::IpExtensionHeader) << int{next};
    }
}

TEST(ClassifyDrops, IpSource) {
    for (const char* const source : {
             "00000000",              // unspecified
             "7f000001", "7fffffff",  // loopback
             "e0000001", "efffffff",  // multicast
             "ffffffff",              // broadcast
             "c0000202", "0a000001",  // ours
         }) {
        EXPECT_EQ(drop_reason(with_address("single_hop_ipv4_up", kIp + 12, source)),
                  DropReason::IpSource)
            << source;
    }
    for (const char* const source : {
             "00000000000000000000000000000000",
             "00000000000000000000000000000001",
             "ff020000000000000000000000000001",
             "20010db8000000000000000000000002",
             "fe80000000000000000000000000000b",
         }) {
        EXPECT_EQ(drop_reason(with_address("single_hop_ipv6_up", kIp + 8, source)),
                  DropReason::IpSource)
            << source;
    }
}

TEST(ClassifyDrops, NoSourceNextToThoseOfIpSource) {
    for (const char* const source :
         {"00000001", "7effffff", "80000000", "dfffffff", "f0000000", "fffffffe", "c0000203"}) {
        EXPECT_EQ(drop_reason(with_address("single_hop_ipv4_up", kIp + 12, source)),
                  DropReason::None)
            << source;
    }
    for (const char* const source :
         {"00000000000000000000000000000002", "00000000000000000000000100000001",
          "feff0000000000000000000000000001", "20010db8000000000000000100000002"}) {
        EXPECT_EQ(drop_reason(with_address("single_hop_ipv6_up", kIp + 8, source)),
                  DropReason::None)
            << source;
    }
}

TEST(ClassifyDrops, IpDestination) {
    for (const char* const destination : {"c0000203", "00000202", "ffffffff", "e0000001"}) {
        EXPECT_EQ(drop_reason(with_address("single_hop_ipv4_up", kIp + 16, destination)),
                  DropReason::IpDestination)
            << destination;
    }
    for (const char* const destination :
         {"20010db8000000000000000000000003", "30010db8000000000000000000000002",
          "ff020000000000000000000000000001"}) {
        EXPECT_EQ(drop_reason(with_address("single_hop_ipv6_up", kIp + 24, destination)),
                  DropReason::IpDestination)
            << destination;
    }
}

TEST(ClassifyDrops, IpDestinationWhenThePortHasNoAddress) {
    overlay::PortContext bare = golden_port();
    bare.addresses = {};
    for (const char* const family : kBothFamilies) {
        EXPECT_EQ(drop_reason(golden(family), bare), DropReason::IpDestination) << family;
    }
}

TEST(ClassifyDrops, OtherProtocolsAreNotHandled) {
    for (const std::uint8_t protocol : {2, 6, 47, 89, 132, 255}) {
        Bytes four = golden("single_hop_ipv4_up");
        four[kIp + 9] = protocol;
        fix_ip_checksum(four);
        EXPECT_EQ(drop_reason(four), DropReason::NotHandled) << int{protocol};
        Bytes six = golden("single_hop_ipv6_up");
        six[kIp + 6] = protocol;
        EXPECT_EQ(drop_reason(six), DropReason::NotHandled) << int{protocol};
    }
}

TEST(ClassifyDrops, OtherUdpPortsAreNotHandled) {
    for (const char* const family : kBothFamilies) {
        for (const unsigned udp_port : {0U, 53U, 3783U, 4783U, 4785U, 6785U, 7783U, 7785U}) {
            Bytes frame = golden(family);
            put16(frame, udp_offset(frame) + 2, udp_port);
            fix_udp_checksum(frame);
            EXPECT_EQ(drop_reason(frame), DropReason::NotHandled) << udp_port;
        }
    }
}

TEST(ClassifyDrops, UdpLength) {
    for (const char* const family : kBothFamilies) {
        for (const unsigned length : {0U, 7U, 33U, 0xffffU}) {
            Bytes frame = golden(family);
            put16(frame, udp_offset(frame) + 4, length);
            EXPECT_EQ(drop_reason(frame), DropReason::UdpLength) << family << ' ' << length;
        }
        Bytes frame = golden(family);  // an IP payload that no UDP header fits into
        put16(frame, kIp + (is_ipv4(frame) ? 2 : 4), is_ipv4(frame) ? 27 : 7);
        if (is_ipv4(frame)) fix_ip_checksum(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::UdpLength) << family;
    }
}

TEST(ClassifyDrops, UdpChecksum) {
    for (const char* const family : kBothFamilies) {
        Bytes frame = golden(family);
        frame.back() ^= 1;
        EXPECT_EQ(drop_reason(frame), DropReason::UdpChecksum) << family;
    }
}

// req: RFC5881-5-02 RFC5881-5-07 RFC5880-9-02
TEST(ClassifyDrops, TtlNot255) {
    for (const char* const family : kBothFamilies) {
        for (const std::uint8_t ttl : {0, 1, 2, 64, 128, 253, 254}) {
            Bytes frame = golden(family);  // Up, with a nonzero Your Discriminator
            frame[kIp + (is_ipv4(frame) ? 8 : 7)] = ttl;
            if (is_ipv4(frame)) fix_ip_checksum(frame);
            EXPECT_EQ(drop_reason(frame), DropReason::TtlNot255) << family << ' ' << int{ttl};
        }
    }
}

// req: RFC5881-5-04 RFC5881-5-05
TEST(ClassifyDrops, TtlNot255OfAnAuthenticatedPacketBeforeItsPayloadIsLookedAt) {
    Bytes frame = golden("single_hop_ipv4_meticulous_sha1");
    frame[kIp + 8] = 254;
    fix_ip_checksum(frame);
    for (std::size_t i = kUdpV4 + 8; i < frame.size(); ++i) frame[i] = 0xff;
    EXPECT_EQ(drop_reason(frame), DropReason::TtlNot255);
}

TEST(ClassifyDrops, PayloadTooShort) {
    for (const char* const family : kBothFamilies) {
        for (unsigned payload = 0; payload <= 24; ++payload) {
            Bytes frame = golden(family);
            put16(frame, udp_offset(frame) + 4, 8 + payload);
            fix_udp_checksum(frame);
            EXPECT_EQ(drop_reason(frame),
                      payload < 24 ? DropReason::PayloadTooShort : DropReason::None)
                << family << ' ' << payload;
        }
    }
}

// Of several faults the first is counted, so that one counter answers one question.
TEST(ClassifyDrops, CountsTheFirstOfSeveralFaults) {
    struct Fault {
        DropReason reason;
        std::function<void(Bytes&)> make;
        bool breaks_ip_checksum = false;
        bool breaks_udp_checksum = false;
    };
    const std::vector<Fault> faults{
        {DropReason::EthernetTruncated, [](Bytes& f) { f.resize(13); }},
        {DropReason::MacNotOurs, [](Bytes& f) { f[5] = 0x55; }},
        {DropReason::IpHeader, [](Bytes& f) { f[kIp] = 0x55; }},
        {DropReason::IpLength, [](Bytes& f) { put16(f, kIp + 2, 1000); }},
        {DropReason::IpChecksum, [](Bytes&) {}, true},
        {DropReason::IpDestination, [](Bytes& f) { f[kIp + 19] = 77; }},
        {DropReason::IpFragment, [](Bytes& f) { put16(f, kIp + 6, 0x2000); }},
        {DropReason::NotHandled, [](Bytes& f) { put16(f, kUdpV4 + 2, 3783); }},
        {DropReason::IpSource, [](Bytes& f) { f[kIp + 12] = 127; }},
        {DropReason::UdpLength, [](Bytes& f) { put16(f, kUdpV4 + 4, 7); }},
        {DropReason::TtlNot255, [](Bytes& f) { f[kIp + 8] = 254; }},
        {DropReason::UdpChecksum, [](Bytes&) {}, false, true},
        {DropReason::PayloadTooShort, [](Bytes& f) { put16(f, kUdpV4 + 4, 31); }},
    };
    for (std::size_t first = 0; first < faults.size(); ++first) {
        Bytes frame = golden("single_hop_ipv4_up");
        bool break_ip = false;
        bool break_udp = false;
        for (std::size_t i = faults.size(); i-- > first;) {
            if (i > 2) faults[i].make(frame);
            break_ip |= faults[i].breaks_ip_checksum;
            break_udp |= faults[i].breaks_udp_checksum;
        }
        fix_ip_checksum(frame);
        if (get16(frame, kUdpV4 + 4) >= 8) fix_udp_checksum(frame);
        if (break_ip) frame[kIp + 11] ^= 1;
        if (break_udp) frame[kUdpV4 + 7] ^= 1;
        for (std::size_t i = 3; i-- > first;) faults[i].make(frame);
        EXPECT_EQ(drop_reason(frame), faults[first].reason) << name(faults[first].reason);
    }
}

}  // namespace
}  // namespace tocsin::test
