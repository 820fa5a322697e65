// Large packets, RFC 9764 3: zeros behind the Control packet, in no Length but UDP's and IP's.
#include "overlay/padding.hpp"

#include "frames.hpp"
#include "overlay/single_hop.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::test {
namespace {

class Padding : public testing::TestWithParam<bool> {
protected:
    static overlay::HeaderTemplate headers() {
        const bool four = GetParam();
        return overlay::single_hop_headers(
            {.source_mac = {2, 0, 0, 0, 0, 0x0a},
             .destination_mac = {2, 0, 0, 0, 0, 0x0b},
             .source = four ? v4(192, 0, 2, 1) : v6("20010db8 00000000 00000000 00000001"),
             .destination = four ? v4(192, 0, 2, 2) : v6("20010db8 00000000 00000000 00000002")});
    }
    /// The packet as it leaves; the checksum is made before the zeros are there.
    static Bytes packet(const overlay::HeaderTemplate& t, const Bytes& payload) {
        Bytes out(t.octets.begin(), t.octets.begin() + t.length);
        out.insert(out.end(), payload.begin(), payload.end());
        overlay::finish_udp_checksum(out, t);
        out.resize(t.length + std::size_t{t.udp_payload()});
        return out;
    }
};

// req: RFC9764-3-01 RFC9764-3-05 RFC9764-3-08
TEST_P(Padding, IsCountedByUdpAndIpAndCoveredByTheChecksum) {
    const Bytes payload(24, 0x5a);
    for (const std::uint16_t size : {25, 26, 33, 1400, 1472, 1952}) {
        overlay::HeaderTemplate t = headers();
        overlay::set_padding(t, size);
        const Bytes frame = packet(t, payload);
        const std::size_t udp = udp_offset(frame);
        EXPECT_EQ(frame.size(), udp + 8 + size);
        EXPECT_EQ(get16(frame, udp + 4), size + 8);
        EXPECT_EQ(get16(frame, udp + 6), right_udp_checksum(frame));
        if (is_ipv4(frame)) {
            EXPECT_EQ(get16(frame, kIp + 2), size + 28);
            EXPECT_EQ(get16(frame, kIp + 6), 0x4000) << "DF alone";
        } else {
            EXPECT_EQ(get16(frame, kIp + 4), size + 8);
            EXPECT_EQ(frame.at(kIp + 6), 17) << "no fragment header";
        }
        const auto out = classified(frame);
        ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << size << ' ' << name(out.reason);
        EXPECT_EQ(out.packet.payload_length, size);
        EXPECT_TRUE(std::all_of(frame.end() - (size - 24), frame.end(),
                                [](std::uint8_t o) { return o == 0; }));
    }
}

// req: RFC9764-5.2-03
TEST_P(Padding, IsNothingWhereTheControlPacketIsLonger) {
    overlay::HeaderTemplate t = headers();
    t.payload_length = 52;
    overlay::set_padding(t, 24);
    const Bytes frame = packet(t, Bytes(52, 1));
    EXPECT_EQ(get16(frame, udp_offset(frame) + 4), 60);
    EXPECT_EQ(classified(frame).packet.payload_length, 52);
}

TEST_P(Padding, IsTakenOffAgain) {
    overlay::HeaderTemplate t = headers();
    overlay::set_padding(t, 1400);
    overlay::set_padding(t, 0);
    EXPECT_EQ(t, headers());
}

INSTANTIATE_TEST_SUITE_P(Families, Padding, testing::Bool());

TEST(PaddingOfNothing, ChangesNothing) {
    overlay::HeaderTemplate t;
    overlay::set_padding(t, 1400);
    EXPECT_EQ(t, overlay::HeaderTemplate{});
}

// req: RFC9764-1-01 RFC9764-3-03 RFC9764-4.3-03
TEST(ReceivedPadding, IsTakenWhateverItsLengthAndContents) {
    for (const char* const name : kBothFamilies) {
        for (const std::size_t more : {1U, 2U, 1376U, 1448U}) {
            for (const std::uint8_t content : {0x00, 0xff, 0xa5}) {
                Bytes frame = golden(name);
                frame.insert(frame.end(), more, content);
                const std::size_t udp = udp_offset(frame);
                put16(frame, udp + 4, static_cast<unsigned>(get16(frame, udp + 4) + more));
                const std::size_t length = is_ipv4(frame) ? kIp + 2 : kIp + 4;
                put16(frame, length, static_cast<unsigned>(get16(frame, length) + more));
                fix_checksums(frame);
                const auto out = classified(frame);
                ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << tocsin::name(out.reason);
                EXPECT_EQ(out.packet.payload_length, 24 + more);
            }
        }
    }
}

}  // namespace
}  // namespace tocsin::test
