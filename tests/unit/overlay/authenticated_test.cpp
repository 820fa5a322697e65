// Authentication changes nothing about the headers around a packet.

#include "frames.hpp"
#include "overlay/single_hop.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tocsin::test {
namespace {

using overlay::Verdict;

/// A frame with an Authentication Section and this TTL or Hop Limit, checksums right.
Bytes authenticated_frame(const char* name, std::uint8_t ttl) {
    Bytes frame = golden(name);
    if (is_ipv4(frame)) {
        frame.at(kIp + 8) = ttl;
    } else {
        frame.at(kIp + 7) = ttl;
    }
    fix_checksums(frame);
    return frame;
}

// req: RFC5881-5-06 RFC5881-9-02
TEST(AuthenticatedFrames, AreHeldToTtl255LikeAllOthers) {
    constexpr const char* kName = "single_hop_ipv4_meticulous_sha1";
    const auto good = classified(authenticated_frame(kName, 255));
    ASSERT_EQ(good.verdict, Verdict::Bfd) << name(good.reason);
    EXPECT_EQ(good.packet.payload_length, 52);
    for (const std::uint8_t ttl : {254, 64, 1, 0}) {
        const auto out = classified(authenticated_frame(kName, ttl));
        EXPECT_EQ(out.verdict, Verdict::Drop) << int{ttl};
        EXPECT_EQ(out.reason, DropReason::TtlNot255) << int{ttl};
    }
}

// req: RFC5881-5-03
TEST(AuthenticatedFrames, LeaveWithTtl255) {
    for (const bool ipv4 : {true, false}) {
        overlay::SingleHopHeaders h;
        h.source = ipv4 ? v4(192, 0, 2, 1) : v6("20010db8 00000000 00000000 00000001");
        h.destination = ipv4 ? v4(192, 0, 2, 2) : v6("20010db8 00000000 00000000 00000002");
        overlay::HeaderTemplate t = overlay::single_hop_headers(h);
        for (const std::uint8_t payload : {28, 44, 48, 52}) {  // the sections of all types
            t.payload_length = payload;
            Bytes packet(t.octets.begin(), t.octets.begin() + t.length);
            packet.resize(packet.size() + payload);
            overlay::set_lengths(packet, t);
            overlay::finish_udp_checksum(packet, t);
            EXPECT_EQ(packet.at(kIp + (ipv4 ? 8 : 7)), 255) << int{payload};
            EXPECT_EQ(packet.at(kIp + (ipv4 ? 9 : 6)), 17) << int{payload};
        }
    }
}

}  // namespace
}  // namespace tocsin::test
