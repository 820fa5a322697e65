// BFD of MPLS LSPs, RFC 5884: frames that are sent, frames that are taken, and why not.
#include "overlay/mpls.hpp"

#include "label_frames.hpp"
#include "overlay/multi_hop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tocsin::test {
namespace {

using overlay::Label;
using overlay::Mpls;

const IpAddress kReturnLoop = v4(127, 44, 55, 66);

struct LspFrame {
    const char* frame;
    std::size_t ip;
    std::size_t udp;
    Mpls::Headers headers;
};

LspFrame lsp4() {
    return {"mpls_lsp_ipv4",
            18,
            38,
            {.link = kToTail,
             .labels = labels({{.value = 16004}}),
             .source = kHead4,
             .destination = kLoop4}};
}
LspFrame lsp6() {
    return {"mpls_lsp_ipv6",
            18,
            58,
            {.link = kToTail,
             .labels = labels({{.value = 16004}}),
             .source = kHead6,
             .destination = kLoop6}};
}
LspFrame lsp_two() {
    LspFrame out = lsp4();
    out.frame = "mpls_lsp_two_labels_inner_ttl_1";
    out.ip = 22;
    out.udp = 42;
    out.headers.labels = labels({{.value = 16004}, {.value = 24001, .ttl = 1}});
    return out;
}

class MplsGolden : public testing::TestWithParam<LspFrame (*)()> {
protected:
    LspFrame lsp = GetParam()();
    Bytes frame = golden(lsp.frame);
    bool is_v4 = lsp.headers.source.is_v4();

    DropReason after(const std::function<void(Bytes&)>& change) {
        frame = changed(lsp.frame, lsp.ip, lsp.udp, change);
        return drop_reason(frame, label_port());
    }
};

// req: RFC5884-4-02 RFC5884-7-01 RFC5884-7-02 RFC5884-7-04 RFC5884-7-08
TEST_P(MplsGolden, IsBuiltOctetByOctet) {
    const overlay::HeaderTemplate t = Mpls::headers(lsp.headers);
    ASSERT_EQ(t.length, frame.size() - 24);
    EXPECT_EQ(completed(t, frame), frame);
}

// req: RFC5884-4-03 RFC5884-7-10
TEST_P(MplsGolden, IsTakenWhereLabelsAreAllowedAlone) {
    const auto out = classified(frame, label_port());
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.type, SessionType::Mpls);
    EXPECT_EQ(out.packet.family, lsp.headers.source.family);
    EXPECT_EQ(out.packet.payload, frame.data() + frame.size() - 24);
    EXPECT_EQ(out.packet.payload_length, 24);
    EXPECT_EQ(out.packet.port, port_in_key(SessionType::Mpls, PortId{7}));
    EXPECT_EQ(out.packet.source, frame.data() + lsp.ip + (is_v4 ? 12 : 8));
    EXPECT_EQ(out.packet.destination, out.packet.source + (is_v4 ? 4 : 16));
    EXPECT_EQ(out.packet.domain, 3);
    EXPECT_EQ(drop_reason(frame), DropReason::NotHandled);
}

// req: RFC5884-4-03 RFC5884-5-01 RFC5884-7-10
TEST_P(MplsGolden, IsTakenWithoutLabelsOrUnderExplicitNull) {
    const auto first = frame.begin() + 14;
    Bytes popped(frame.begin(), first);
    popped.insert(popped.end(), frame.begin() + static_cast<std::ptrdiff_t>(lsp.ip), frame.end());
    put16(popped, 12, is_v4 ? 0x0800 : 0x86dd);
    auto out = classified(popped, label_port());
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.type, SessionType::Mpls);
    EXPECT_NE(drop_reason(popped), DropReason::None) << "no port of labels";

    for (const unsigned null : {0U, 2U}) {
        Bytes explicit_null(frame.begin(), first);
        explicit_null.insert(explicit_null.end(),
                             {0, 0, static_cast<std::uint8_t>(null << 4U | 1U), 64});
        explicit_null.insert(explicit_null.end(),
                             frame.begin() + static_cast<std::ptrdiff_t>(lsp.ip), frame.end());
        out = classified(explicit_null, label_port());
        EXPECT_EQ(out.verdict, overlay::Verdict::Bfd) << null;
        EXPECT_EQ(out.packet.type, SessionType::Mpls);
    }
}

