// Multihop over UDP, RFC 5883 5: headers that are sent, frames that are taken.
#include "overlay/multi_hop.hpp"

#include "frames.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::test {
namespace {

struct Pair {
    const char* frame;
    IpAddress source;
    IpAddress destination;
};

overlay::MultiHopHeaders headers_of(const Pair& pair) {
    return {.source_mac = {2, 0, 0, 0, 0, 0x0a},
            .destination_mac = {2, 0, 0, 0, 0, 0x0b},
            .source = pair.source,
            .destination = pair.destination};
}

class MultiHopGolden : public testing::TestWithParam<Pair> {};

// req: RFC5883-5-01 RFC5883-5-05
TEST_P(MultiHopGolden, IsBuiltOctetByOctet) {
    const Bytes frame = golden(GetParam().frame);
    const overlay::HeaderTemplate t = overlay::multi_hop_headers(headers_of(GetParam()));
    ASSERT_EQ(t.length, frame.size() - 24);
    Bytes built(t.octets.begin(), t.octets.begin() + t.length);
    built.insert(built.end(), frame.end() - 24, frame.end());
    overlay::finish_udp_checksum(built, t);
    EXPECT_EQ(built, frame);
}

// req: RFC5883-5-05
TEST_P(MultiHopGolden, DiffersFromSingleHopInTheDestinationPortOnly) {
    overlay::HeaderTemplate single = overlay::single_hop_headers(headers_of(GetParam()));
    const std::size_t port = single.udp_offset + 2U;
    EXPECT_EQ(get16({single.octets.begin(), single.octets.end()}, port), 3784);
    single.octets[port] = 4784 >> 8U;
    single.octets[port + 1] = 4784 & 0xffU;
    EXPECT_EQ(single, overlay::multi_hop_headers(headers_of(GetParam())));
}

// req: RFC5883-3-03 RFC5883-7-01
TEST_P(MultiHopGolden, IsTakenWithAnyTtl) {
    for (const unsigned ttl : {0U, 1U, 64U, 250U, 255U}) {
        Bytes frame = golden(GetParam().frame);
        frame.at(kIp + (is_ipv4(frame) ? 8 : 7)) = static_cast<std::uint8_t>(ttl);
        fix_checksums(frame);
        const auto out = classified(frame);
        ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << ttl << ' ' << name(out.reason);
        EXPECT_EQ(out.packet.type, SessionType::MultiHop);
        EXPECT_EQ(out.packet.ttl, ttl);
    }
}

/// The port that the frame comes in by has none of the address it is for.
overlay::PortContext elsewhere() {
    overlay::PortContext port = golden_port();
    port.addresses = {};
    port.addresses.add(v4(10, 99, 0, 1));
    return port;
}

// req: RFC5883-3-05
TEST_P(MultiHopGolden, IsTakenByAnyPortOfTheDomain) {
    const std::vector<overlay::LocalAddresses> all{elsewhere().addresses, golden_port().addresses};
    overlay::PortContext port = elsewhere();
    EXPECT_EQ(drop_reason(golden(GetParam().frame), port), DropReason::IpDestination);
    port.domain_addresses = all;
    const auto out = classified(golden(GetParam().frame), port);
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.type, SessionType::MultiHop);
}

INSTANTIATE_TEST_SUITE_P(
    Frames, MultiHopGolden,
    testing::Values(Pair{"multihop_ipv4_up", v4(198, 51, 100, 1), v4(203, 0, 113, 2)},
                    Pair{"multihop_ipv6_up", v6("20010db8 00010000 00000000 00000001"),
                         v6("20010db8 00020000 00000000 00000002")}),
    [](const auto& i) { return std::string{i.param.frame}; });

TEST(MultiHopFrames, SingleHopIsTakenByThePortOfItsAddressOnly) {
    const std::vector<overlay::LocalAddresses> all{golden_port().addresses};
    overlay::PortContext port = elsewhere();
    port.domain_addresses = all;
    for (const char* const frame : kBothFamilies) {
        EXPECT_EQ(drop_reason(golden(frame), port), DropReason::IpDestination) << frame;
    }
}

TEST(MultiHopFrames, LinkLocalAddressesAreThoseOfTheirOwnPort) {
    const std::vector<overlay::LocalAddresses> all{golden_port().addresses};
    overlay::PortContext port = elsewhere();
    Bytes frame = golden("single_hop_ipv6_link_local");
    put16(frame, kUdpV6 + 2, 4784);
    const IpAddress own = v6("fe800000 00000000 00000000 0000000b");
    std::ranges::copy(own.octets, frame.begin() + kIp + 24);
    fix_checksums(frame);
    port.domain_addresses = all;
    EXPECT_EQ(drop_reason(frame, port), DropReason::IpDestination);
    EXPECT_EQ(drop_reason(frame), DropReason::None);
}

TEST(MultiHopFrames, AFragmentForAnotherPortIsNoPacket) {
    const std::vector<overlay::LocalAddresses> all{golden_port().addresses};
    overlay::PortContext port = elsewhere();
    port.domain_addresses = all;
    Bytes frame = golden("multihop_ipv4_up");
    put16(frame, kIp + 6, 0x2000);
    fix_ip_checksum(frame);
    EXPECT_EQ(drop_reason(frame, port), DropReason::IpFragment);
}

}  // namespace
}  // namespace tocsin::test
