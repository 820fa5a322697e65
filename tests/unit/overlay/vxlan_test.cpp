// BFD over VXLAN, RFC 8971 and RFC 7348: frames that are sent, frames that are taken, and why not.
#include "overlay/vxlan.hpp"

#include "tunnel_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace tocsin::test {
namespace {

using overlay::Vxlan;

const IpAddress kVtepV4 = v4(198, 51, 100, 1);
const IpAddress kOtherV4 = v4(203, 0, 113, 2);
const IpAddress kVtepV6 = v6("20010db8 00010000 00000000 00000001");
const IpAddress kOtherV6 = v6("20010db8 00020000 00000000 00000002");
const IpAddress kLoopbackV4 = v4(127, 0, 0, 1);
const IpAddress kLoopbackV6 = v6("00000000 00000000 0000ffff 7f000001");

struct VxlanFrame {
    const char* frame;
    bool outer_v4;
    bool inner_v4;

    [[nodiscard]] InnerOffsets inner() const {
        const std::size_t ethernet = 14U + (outer_v4 ? 20U : 40U) + 8U + 8U;
        return {ethernet, ethernet + 14U, ethernet + 14U + (inner_v4 ? 20U : 40U)};
    }
    [[nodiscard]] Vxlan::Headers headers() const {
        return {.link = {.source_mac = {2, 0, 0, 0, 0, 0x0a},
                         .destination_mac = {2, 0, 0, 0, 0, 0x0b},
                         .tags = {}},
                .outer = {.source = outer_v4 ? kVtepV4 : kVtepV6,
                          .destination = outer_v4 ? kOtherV4 : kOtherV6,
                          .source_port = 51001,
                          .checksum = !outer_v4},
                .inner = {.source_mac = {2, 0, 0, 0, 0x0a, 1},
                          .destination_mac = overlay::kVxlanBfdMac,
                          .tags = {},
                          .source = inner_v4 ? kVtepV4 : kVtepV6,
                          .destination = inner_v4 ? kLoopbackV4 : kLoopbackV6}};
    }
};

class VxlanGolden : public testing::TestWithParam<VxlanFrame> {
protected:
    Bytes frame = golden(GetParam().frame);
    InnerOffsets at = GetParam().inner();

    /// Of the frame after a change inside, with checksums made right.
    DropReason after(const std::function<void()>& change) {
        frame = golden(GetParam().frame);
        change();
        fix_checksums_at(frame, at.ip, at.udp);
        if (!GetParam().outer_v4) fix_checksums(frame);
        return drop_reason(frame);
    }
};

// req: RFC8971-4-01 RFC8971-5-01 RFC8971-5-03 RFC8971-5-04 RFC8971-5-08 RFC8971-5-10 RFC8971-5-13
// req: RFC8971-5-15 RFC8971-5-17 RFC8971-5-18 RFC8971-5-19 RFC8971-3-04 RFC8971-8-01
TEST_P(VxlanGolden, IsBuiltOctetByOctet) {
    const overlay::HeaderTemplate t = Vxlan::headers(GetParam().headers());
    ASSERT_EQ(t.length, frame.size() - 24);
    EXPECT_EQ(completed(t, frame), frame);
}

// req: RFC8971-6-01 RFC8971-6-03
TEST_P(VxlanGolden, IsTakenForASessionOfItsVni) {
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.type, SessionType::Vxlan);
    EXPECT_EQ(out.packet.instance,
              Vxlan::instance(1, GetParam().inner_v4 ? AddressFamily::V4 : AddressFamily::V6));
    EXPECT_EQ(out.packet.link, 0);
    EXPECT_EQ(out.packet.family, GetParam().outer_v4 ? AddressFamily::V4 : AddressFamily::V6);
    EXPECT_EQ(out.packet.payload, frame.data() + frame.size() - 24);
    EXPECT_EQ(out.packet.payload_length, 24);
    EXPECT_TRUE(std::ranges::equal((GetParam().outer_v4 ? kVtepV4 : kVtepV6).wire(),
                                   std::span{out.packet.source, GetParam().outer_v4 ? 4U : 16U}));
    EXPECT_EQ(out.packet.port, port_in_key(SessionType::Vxlan, PortId{7}));
}

