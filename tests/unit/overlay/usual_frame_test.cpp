// What is taken for a usual frame is one that classification accepts, with the same outcome.

#include "overlay/usual_frame.hpp"

#include "frames.hpp"
#include "same_packet.hpp"

#include <gtest/gtest.h>

namespace tocsin::test {
namespace {

using overlay::ChecksumHint;
using overlay::Classified;

const char* const kGolden[]{"single_hop_ipv4_up",    "single_hop_ipv6_up", "single_hop_ipv4_vlan",
                            "single_hop_ipv4_large", "multihop_ipv4_up",   "multihop_ipv6_up"};

/// What usual_frame() takes, classify() takes with the same outcome. True: it was taken.
bool expect_same(const Bytes& octets, const overlay::PortContext& port, ChecksumHint ip,
                 ChecksumHint udp, const std::string& what) {
    const Bytes frame(octets.begin(), octets.end());
    const overlay::UsualFrame kind = overlay::usual_frame(frame, port, ip, udp);
    if (kind == overlay::UsualFrame::No) return false;
    const Classified close = overlay::classify(frame, port, ip, udp);
    EXPECT_EQ(close.verdict, overlay::Verdict::Bfd) << what;
    if (close.verdict != overlay::Verdict::Bfd) return true;
    const ReceivedPacket a = overlay::usual_packet(frame.data(), kind, port);
    EXPECT_TRUE(same_packet(a, close.packet)) << what;
    return true;
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

TEST(UsualFrame, IsWhatOrdinaryPeersSend) {
    const overlay::PortContext port = golden_port();
    for (const char* const name : {"single_hop_ipv4_up", "single_hop_ipv6_up"}) {
        EXPECT_TRUE(
            expect_same(golden(name), port, ChecksumHint::Unknown, ChecksumHint::Unknown, name));
    }
    for (const char* const name :
         {"single_hop_ipv4_vlan", "multihop_ipv4_up", "multihop_ipv6_up"}) {
        EXPECT_FALSE(
            expect_same(golden(name), port, ChecksumHint::Unknown, ChecksumHint::Unknown, name));
    }
}

TEST(UsualFrame, OfOneOfOurOwnAddressesIsRefused) {
    overlay::PortContext port = golden_port();
    const Bytes frame = golden("single_hop_ipv4_up");
    ASSERT_EQ(classified(frame, port).verdict, overlay::Verdict::Bfd);
    port.addresses.add(ip_address(Bytes(frame.begin() + kIp + 12, frame.begin() + kIp + 16)));
    EXPECT_EQ(classified(frame, port).reason, DropReason::IpSource);
    EXPECT_FALSE(
        expect_same(frame, port, ChecksumHint::Unknown, ChecksumHint::Unknown, "own source"));
}

}  // namespace
}  // namespace tocsin::test