// req: RFC5884-7-09
TEST_P(MplsGolden, TakesAnyTtlUnderALabelThatIsNoMark) {
    for (const unsigned ttl : {1U, 64U, 254U, 255U}) {
        const DropReason reason = after([&](Bytes& f) {
            f[lsp.ip - 1] = 255;
            f[lsp.ip + (is_v4 ? 8 : 7)] = static_cast<std::uint8_t>(ttl);
        });
        EXPECT_EQ(reason, DropReason::None) << ttl;
        EXPECT_EQ(classified(frame, label_port()).packet.type, SessionType::Mpls) << ttl;
    }
}

// An inner TTL of 1 is what ingress and egress may agree upon, RFC 5884 7.
TEST_P(MplsGolden, StaysAPacketOfAnLspUnderAnyMark) {
    EXPECT_EQ(after([&](Bytes& f) { f[lsp.ip - 1] = 1; }), DropReason::None);
    EXPECT_EQ(classified(frame, label_port()).packet.type, SessionType::Mpls);
    Bytes alert = golden(lsp.frame);
    alert.insert(alert.begin() + 14, {0, 0, 0x10, 255});
    EXPECT_EQ(classified(alert, label_port()).packet.type, SessionType::Mpls);
}

TEST_P(MplsGolden, IsForALoopbackAddress) {
    const std::size_t to = lsp.ip + (is_v4 ? 16 : 24);
    EXPECT_EQ(after([&](Bytes& f) { f[to + (is_v4 ? 0 : 12)] = 10; }),
              DropReason::InnerDestination);
}

TEST_P(MplsGolden, TakesNoSourceOfManyOrOurs) {
    const std::size_t from = lsp.ip + (is_v4 ? 12 : 8);
    EXPECT_EQ(after([&](Bytes& f) { f[from] = is_v4 ? 0xe0 : 0xff; }), DropReason::InnerSource);
    const IpAddress own = is_v4 ? kTail4 : v6("20010db8 00020000 00000000 00000002");
    EXPECT_EQ(after([&](Bytes& f) {
                  std::ranges::copy(own.wire(), f.begin() + static_cast<std::ptrdiff_t>(from));
              }),
              DropReason::InnerSource);
}

TEST_P(MplsGolden, NeedsRightLengthsChecksumsAndPort) {
    EXPECT_EQ(after([&](Bytes& f) { f[lsp.ip] = 0x55; }), DropReason::InnerProtocol);
    EXPECT_EQ(after([&](Bytes& f) { f[lsp.ip + (is_v4 ? 9 : 6)] = 6; }), DropReason::InnerNotBfd);
    EXPECT_EQ(after([&](Bytes& f) { put16(f, lsp.udp + 2, 4784); }), DropReason::InnerNotBfd);
    EXPECT_EQ(after([&](Bytes& f) { put16(f, lsp.udp + 2, 3785); }), DropReason::InnerNotBfd);
    frame = golden(lsp.frame);
    frame[lsp.udp + 7] ^= 1;
    EXPECT_EQ(drop_reason(frame, label_port()), DropReason::InnerUdpChecksum);
    frame = golden(lsp.frame);
    put16(frame, lsp.udp + 4, 33);
    EXPECT_EQ(drop_reason(frame, label_port()), DropReason::InnerUdpLength);
    const std::size_t length = lsp.ip + (is_v4 ? 2U : 4U);
    EXPECT_EQ(after([&](Bytes& f) { put16(f, length, get16(f, length) + 1); }),
              DropReason::InnerIpLength);
    if (!is_v4) return;
    frame = golden(lsp.frame);
    frame[lsp.ip + 11] ^= 1;
    EXPECT_EQ(drop_reason(frame, label_port()), DropReason::InnerIpChecksum);
    EXPECT_EQ(after([&](Bytes& f) { put16(f, lsp.ip + 6, 0x2000); }), DropReason::InnerIpFragment);
}