TEST_P(VxlanGolden, IsTakenByAnyPortOfTheDomain) {
    const std::vector<overlay::LocalAddresses> all{golden_port().addresses};
    overlay::PortContext port = golden_port();
    port.addresses = {};
    EXPECT_EQ(drop_reason(frame, port), DropReason::IpDestination);
    port.domain_addresses = all;
    EXPECT_EQ(drop_reason(frame, port), DropReason::None);
}

// req: RFC8971-5-07
TEST_P(VxlanGolden, NeedsTheFlagThatSaysThereIsAVni) {
    const std::size_t vxlan = at.ethernet - 8;
    EXPECT_EQ(after([&] { frame[vxlan] = 0; }), DropReason::VxlanHeader);
    EXPECT_EQ(after([&] { frame[vxlan] = 0xf7; }), DropReason::VxlanHeader);
    EXPECT_EQ(after([&] { frame[vxlan] = 0xff; }), DropReason::None) << "reserved bits";
    EXPECT_EQ(after([&] { frame[vxlan + 7] = 0xff; }), DropReason::None) << "reserved octet";
}

// req: RFC8971-6-02
TEST_P(VxlanGolden, TellsVnisApart) {
    const std::size_t vxlan = at.ethernet - 8;
    ASSERT_EQ(after([&] { frame[vxlan + 4] = 0xab; }), DropReason::None);
    EXPECT_EQ(classified(frame).packet.instance & 0xffffffU, 0xab0001U);
}

// req: RFC8971-5-09 RFC8971-6-02
TEST_P(VxlanGolden, IsForTheInnerMacOfBfdOrOurs) {
    EXPECT_EQ(after([&] { frame[at.ethernet + 5] = 3; }), DropReason::InnerMac);
    EXPECT_EQ(after([&] { std::fill_n(&frame[at.ethernet], 6, 0xff); }), DropReason::InnerMac);
    const MacAddress own = golden_port().mac;
    EXPECT_EQ(after([&] { std::ranges::copy(own, &frame[at.ethernet]); }), DropReason::None);
}

// req: RFC8971-5-14 RFC8971-5-16 RFC8971-6-02
TEST_P(VxlanGolden, IsForALoopbackAddressOrOurs) {
    const bool inner_v4 = GetParam().inner_v4;
    const auto to = [&](const IpAddress& a) {
        return after([&] { std::ranges::copy(a.wire(), &frame[at.ip + (inner_v4 ? 16 : 24)]); });
    };
    if (inner_v4) {
        EXPECT_EQ(to(v4(127, 255, 0, 9)), DropReason::None);
        EXPECT_EQ(to(kOtherV4), DropReason::None);
        EXPECT_EQ(to(v4(10, 1, 2, 3)), DropReason::InnerDestination);
    } else {
        EXPECT_EQ(to(v6("00000000 00000000 0000ffff 7f0a0b0c")), DropReason::None);
        EXPECT_EQ(to(kOtherV6), DropReason::None);
        EXPECT_EQ(to(v6("00000000 00000000 0000ffff 7e000001")), DropReason::InnerDestination);
        EXPECT_EQ(to(v6("20010db8 00090000 00000000 00000009")), DropReason::InnerDestination);
    }
}

