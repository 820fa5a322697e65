// BFD on the members of a LAG, RFC 7130: headers that are sent, frames that are taken.
#include "overlay/micro_bfd.hpp"

#include "tunnel_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tocsin::test {
namespace {

constexpr MacAddress kMember{2, 0, 0, 0, 0, 0x0a};
constexpr MacAddress kPeer{2, 0, 0, 0, 0, 0x0b};

overlay::MicroBfdHeaders headers_for(bool v4_frame, const MacAddress& to) {
    return {.source_mac = kMember,
            .destination_mac = to,
            .source = v4_frame ? v4(192, 0, 2, 1) : v6("20010db8 00000000 00000000 00000001"),
            .destination = v4_frame ? v4(192, 0, 2, 2) : v6("20010db8 00000000 00000000 00000002")};
}

// req: RFC7130-2.2-14 RFC7130-2.2-15 RFC7130-2.3-01 RFC7130-2.3-12 RFC7130-2.3-13 RFC7130-2.3-14
// req: RFC7130-7-01
TEST(MicroBfdHeaders, GoToTheDedicatedMacOverBothFamilies) {
    for (const char* const name : {"micro_bfd_ipv4_down", "micro_bfd_ipv6_down"}) {
        const Bytes frame = golden(name);
        const auto t =
            overlay::micro_bfd_headers(headers_for(is_ipv4(frame), overlay::kMicroBfdMac));
        ASSERT_EQ(t.length, frame.size() - 24) << name;
        EXPECT_EQ(completed(t, frame), frame) << name;
    }
}

// req: RFC7130-2.3-15
TEST(MicroBfdHeaders, MayHaveAPriorityTag) {
    const Bytes frame = golden("micro_bfd_ipv4_priority_tag");
    overlay::MicroBfdHeaders h = headers_for(true, overlay::kMicroBfdMac);
    h.tags = {.size = 1, .tags = {{{overlay::kEtherTypeVlan, overlay::tci(7, 0)}, {}}}};
    EXPECT_EQ(completed(overlay::micro_bfd_headers(h), frame), frame);
}

// req: RFC7130-2.3-04
TEST(MicroBfdHeaders, MayGoToTheLearnedMac) {
    const Bytes frame = golden("micro_bfd_ipv4_up_learned_mac");
    EXPECT_EQ(completed(overlay::micro_bfd_headers(headers_for(true, kPeer)), frame), frame);
}

// req: RFC7130-2.2-17 RFC7130-2.3-08 RFC7130-2.3-09 RFC7130-2.3-16 RFC7130-2.3-17
TEST(MicroBfdFrames, AreTakenFromBothMacAddressesUntaggedOrWithAPriority) {
    for (const char* const name :
         {"micro_bfd_ipv4_down", "micro_bfd_ipv6_down", "micro_bfd_ipv4_priority_tag",
          "micro_bfd_ipv4_up_learned_mac"}) {
        const auto out = classified(golden(name));
        ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name << ' ' << tocsin::name(out.reason);
        EXPECT_EQ(out.packet.type, SessionType::Micro) << name;
        EXPECT_EQ(out.packet.port, PortId{7}) << "the member link counts";
    }
}

// req: RFC7130-2.3-18
TEST(MicroBfdFrames, OfAVlanAreNotTaken) {
    Bytes frame = golden("micro_bfd_ipv4_priority_tag");
    put16(frame, 14, 0xe001);
    EXPECT_EQ(drop_reason(frame), DropReason::VlanUnknown);
}

// req: RFC7130-2.2-16
TEST(MicroBfdFrames, NeedATtlOf255) {
    for (const char* const name : {"micro_bfd_ipv4_down", "micro_bfd_ipv6_down"}) {
        Bytes frame = golden(name);
        frame.at(kIp + (is_ipv4(frame) ? 8 : 7)) = 254;
        fix_checksums(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::TtlNot255) << name;
    }
}

/// A member of the LAG that the golden frames are addressed to; it has no address of its own.
overlay::PortContext member_port() {
    overlay::PortContext port = golden_port();
    port.addresses = {};
    port.addresses.add(v4(10, 0, 0, 1));
    port.member = {.v4 = v4(192, 0, 2, 2), .v6 = v6("20010db8 00000000 00000000 00000002")};
    return port;
}

overlay::Classified on_member(const Bytes& frame, const overlay::PortContext& port) {
    return overlay::classify(frame, port, overlay::ChecksumHint::Unknown,
                             overlay::ChecksumHint::Unknown);
}

// req: RFC7130-2.2-20
TEST(MicroBfdFrames, ToTheAddressOfTheLagAreTakenOnItsMembers) {
    for (const char* const name : {"micro_bfd_ipv4_down", "micro_bfd_ipv6_down"}) {
        EXPECT_EQ(on_member(golden(name), member_port()).verdict, overlay::Verdict::Bfd) << name;
        overlay::PortContext other = member_port();
        other.member = {};
        EXPECT_EQ(on_member(golden(name), other).verdict, overlay::Verdict::Drop)
            << name << ": wired to a port that is no member of this LAG";
    }
}

// req: RFC7130-2.2-18
TEST(MicroBfdFrames, AreTheOnlyOnesThatTheAddressOfTheLagIsFor) {
    for (const char* const name : {"micro_bfd_ipv4_down", "micro_bfd_ipv6_down"}) {
        for (const std::uint16_t port : {3784, 4784, 3785}) {
            Bytes frame = golden(name);
            put16(frame, udp_offset(frame) + 2, port);
            fix_checksums(frame);
            EXPECT_EQ(on_member(frame, member_port()).verdict, overlay::Verdict::Drop)
                << name << " to " << port;
        }
    }
}

TEST(MicroBfdFrames, ThatWeSentOurselvesAreNotTakenOnALoopedLink) {
    for (const char* const name : {"micro_bfd_ipv4_down", "micro_bfd_ipv6_down"}) {
        Bytes frame = golden(name);
        const std::size_t size = is_ipv4(frame) ? 4 : 16;
        const auto source = frame.begin() + static_cast<std::ptrdiff_t>(kIp + (size == 4 ? 12 : 8));
        std::copy_n(source + static_cast<std::ptrdiff_t>(size), size, source);
        fix_checksums(frame);
        EXPECT_EQ(on_member(frame, member_port()).reason, DropReason::IpSource) << name;
    }
}

}  // namespace
}  // namespace tocsin::test
