#include "overlay/single_hop.hpp"

#include "frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::test {
namespace {

using overlay::finish_udp_checksum;
using overlay::HeaderTemplate;
using overlay::single_hop_headers;
using overlay::SingleHopHeaders;

const MacAddress kPeerMac{2, 0, 0, 0, 0, 0x0b};
const MacAddress kOwnMac{2, 0, 0, 0, 0, 0x0a};

struct Built {
    const char* frame;
    IpAddress source;
    IpAddress destination;
};

/// A whole packet: the headers, then `payload`, then the checksum.
Bytes packet(const HeaderTemplate& t, const Bytes& payload) {
    Bytes out(t.octets.begin(), t.octets.begin() + t.length);
    out.insert(out.end(), payload.begin(), payload.end());
    finish_udp_checksum(out, t);
    return out;
}

class SingleHopGolden : public testing::TestWithParam<Built> {
protected:
    HeaderTemplate headers() const {
        return single_hop_headers({.source_mac = kOwnMac,
                                   .destination_mac = kPeerMac,
                                   .source = GetParam().source,
                                   .destination = GetParam().destination});
    }
};

// req: RFC5881-4-01 RFC5881-5-01 RFC5880-9-01 RFC5881-2-04
TEST_P(SingleHopGolden, IsBuiltOctetByOctet) {
    const Bytes frame = golden(GetParam().frame);
    const HeaderTemplate t = headers();
    ASSERT_EQ(t.length, frame.size() - 24);
    EXPECT_EQ(t.ip_offset, kIp);
    EXPECT_EQ(t.udp_offset, udp_offset(frame));
    EXPECT_EQ(t.payload_length, 24);
    EXPECT_EQ(packet(t, Bytes(frame.end() - 24, frame.end())), frame);
}

TEST_P(SingleHopGolden, LeavesTheUdpChecksumOfTheTemplateZero) {
    const HeaderTemplate t = headers();
    EXPECT_EQ(t.octets[t.udp_offset + 6U], 0);
    EXPECT_EQ(t.octets[t.udp_offset + 7U], 0);
}

TEST_P(SingleHopGolden, IsAcceptedByTheReceiver) {
    const Bytes built = packet(headers(), Bytes(24, 0x5a));
    const auto out = classified(built);
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.type, SessionType::SingleHop);
}

INSTANTIATE_TEST_SUITE_P(
    Frames, SingleHopGolden,
    testing::Values(Built{"single_hop_ipv4_down", v4(192, 0, 2, 1), v4(192, 0, 2, 2)},
                    Built{"single_hop_ipv4_up", v4(192, 0, 2, 1), v4(192, 0, 2, 2)},
                    Built{"single_hop_ipv6_up", v6("20010db8 00000000 00000000 00000001"),
                          v6("20010db8 00000000 00000000 00000002")},
                    Built{"single_hop_ipv6_link_local", v6("fe800000 00000000 00000000 0000000a"),
                          v6("fe800000 00000000 00000000 0000000b")}),
    [](const auto& test) { return std::string{test.param.frame}; });

const SingleHopHeaders kV4{.source_mac = kOwnMac,
                           .destination_mac = kPeerMac,
                           .source = v4(192, 0, 2, 1),
                           .destination = v4(192, 0, 2, 2)};
const SingleHopHeaders kV6{.source_mac = kOwnMac,
                           .destination_mac = kPeerMac,
                           .source = v6("20010db8 00000000 00000000 00000001"),
                           .destination = v6("20010db8 00000000 00000000 00000002")};

TEST(SingleHopHeaders, HaveNoLengthWhenTheFamiliesDifferOrAreMissing) {
    SingleHopHeaders mixed = kV4;
    mixed.destination = kV6.destination;
    EXPECT_EQ(single_hop_headers(mixed).length, 0);
    EXPECT_EQ(single_hop_headers({}).length, 0);
}

TEST(SingleHopHeaders, CarryTheSourcePortAndEveryDscp) {
    for (const auto& family : {kV4, kV6}) {
        SingleHopHeaders h = family;
        h.source_port = 65535;
        for (unsigned dscp = 0; dscp < 64; ++dscp) {
            h.dscp = static_cast<std::uint8_t>(dscp);
            const Bytes built = packet(single_hop_headers(h), Bytes(24, 1));
            EXPECT_EQ(get16(built, udp_offset(built)), 65535U);
            const unsigned traffic_class =
                is_ipv4(built) ? built[kIp + 1] : get16(built, kIp) >> 4U & 0xffU;
            EXPECT_EQ(traffic_class, dscp << 2U);
            EXPECT_EQ(drop_reason(built), DropReason::None);
        }
    }
}

TEST(SingleHopHeaders, FitTheTemplateWithTheLongestFamily) {
    EXPECT_EQ(single_hop_headers(kV4).length, 42);
    EXPECT_EQ(single_hop_headers(kV6).length, 62);
}

// RFC 768, RFC 8200 8.1
TEST(FinishUdpChecksum, SendsASumOfZeroAsAllOnes) {
    for (const auto& h : {kV4, kV6}) {
        const HeaderTemplate t = single_hop_headers(h);
        Bytes payload(24, 0);
        const Bytes probe = packet(t, payload);
        const unsigned checksum = get16(probe, t.udp_offset + 6U);
        put16(payload, 10, checksum);  // now the sum is zero
        const Bytes built = packet(t, payload);
        EXPECT_EQ(get16(built, t.udp_offset + 6U), 0xffffU);
        EXPECT_EQ(drop_reason(built), DropReason::None);
    }
}

TEST(FinishUdpChecksum, ReplacesAnOlderChecksum) {
    const HeaderTemplate t = single_hop_headers(kV4);
    Bytes built = packet(t, Bytes(24, 7));
    const Bytes once = built;
    finish_udp_checksum(built, t);
    EXPECT_EQ(built, once);
}

TEST(FinishUdpChecksum, CoversALongerPayloadWhenTheTemplateSaysSo) {
    const Bytes frame = golden("single_hop_ipv4_meticulous_sha1");
    HeaderTemplate t;
    t.length = 42;
    t.ip_offset = 14;
    t.udp_offset = 34;
    t.payload_length = 52;
    Bytes built = frame;
    put16(built, kUdpV4 + 6, 0);
    finish_udp_checksum(built, t);
    EXPECT_EQ(built, frame);
}

}  // namespace
}  // namespace tocsin::test