// A VTEP may have its addresses at another port than the one that the packet comes in by.
// req: RFC8971-5-16
TEST_P(VxlanGolden, IsForAnAddressOfTheVtepAtWhateverPort) {
    const bool inner_v4 = GetParam().inner_v4;
    overlay::LocalAddresses vtep = golden_port().addresses;
    vtep.add(v6("fe800000 00000000 00000000 0000000b"));
    const std::vector<overlay::LocalAddresses> all{vtep};
    overlay::PortContext port = golden_port();
    port.addresses = {};
    port.domain_addresses = all;
    const auto to = [&](const IpAddress& a) {
        after([&] { std::ranges::copy(a.wire(), &frame[at.ip + (inner_v4 ? 16 : 24)]); });
        return drop_reason(frame, port);
    };
    EXPECT_EQ(to(inner_v4 ? kOtherV4 : kOtherV6), DropReason::None);
    EXPECT_EQ(to(inner_v4 ? v4(10, 1, 2, 3) : v6("20010db8 00090000 00000000 00000009")),
              DropReason::InnerDestination);
    if (!inner_v4) {
        EXPECT_EQ(to(v6("fe800000 00000000 00000000 0000000b")), DropReason::InnerDestination)
            << "of another link";
    }
}

// req: RFC8971-6-04 RFC8971-5-18
TEST_P(VxlanGolden, NeedsAnInnerTtlOf255) {
    const std::size_t ttl = at.ip + (GetParam().inner_v4 ? 8U : 7U);
    EXPECT_EQ(after([&] { frame[ttl] = 254; }), DropReason::InnerTtl);
    EXPECT_EQ(after([&] { frame[ttl] = 0; }), DropReason::InnerTtl);
}

TEST_P(VxlanGolden, TakesAnyOuterTtl) {
    const std::size_t ttl = kIp + (GetParam().outer_v4 ? 8U : 7U);
    for (const unsigned v : {1U, 64U, 255U}) {
        frame[ttl] = static_cast<std::uint8_t>(v);
        if (GetParam().outer_v4) fix_ip_checksum(frame);
        EXPECT_EQ(drop_reason(frame), DropReason::None) << v;
    }
}

// req: RFC8971-6-04 RFC8971-5-19
TEST_P(VxlanGolden, NeedsTheInnerPortOfSingleHop) {
    EXPECT_EQ(after([&] { put16(frame, at.udp + 2, 4784); }), DropReason::InnerNotBfd);
    EXPECT_EQ(after([&] { put16(frame, at.udp + 2, 3785); }), DropReason::InnerNotBfd);
    const std::size_t protocol = at.ip + (GetParam().inner_v4 ? 9U : 6U);
    EXPECT_EQ(after([&] { frame[protocol] = 6; }), DropReason::InnerNotBfd);
}

// req: RFC8971-4-05 RFC8971-4-06
TEST_P(VxlanGolden, EndsHereWhateverIsInside) {
    // Neither a tenant gets it nor anybody else, as a peer's Echo packet would be sent back.
    const bool inner_v4 = GetParam().inner_v4;
    overlay::PortContext port = golden_port();
    port.loops_echo = true;
    const MacAddress tenant{2, 0, 0, 0, 0, 0x77};
    const std::size_t source = at.ip + (inner_v4 ? 12U : 8U);
    const std::ptrdiff_t size = inner_v4 ? 4 : 16;
    const std::vector<std::function<void()>> changes{
        [&] { std::ranges::copy(tenant, &frame[at.ethernet]); },
        [&] { std::fill_n(&frame[at.ethernet], 6, 0xff); },
        [&] { put16(frame, at.ethernet + 12, 0x0806); },
        [&] { put16(frame, at.ethernet + 12, 0x88cc); },
        [&] { frame[source + static_cast<std::size_t>(2 * size) - 1] ^= 0x40; },
        [&] { frame[at.ip + (inner_v4 ? 9U : 6U)] = inner_v4 ? 1 : 58; },
        [&] { frame[at.ip + (inner_v4 ? 8U : 7U)] = 64; },
        [&] {  // from the sender to itself
            put16(frame, at.udp + 2, 3785);
            std::copy_n(&frame[source], size, &frame[source + static_cast<std::size_t>(size)]);
        }};
    for (std::size_t i = 0; i < changes.size(); ++i) {
        frame = golden(GetParam().frame);
        changes[i]();
        fix_checksums_at(frame, at.ip, at.udp);
        if (!GetParam().outer_v4) fix_checksums(frame);
        const auto verdict = classified(frame, port).verdict;
        EXPECT_TRUE(verdict == overlay::Verdict::Drop ||
                    (verdict == overlay::Verdict::Bfd && i == 4))  // still of 127.0.0.0/8
            << i;
    }
}