TEST_P(MplsGolden, IsNothingWhereverItIsCutOff) {
    for (std::size_t size = 14; size < frame.size(); ++size) {
        const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(drop_reason(cut, label_port()), DropReason::None) << size;
    }
    for (std::size_t size = 14; size <= lsp.ip; ++size) {
        const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(drop_reason(cut, label_port()), DropReason::LabelStack) << size;
    }
}

TEST_P(MplsGolden, MayBePaddedAndTagged) {
    Bytes longer = frame;
    longer.resize(frame.size() + 9, 0xa5);
    EXPECT_EQ(classified(longer, label_port()).packet.payload_length, 24);
    Mpls::Headers h = lsp.headers;
    h.link.tags = {.size = 1, .tags = {{{overlay::kEtherTypeVlan, overlay::tci(6, 0)}, {}}}};
    EXPECT_EQ(drop_reason(completed(Mpls::headers(h), frame), label_port()), DropReason::None);
    h.link.tags.tags[0].tci = overlay::tci(6, 100);
    EXPECT_EQ(drop_reason(completed(Mpls::headers(h), frame), label_port()),
              DropReason::VlanUnknown);
}

INSTANTIATE_TEST_SUITE_P(Frames, MplsGolden, testing::Values(&lsp4, &lsp6, &lsp_two),
                         [](const auto& i) { return std::string{i.param().frame}; });

// req: RFC5884-7-16 RFC5884-7-18
TEST(MplsReturn, IsBuiltLabelled) {
    const Bytes frame = golden("mpls_lsp_return_labelled");
    const overlay::HeaderTemplate t = Mpls::headers({.link = {.source_mac = kToTail.destination_mac,
                                                              .destination_mac = kToTail.source_mac,
                                                              .tags = {}},
                                                     .labels = labels({{.value = 2001}}),
                                                     .source = kTail4,
                                                     .destination = kReturnLoop});
    EXPECT_EQ(completed(t, frame), frame);
}

// req: RFC5884-7-12 RFC5884-7-14
TEST(MplsReturn, IsAMultihopPacketWhenRouted) {
    const Bytes frame = golden("mpls_lsp_return_routed");
    const overlay::HeaderTemplate t =
        overlay::multi_hop_headers({.source_mac = kToTail.destination_mac,
                                    .destination_mac = kToTail.source_mac,
                                    .source = kTail4,
                                    .destination = kHead4});
    EXPECT_EQ(completed(t, frame), frame);
}

TEST(MplsHeaders, AreTheIpPacketAloneBehindThePenultimateHop) {
    Mpls::Headers h = lsp4().headers;
    h.labels = {};
    const overlay::HeaderTemplate t = Mpls::headers(h);
    EXPECT_EQ(t.length, 14 + 20 + 8);
    EXPECT_EQ(t.octets[12], 0x08);
    EXPECT_EQ(t.octets[13], 0x00);
}

TEST(MplsHeaders, AreNoneWhenFamiliesDiffer) {
    Mpls::Headers h = lsp4().headers;
    h.destination = kLoop6;
    EXPECT_EQ(Mpls::headers(h).length, 0);
}

TEST(MplsHeaders, TheLongestFit) {
    Mpls::Headers h = lsp6().headers;
    h.link.tags = {.size = 2, .tags = {}};
    h.labels = {};
    while (h.labels.push({.value = 0xfffff, .tc = 7, .ttl = 9})) {
    }
    const overlay::HeaderTemplate t = Mpls::headers(h);
    ASSERT_EQ(t.length, 14 + 8 + 8 * 4 + 40 + 8);
    EXPECT_EQ(t.octets[22], 0xff);
    EXPECT_EQ(t.octets[24], 0xfe) << "not the last";
    EXPECT_EQ(t.octets[25], 9);
    EXPECT_EQ(t.octets[22 + 28 + 2], 0xff) << "the last";
}

