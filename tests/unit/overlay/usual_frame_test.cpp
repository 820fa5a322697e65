// The short way through classification decides nothing that the long way would decide otherwise.

#include "frames.hpp"

#include <gtest/gtest.h>

namespace tocsin::test {
namespace {

using overlay::ChecksumHint;
using overlay::Classified;

const char* const kGolden[]{"single_hop_ipv4_up",    "single_hop_ipv6_up", "single_hop_ipv4_vlan",
                            "single_hop_ipv4_large", "multihop_ipv4_up",   "multihop_ipv6_up"};

void expect_same(const Bytes& octets, const overlay::PortContext& port, ChecksumHint ip,
                 ChecksumHint udp, const std::string& what) {
    const Bytes frame(octets.begin(), octets.end());
    const Classified quick = overlay::classify(frame, port, ip, udp);
    const Classified close = overlay::classify_closely(frame, port, ip, udp);
    ASSERT_EQ(quick.verdict, close.verdict) << what;
    ASSERT_EQ(quick.reason, close.reason) << what;
    const ReceivedPacket& a = quick.packet;
    const ReceivedPacket& b = close.packet;
    ASSERT_TRUE(a.payload == b.payload && a.source == b.source && a.destination == b.destination &&
                a.instance == b.instance && a.payload_length == b.payload_length &&
                a.domain == b.domain && a.port == b.port && a.type == b.type &&
                a.family == b.family && a.ttl == b.ttl && a.point_to_point == b.point_to_point)
        << what;
}

TEST(UsualFrame, IsJudgedAsCloselyAsAnyOther) {
    const overlay::PortContext port = golden_port();
    for (const char* const name : kGolden) {
        const Bytes original = golden(name);
        const std::size_t headers = std::min<std::size_t>(original.size(), 96);
        for (std::size_t at = 0; at < headers; ++at) {
            for (unsigned value = 0; value < 256; ++value) {
                const std::string what = std::string{name} + " octet " + std::to_string(at) +
                                         " = " + std::to_string(value);
                Bytes frame = original;
                frame[at] = static_cast<std::uint8_t>(value);
                for (const auto hint :
                     {ChecksumHint::Unknown, ChecksumHint::Good, ChecksumHint::Bad}) {
                    expect_same(frame, port, hint, hint, what);
                    expect_same(frame, port, ChecksumHint::Good, hint, what);
                }
                // With checksums that fit, every other check decides.
                expect_same(frame, port, ChecksumHint::Good, ChecksumHint::Good, what);
            }
        }
        for (std::size_t length = 0; length <= original.size(); ++length) {
            const Bytes cut(original.begin(),
                            original.begin() + static_cast<std::ptrdiff_t>(length));
            expect_same(cut, port, ChecksumHint::Unknown, ChecksumHint::Unknown,
                        std::string{name} + " cut to " + std::to_string(length));
        }
        Bytes padded = original;
        padded.resize(original.size() + 20, 0xaa);
        expect_same(padded, port, ChecksumHint::Unknown, ChecksumHint::Unknown,
                    std::string{name} + " padded");
    }
}

TEST(UsualFrame, OfOneOfOurOwnAddressesIsRefused) {
    overlay::PortContext port = golden_port();
    const Bytes frame = golden("single_hop_ipv4_up");
    ASSERT_EQ(classified(frame, port).verdict, overlay::Verdict::Bfd);
    port.addresses.add(ip_address(Bytes(frame.begin() + kIp + 12, frame.begin() + kIp + 16)));
    EXPECT_EQ(classified(frame, port).reason, DropReason::IpSource);
}

TEST(UsualFrame, ReachesEveryAddressOfARange) {
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
