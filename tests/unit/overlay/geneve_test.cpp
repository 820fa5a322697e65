// BFD over Geneve, RFC 9521 and RFC 8926: frames that are sent, frames that are taken, and why not.
#include "overlay/geneve.hpp"

#include "tunnel_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace tocsin::test {
namespace {

using overlay::Geneve;

constexpr MacAddress kOwnVap{2, 0, 0, 0, 0x0a, 1};
constexpr MacAddress kPeerVap{2, 0, 0, 0, 0x0b, 1};

struct GeneveFrame {
    const char* frame;
    bool outer_v4;
    bool ethernet;
    IpAddress inner_source;
    IpAddress inner_destination;

    [[nodiscard]] bool inner_v4() const { return inner_source.is_v4(); }
    [[nodiscard]] std::size_t geneve() const { return 14U + (outer_v4 ? 20U : 40U) + 8U; }
    [[nodiscard]] InnerOffsets inner() const {
        const std::size_t begin = geneve() + 8U;
        const std::size_t ip = begin + (ethernet ? 14U : 0U);
        return {ethernet ? begin : 0, ip, ip + (inner_v4() ? 20U : 40U)};
    }
    [[nodiscard]] Geneve::Headers headers() const {
        return {
            .link = {.source_mac = {2, 0, 0, 0, 0, 0x0a}, .destination_mac = {2, 0, 0, 0, 0, 0x0b}},
            .outer = {.source = outer_v4 ? v4(198, 51, 100, 1)
                                         : v6("20010db8 00010000 00000000 00000001"),
                      .destination =
                          outer_v4 ? v4(203, 0, 113, 2) : v6("20010db8 00020000 00000000 00000002"),
                      .source_port = 51002,
                      .checksum = true},
            .inner = {.source_mac = ethernet ? kOwnVap : MacAddress{},
                      .destination_mac = ethernet ? kPeerVap : MacAddress{},
                      .tags = {},
                      .source = inner_source,
                      .destination = inner_destination},
            .ethernet = ethernet,
            .vni = 5001};
    }
};

class GeneveGolden : public testing::TestWithParam<GeneveFrame> {
protected:
    Bytes frame = golden(GetParam().frame);
    InnerOffsets at = GetParam().inner();
    std::size_t geneve = GetParam().geneve();