// req: RFC8971-6-05
TEST_P(VxlanGolden, NeedsRightInnerLengthsAndChecksums) {
    const bool inner_v4 = GetParam().inner_v4;
    const std::size_t length = at.ip + (inner_v4 ? 2U : 4U);
    EXPECT_EQ(after([&] { put16(frame, length, get16(frame, length) + 1); }),
              DropReason::InnerIpLength);
    EXPECT_EQ(after([&] { frame[at.ip] = 0x25; }), DropReason::InnerIpHeader);
    frame = golden(GetParam().frame);
    frame[at.udp + 7] ^= 1;
    if (!GetParam().outer_v4) fix_checksums(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::InnerUdpChecksum);
    frame = golden(GetParam().frame);
    put16(frame, at.udp + 4, 33);
    if (!GetParam().outer_v4) fix_checksums(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::InnerUdpLength);
    frame = golden(GetParam().frame);
    put16(frame, at.udp + 4, 31);
    put16(frame, at.udp + 6, 0);
    if (!GetParam().outer_v4) fix_checksums(frame);
    EXPECT_EQ(drop_reason(frame),
              inner_v4 ? DropReason::InnerTooShort : DropReason::InnerUdpChecksum);
    if (!inner_v4) return;
    frame = golden(GetParam().frame);
    frame[at.ip + 11] ^= 1;
    if (!GetParam().outer_v4) fix_checksums(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::InnerIpChecksum);
    EXPECT_EQ(after([&] { put16(frame, at.ip + 6, 0x2000); }), DropReason::InnerIpFragment);
}

TEST_P(VxlanGolden, TakesNoSourceOfMany) {
    const bool inner_v4 = GetParam().inner_v4;
    EXPECT_EQ(after([&] { frame[at.ip + (inner_v4 ? 12U : 8U)] = inner_v4 ? 0xe0 : 0xff; }),
              DropReason::InnerSource);
}

// req: RFC8971-5-13
TEST_P(VxlanGolden, HasIpInside) {
    EXPECT_EQ(after([&] { put16(frame, at.ethernet + 12, 0x0806); }), DropReason::InnerProtocol);
    EXPECT_EQ(after([&] { put16(frame, at.ethernet + 12, GetParam().inner_v4 ? 0x86dd : 0x0800); }),
              DropReason::InnerIpHeader);
}

// req: RFC8971-5-06
TEST_P(VxlanGolden, MayDoWithoutAnOuterChecksumOverIpv4) {
    overlay::PortContext port = golden_port();
    const Bytes none = without_outer_checksum(frame);
    EXPECT_EQ(drop_reason(none), GetParam().outer_v4 ? DropReason::None : DropReason::UdpChecksum);
    port.tunnels_without_checksum = true;  // RFC 6935
    EXPECT_EQ(drop_reason(none, port), DropReason::None);
    fix_checksums(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::None);
    frame[udp_offset(frame) + 7] ^= 1;
    EXPECT_EQ(drop_reason(frame), DropReason::UdpChecksum);
}

TEST_P(VxlanGolden, OfOpenVswitchIsTakenWhereThePortSaysSo) {
    overlay::PortContext port = golden_port();
    port.open_vswitch_vxlan = true;
    const auto fixed = [&] {
        fix_checksums_at(frame, at.ip, at.udp);
        if (!GetParam().outer_v4) fix_checksums(frame);
    };
    std::ranges::copy(overlay::kOpenVswitchMac,
                      frame.begin() + static_cast<std::ptrdiff_t>(at.ethernet));
    fixed();
    EXPECT_EQ(drop_reason(frame), DropReason::InnerMac);
    EXPECT_EQ(drop_reason(frame, port), DropReason::None);
    if (!GetParam().inner_v4) return;
    put16(frame, at.ip + 16, 0xa9fe);
    put16(frame, at.ip + 18, 0x0100);
    fixed();
    EXPECT_EQ(drop_reason(frame, port), DropReason::None);
    put16(frame, at.ip + 18, 0x0101);  // no other address of that subnet
    fixed();
    EXPECT_EQ(drop_reason(frame, port), DropReason::InnerDestination);
}