// RFC 3032 2.1: a stack ends somewhere, and nobody asks where for ever.
TEST(MplsLabels, AreLookedAtToADepth) {
    const Bytes ip = [] {
        const Bytes frame = golden("mpls_lsp_ipv4");
        return Bytes(frame.begin() + 18, frame.end());
    }();
    for (const std::size_t depth : {1U, 2U, 15U, 16U, 17U, 40U}) {
        const Bytes whole = golden("mpls_lsp_ipv4");
        Bytes frame(whole.begin(), whole.begin() + 14);
        for (std::size_t i = 0; i < depth; ++i) {
            const bool last = i + 1 == depth;
            frame.insert(frame.end(), {1, 0, static_cast<std::uint8_t>(last ? 1 : 0), 255});
        }
        frame.insert(frame.end(), ip.begin(), ip.end());
        EXPECT_EQ(drop_reason(frame, label_port()),
                  depth <= 16 ? DropReason::None : DropReason::LabelStack)
            << depth;
    }
}

TEST(MplsLabels, DataOfAPseudowireIsNotLookedInto) {
    Bytes frame = golden("mpls_lsp_ipv4");
    frame[18] = 0;
    EXPECT_EQ(drop_reason(frame, label_port()), DropReason::NotHandled);
}

// req: RFC8029-4.3-01 RFC8029-4.4-01
TEST(LspPingFrames, GoTheSlowWay) {
    for (const char* const request : {"lsp_ping_request", "lsp_ping_request_reverse_path"}) {
        const Bytes frame = golden(request);
        EXPECT_EQ(classified(frame, label_port()).verdict, overlay::Verdict::Punt);
        EXPECT_EQ(drop_reason(frame), DropReason::NotHandled);
        Bytes alert = frame;
        alert.insert(alert.begin() + 14, {0, 0, 0x10, 255});
        EXPECT_EQ(classified(alert, label_port()).verdict, overlay::Verdict::Punt);
        Bytes ttl = frame;
        ttl[17] = 1;
        EXPECT_EQ(classified(ttl, label_port()).verdict, overlay::Verdict::Punt);
        Bytes popped(frame.begin(), frame.begin() + 14);
        popped.insert(popped.end(), frame.begin() + 18, frame.end());
        put16(popped, 12, 0x0800);
        EXPECT_EQ(classified(popped, label_port()).verdict, overlay::Verdict::Punt);
        // The option of RFC 2113, which RFC 9570 deprecates.
        Bytes option = popped;
        option[14] = 0x46;
        put16(option, 16, get16(option, 16) + 4);
        option.insert(option.begin() + 34, {0x94, 0x04, 0, 0});
        fix_checksums_at(option, 14, 38);
        EXPECT_EQ(classified(option, label_port()).verdict, overlay::Verdict::Punt);
    }
}

TEST(LspPingFrames, RepliesToUsGoTheSlowWay) {
    const Bytes frame = golden("lsp_ping_reply");
    overlay::PortContext port = label_port();
    port.mac = kToTail.source_mac;
    port.addresses = {};
    port.addresses.add(kHead4);
    EXPECT_EQ(classified(frame, port).verdict, overlay::Verdict::Punt);
    port.mpls = false;
    EXPECT_EQ(drop_reason(frame, port), DropReason::NotHandled);
}

TEST(LspPingFrames, ABrokenOneIsDropped) {
    Bytes frame = golden("lsp_ping_request");
    frame[60] ^= 1;
    EXPECT_EQ(drop_reason(frame, label_port()), DropReason::InnerUdpChecksum);
}

}  // namespace
}  // namespace tocsin::test