    DropReason after(const std::function<void()>& change) {
        frame = golden(GetParam().frame);
        change();
        fix_checksums_at(frame, at.ip, at.udp);
        fix_checksums(frame);
        return drop_reason(frame);
    }
    /// The same with options of these octets, lengths made right.
    Bytes with_options(const Bytes& options, bool c = false) {
        Bytes out = golden(GetParam().frame);
        out[geneve] = static_cast<std::uint8_t>(options.size() / 4);
        if (c) out[geneve + 1] |= 0x40;
        out.insert(out.begin() + static_cast<std::ptrdiff_t>(geneve + 8), options.begin(),
                   options.end());
        const std::size_t length = GetParam().outer_v4 ? 16 : 18;
        put16(out, length, get16(out, length) + static_cast<unsigned>(options.size()));
        const std::size_t udp = udp_offset(out) + 4;
        put16(out, udp, get16(out, udp) + static_cast<unsigned>(options.size()));
        fix_checksums(out);
        return out;
    }
};

// req: RFC9521-3-02 RFC9521-4-01 RFC9521-4-02 RFC9521-4-03 RFC9521-4-04 RFC9521-4-05 RFC9521-4-06
// req: RFC9521-4-07 RFC9521-4-08 RFC9521-4-09 RFC9521-4-11 RFC9521-4-12 RFC9521-4-13 RFC9521-4-14
// req: RFC9521-4-15 RFC9521-4-16 RFC9521-4-17 RFC9521-5-01 RFC9521-5-02 RFC9521-5-03 RFC9521-5-05
// req: RFC9521-5-06 RFC9521-5-07 RFC9521-5-08 RFC9521-5-09 RFC9521-5-10 RFC9521-5-11
TEST_P(GeneveGolden, IsBuiltOctetByOctet) {
    const overlay::HeaderTemplate t = Geneve::headers(GetParam().headers());
    ASSERT_EQ(t.length, frame.size() - 24);
    EXPECT_EQ(completed(t, frame), frame);
}

// req: RFC9521-4-10 RFC9521-4.1-01 RFC9521-4.1-02 RFC9521-5.1-01 RFC9521-5.1-02
TEST_P(GeneveGolden, IsTakenForItsVaps) {
    const auto out = classified(frame);
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    const Geneve::Headers h = GetParam().headers();
    const Geneve::Identity id =
        Geneve::identity(5001, h.inner.destination_mac, h.inner.source_mac, {});
    EXPECT_EQ(out.packet.type, SessionType::Geneve);
    EXPECT_EQ(out.packet.instance, id.instance);
    EXPECT_EQ(out.packet.link, id.link);
    EXPECT_EQ((id.instance >> 24U | id.link) != 0, GetParam().ethernet);
    EXPECT_TRUE(std::ranges::equal(GetParam().inner_source.wire(),
                                   std::span{out.packet.source, GetParam().inner_v4() ? 4U : 16U}));
    EXPECT_TRUE(
        std::ranges::equal(GetParam().inner_destination.wire(),
                           std::span{out.packet.destination, GetParam().inner_v4() ? 4U : 16U}));
    EXPECT_EQ(out.packet.payload, frame.data() + frame.size() - 24);
}

// req: RFC9521-4.1-06
TEST_P(GeneveGolden, TellsInnerMacAddressesAndVnisApart) {
    const auto was = classified(frame).packet;
    ASSERT_EQ(after([&] { frame[geneve + 4] = 1; }), DropReason::None);
    EXPECT_NE(classified(frame).packet.instance, was.instance);
    if (!GetParam().ethernet) return;
    for (const std::size_t octet : {1U, 5U, 7U, 11U}) {
        ASSERT_EQ(after([&] { frame[at.ethernet + octet] ^= 0x40; }), DropReason::None);
        const auto is = classified(frame).packet;
        EXPECT_TRUE(is.instance != was.instance || is.link != was.link) << octet;
    }
    EXPECT_EQ(after([&] { frame[at.ethernet] = 1; }), DropReason::InnerMac) << "a group";
}

// req: RFC9521-4.1-01 RFC9521-4.1-05 RFC9521-5.1-01 RFC9521-5.1-05
TEST_P(GeneveGolden, NeedsVersion0AndALengthThatFits) {
    EXPECT_EQ(after([&] { frame[geneve] |= 0x40; }), DropReason::GeneveHeader);
    EXPECT_EQ(after([&] { frame[geneve] = 0x3f; }), DropReason::GeneveHeader);
    EXPECT_EQ(drop_reason(with_options({1, 2, 0x10, 1})), DropReason::GeneveHeader)
        << "an option longer than all of them";
}

// req: RFC9521-4-18 RFC9521-4-19
TEST_P(GeneveGolden, PassesOptionsOverButNoCriticalOnes) {
    EXPECT_EQ(drop_reason(with_options({1, 2, 0x10, 0})), DropReason::None);
    EXPECT_EQ(drop_reason(with_options({1, 2, 0x10, 1, 9, 9, 9, 9, 1, 2, 0x7f, 0})),
              DropReason::None);
    EXPECT_EQ(drop_reason(with_options({1, 2, 0x90, 0})), DropReason::GeneveCriticalOption);
    EXPECT_EQ(drop_reason(with_options({1, 2, 0x10, 0, 1, 2, 0x90, 0}, true)),
              DropReason::GeneveCriticalOption);
    EXPECT_EQ(drop_reason(with_options({}, true)), DropReason::GeneveCriticalOption);
}

TEST_P(GeneveGolden, TakesPacketsWithoutTheControlFlag) {  // as Open vSwitch sends them
    EXPECT_EQ(after([&] { frame[geneve + 1] = 0; }), DropReason::None);
}

// req: RFC9521-4-16 RFC9521-5-10 RFC9521-5.1-02
TEST_P(GeneveGolden, HasEthernetOrIpInside) {
    EXPECT_EQ(after([&] { put16(frame, geneve + 2, 0x8847); }), DropReason::InnerProtocol);
    if (GetParam().ethernet) {
        EXPECT_EQ(after([&] { put16(frame, at.ethernet + 12, 0x0806); }),
                  DropReason::InnerProtocol);
        return;
    }
    EXPECT_EQ(after([&] { put16(frame, geneve + 2, GetParam().inner_v4() ? 0x86dd : 0x0800); }),
              DropReason::InnerIpHeader);
}

// req: RFC9521-4.1-05 RFC9521-5.1-04 RFC9521-5.1-05
TEST_P(GeneveGolden, NeedsTheInnerPortAndTtl) {
    EXPECT_EQ(after([&] { put16(frame, at.udp + 2, 4784); }), DropReason::InnerNotBfd);
    const std::size_t ttl = at.ip + (GetParam().inner_v4() ? 8U : 7U);
    EXPECT_EQ(after([&] { frame[ttl] = 254; }), DropReason::InnerTtl);
    frame = golden(GetParam().frame);
    frame[at.udp + 7] ^= 1;
    fix_checksums(frame);
    EXPECT_EQ(drop_reason(frame), DropReason::InnerUdpChecksum);
}

TEST_P(GeneveGolden, IsNothingWhereverItIsCutOff) {
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

// req: RFC9521-5-04
TEST_P(GeneveGolden, AsksForAnAddressWithIpPayload) {
    const bool inner_v4 = GetParam().inner_v4();
    const DropReason none = after([&] {
        std::fill_n(&frame[at.ip + (inner_v4 ? 12U : 8U)], inner_v4 ? 4 : 16, std::uint8_t{0});
    });
    EXPECT_EQ(none, GetParam().ethernet ? DropReason::None : DropReason::InnerSource);
}

TEST_P(GeneveGolden, CarriesTagsInside) {
    Geneve::Headers h = GetParam().headers();
    if (!h.ethernet) return;
    h.inner.tags = {.size = 1, .tags = {{{overlay::kEtherTypeVlan, overlay::tci(6, 100)}, {}}}};
    const Bytes built = completed(Geneve::headers(h), frame);
    ASSERT_EQ(drop_reason(built), DropReason::None);
    const auto id = Geneve::identity(5001, kPeerVap, kOwnVap, h.inner.tags);
    EXPECT_EQ(classified(built).packet.instance, id.instance);
    EXPECT_EQ(classified(built).packet.link, id.link);
}

INSTANTIATE_TEST_SUITE_P(
    Frames, GeneveGolden,
    testing::Values(
        GeneveFrame{"geneve_ethernet_ipv4", true, true, v4(10, 1, 0, 1), v4(10, 1, 0, 2)},
        GeneveFrame{"geneve_ethernet_ipv6", false, true, v6("20010db8 000a0000 00000000 00000001"),
                    v6("20010db8 000a0000 00000000 00000002")},
        GeneveFrame{"geneve_ethernet_ipv4_no_vap_address", true, true, v4(0, 0, 0, 0),
                    v4(127, 0, 0, 1)},
        GeneveFrame{"geneve_ethernet_ipv6_no_vap_address", true, true,
                    v6("00000000 00000000 00000000 00000000"),
                    v6("00000000 00000000 00000000 00000001")},
        GeneveFrame{"geneve_ip_ipv4", true, false, v4(10, 1, 0, 1), v4(10, 1, 0, 2)},
        GeneveFrame{"geneve_ip_ipv6", false, false, v6("20010db8 000a0000 00000000 00000001"),
                    v6("20010db8 000a0000 00000000 00000002")},
        GeneveFrame{"geneve_ip_ipv6_in_ipv4", true, false,
                    v6("20010db8 000a0000 00000000 00000001"),
                    v6("20010db8 000a0000 00000000 00000002")}),
    [](const auto& i) { return std::string{i.param.frame}; });

}  // namespace
}  // namespace tocsin::test