TEST_P(VxlanGolden, IsNothingWhereverItIsCutOff) {
    const std::size_t header = GetParam().outer_v4 ? 20 : 40;
    for (std::size_t size = 14 + header + 8; size < frame.size(); ++size) {
        Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
        const std::size_t udp = size - 14 - header;
        put16(cut, 14 + header + 4, static_cast<unsigned>(udp));
        put16(cut, GetParam().outer_v4 ? 16 : 18,
              static_cast<unsigned>(GetParam().outer_v4 ? udp + header : udp));
        fix_checksums(cut);
        EXPECT_NE(drop_reason(cut), DropReason::None) << size;
    }
}

// Tags outside and inside, RFC 7348 6.1 leaves the inner ones to configuration.
TEST_P(VxlanGolden, CarriesTagsOutsideAndInside) {
    Vxlan::Headers h = GetParam().headers();
    h.inner.tags = {.size = 2,
                    .tags = {{{overlay::kEtherTypeQinq, overlay::tci(6, 200)},
                              {overlay::kEtherTypeVlan, overlay::tci(6, 100)}}}};
    Bytes built = completed(Vxlan::headers(h), frame);
    ASSERT_EQ(drop_reason(built), DropReason::None);
    const std::uint16_t link = classified(built).packet.link;
    EXPECT_NE(link, 0);
    EXPECT_EQ(link, Vxlan::link(h.inner.tags));
    h.inner.tags.tags[1].tci = overlay::tci(0, 100);
    EXPECT_EQ(Vxlan::link(h.inner.tags), link) << "priority";
    h.inner.tags.tags[1].tci = overlay::tci(6, 101);
    EXPECT_NE(Vxlan::link(h.inner.tags), link);
    h.inner.tags = {};
    h.link.tags = {.size = 1, .tags = {{{overlay::kEtherTypeVlan, overlay::tci(6, 0)}, {}}}};
    built = completed(Vxlan::headers(h), frame);
    EXPECT_EQ(drop_reason(built), DropReason::None) << "a priority outside";
}

INSTANTIATE_TEST_SUITE_P(Frames, VxlanGolden,
                         testing::Values(VxlanFrame{"vxlan_ipv4_inner_ipv4", true, true},
                                         VxlanFrame{"vxlan_ipv4_inner_ipv6", true, false},
                                         VxlanFrame{"vxlan_ipv6_inner_ipv4", false, true},
                                         VxlanFrame{"vxlan_ipv6_inner_ipv6", false, false}),
                         [](const auto& i) { return std::string{i.param.frame}; });

TEST(VxlanHeaders, AreNoneWhenFamiliesDiffer) {
    Vxlan::Headers h = VxlanFrame{"", true, true}.headers();
    h.outer.destination = kOtherV6;
    EXPECT_EQ(Vxlan::headers(h).length, 0);
    h = VxlanFrame{"", true, true}.headers();
    h.inner.destination = kLoopbackV6;
    EXPECT_EQ(Vxlan::headers(h).length, 0);
}

TEST(VxlanHeaders, TheLongestFit) {
    Vxlan::Headers h = VxlanFrame{"", false, false}.headers();
    const overlay::VlanTags both{.size = 2, .tags = {}};
    h.link.tags = both;
    h.inner.tags = both;
    EXPECT_EQ(Vxlan::headers(h).length, 148);
}

}  // namespace
}  // namespace tocsin::test
