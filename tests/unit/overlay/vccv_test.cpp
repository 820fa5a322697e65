// BFD of pseudowires, RFC 5885: frames that are sent, frames that are taken, and why not.
#include "overlay/vccv.hpp"

#include "label_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tocsin::test {
namespace {

using overlay::ControlChannel;
using overlay::Vccv;

constexpr std::uint32_t kPwLabel = 300;

struct PwFrame {
    const char* frame;
    std::size_t bottom;  ///< of the label stack
    std::size_t ip;      ///< 0: none
    std::size_t udp;
    ControlChannel channel;
    bool control_word;
    bool is_v4 = true;

    [[nodiscard]] Vccv::Headers headers() const {
        Vccv::Headers h{.link = kToTail,
                        .tunnel = labels({{.value = 16004}}),
                        .pseudowire = {.value = kPwLabel},
                        .channel = channel,
                        .control_word = control_word};
        if (ip != 0) {
            h.source = is_v4 ? kHead4 : kHead6;
            h.destination = is_v4 ? kLoop4 : kLoop6;
        }
        return h;
    }
    [[nodiscard]] AddressFamily family() const {
        if (ip == 0) return AddressFamily::None;
        return is_v4 ? AddressFamily::V4 : AddressFamily::V6;
    }
};

class VccvGolden : public testing::TestWithParam<PwFrame> {
protected:
    Bytes frame = golden(GetParam().frame);

    DropReason after(const std::function<void(Bytes&)>& change) {
        frame = changed(GetParam().frame, GetParam().ip, GetParam().udp, change);
        return drop_reason(frame, label_port());
    }
    [[nodiscard]] std::size_t ach() const { return GetParam().bottom + 4; }
};

// req: RFC5885-3.1-04 RFC5885-3.2-01 RFC5885-3.2-05 RFC5885-3.2-07 RFC5885-3.2-10 RFC5885-3.2-12
// req: RFC5885-3.2-16 RFC5885-3.2-17 RFC5885-3.3-09 RFC5885-3.3-10 RFC5885-5.2-01 RFC5884-7-03
TEST_P(VccvGolden, IsBuiltOctetByOctet) {
    const overlay::HeaderTemplate t = Vccv::headers(GetParam().headers());
    ASSERT_EQ(t.length, frame.size() - 24);
    EXPECT_EQ(completed(t, frame), frame);
    EXPECT_EQ(t.udp_offset == 0, GetParam().ip == 0);
}

// req: RFC5885-3.1-05
TEST_P(VccvGolden, IsTakenForThePseudowireOfItsLabel) {
    const auto out = classified(frame, label_port());
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.type, SessionType::Vccv);
    EXPECT_EQ(out.packet.family, GetParam().family());
    EXPECT_EQ(out.packet.instance,
              Vccv::identity(kPwLabel, GetParam().channel, GetParam().control_word));
    EXPECT_EQ(out.packet.payload, frame.data() + frame.size() - 24);
    EXPECT_EQ(out.packet.payload_length, 24);
    EXPECT_EQ(out.packet.ttl, 255);
    EXPECT_EQ(out.packet.port, port_in_key(SessionType::Vccv, PortId{7}));
    EXPECT_EQ(drop_reason(frame), DropReason::NotHandled) << "no port of labels";
}

TEST_P(VccvGolden, TellsPseudowiresApart) {
    const std::size_t label =
        GetParam().bottom - (GetParam().channel == ControlChannel::Gal ? 4 : 0);
    ASSERT_EQ(after([&](Bytes& f) { f[label] = 0x10; }), DropReason::None);
    EXPECT_EQ(classified(frame, label_port()).packet.instance & 0xfffffU, 0x10000U | kPwLabel);
}

TEST_P(VccvGolden, NeedsNoTunnelLabel) {
    frame.erase(frame.begin() + 14, frame.begin() + 18);
    const auto out = classified(frame, label_port());
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.instance,
              Vccv::identity(kPwLabel, GetParam().channel, GetParam().control_word));
}

// req: RFC5885-3.2-18
TEST_P(VccvGolden, NeedsAChannelHeaderOfThisVersion) {
    if (!GetParam().control_word) return;
    EXPECT_EQ(after([&](Bytes& f) { f[ach()] = 0x11; }), DropReason::ChannelHeader);
    EXPECT_EQ(after([&](Bytes& f) { f[ach() + 1] = 0xff; }), DropReason::None) << "reserved";
    const bool gal = GetParam().channel == ControlChannel::Gal;
    EXPECT_EQ(after([&](Bytes& f) { f[ach()] = 0x00; }),
              gal ? DropReason::ChannelHeader : DropReason::NotHandled);
}

// req: RFC5885-3.2-13
TEST_P(VccvGolden, NeedsAKnownChannelType) {
    if (!GetParam().control_word) return;
    for (const unsigned type : {0U, 8U, 0x13U, 0x22U, 0x23U, 0x7fffU}) {
        EXPECT_EQ(after([&](Bytes& f) { put16(f, ach() + 2, type); }), DropReason::ChannelType)
            << type;
    }
    // Another payload than the type says.
    if (GetParam().ip != 0) {
        EXPECT_EQ(after([&](Bytes& f) { put16(f, ach() + 2, GetParam().is_v4 ? 0x57 : 0x21); }),
                  DropReason::InnerIpHeader);
    } else {
        EXPECT_NE(after([&](Bytes& f) { put16(f, ach() + 2, 0x21); }), DropReason::None);
    }
}

// req: RFC5885-3.2-08 RFC5885-7-01
TEST_P(VccvGolden, NeedsATtlOf255) {
    if (GetParam().ip == 0 || !GetParam().control_word) return;
    const std::size_t ttl = GetParam().ip + (GetParam().is_v4 ? 8U : 7U);
    for (const unsigned v : {0U, 1U, 254U}) {
        EXPECT_EQ(after([&](Bytes& f) { f[ttl] = static_cast<std::uint8_t>(v); }),
                  DropReason::InnerTtl)
            << v;
    }
}

// req: RFC5885-3.2-08
TEST_P(VccvGolden, IsAnotherSessionsWithoutChannelHeaderAndTtl255) {
    if (GetParam().ip == 0 || GetParam().control_word) return;
    EXPECT_EQ(after([&](Bytes& f) { f[GetParam().ip + 8] = 254; }), DropReason::None);
    EXPECT_EQ(classified(frame, label_port()).packet.type, SessionType::Mpls);
}

// req: RFC5885-3.2-02
TEST_P(VccvGolden, NeedsTheProtocolAndPortOfBfd) {
    if (GetParam().ip == 0) return;
    const PwFrame& p = GetParam();
    EXPECT_EQ(after([&](Bytes& f) { put16(f, p.udp + 2, 3503); }), DropReason::InnerNotBfd);
    EXPECT_EQ(after([&](Bytes& f) { put16(f, p.udp + 2, 4784); }), DropReason::InnerNotBfd);
    EXPECT_EQ(after([&](Bytes& f) { f[p.ip + (p.is_v4 ? 9 : 6)] = p.is_v4 ? 1 : 58; }),
              DropReason::InnerNotBfd);
    EXPECT_EQ(after([&](Bytes& f) { f[p.ip + (p.is_v4 ? 16 : 36)] = 10; }),
              DropReason::InnerDestination);
    EXPECT_EQ(after([&](Bytes& f) { f[p.ip + (p.is_v4 ? 12 : 8)] = p.is_v4 ? 0xe0 : 0xff; }),
              DropReason::InnerSource);
    frame = golden(p.frame);
    frame[p.udp + 7] ^= 1;
    EXPECT_EQ(drop_reason(frame, label_port()), DropReason::InnerUdpChecksum);
}

// req: RFC5885-3.2-14
TEST_P(VccvGolden, EndsWhereBfdSaysAndNotWithTheFrame) {
    for (const std::size_t more : {1U, 10U, 36U}) {
        Bytes longer = frame;
        longer.resize(frame.size() + more, 0xa5);
        const auto out = classified(longer, label_port());
        ASSERT_EQ(out.verdict, overlay::Verdict::Bfd);
        EXPECT_EQ(out.packet.payload_length, 24) << more;
    }
    if (GetParam().ip != 0) return;
    // A Length beyond the frame is for the engine to judge.
    Bytes wrong = frame;
    wrong[frame.size() - 24 + 3] = 25;
    EXPECT_EQ(classified(wrong, label_port()).packet.payload_length, 24);
    Bytes signed_one = frame;
    signed_one[frame.size() - 24 + 3] = 52;
    signed_one.resize(frame.size() + 40);
    EXPECT_EQ(classified(signed_one, label_port()).packet.payload_length, 52);
}

TEST_P(VccvGolden, IsNothingWhereverItIsCutOff) {
    for (std::size_t size = 14; size < frame.size(); ++size) {
        const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(drop_reason(cut, label_port()), DropReason::None) << size;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Frames, VccvGolden,
    testing::Values(PwFrame{"vccv_cc1_cv04_ipv4", 18, 26, 46, ControlChannel::Ach, true},
                    PwFrame{"vccv_cc1_cv08_ipv6", 18, 26, 66, ControlChannel::Ach, true, false},
                    PwFrame{"vccv_cc1_cv10_raw", 18, 0, 0, ControlChannel::Ach, true},
                    PwFrame{"vccv_cc1_cv20_raw_status", 18, 0, 0, ControlChannel::Ach, true},
                    PwFrame{"vccv_cc2_cv10_raw", 22, 0, 0, ControlChannel::RouterAlert, true},
                    PwFrame{"vccv_cc2_cv04_ipv4_no_cw", 22, 26, 46, ControlChannel::RouterAlert,
                            false},
                    PwFrame{"vccv_cc3_cv10_raw", 18, 0, 0, ControlChannel::Ttl, true},
                    PwFrame{"vccv_cc3_cv04_ipv4_no_cw", 18, 22, 42, ControlChannel::Ttl, false},
                    PwFrame{"vccv_cc4_gal_raw", 22, 0, 0, ControlChannel::Gal, true}),
    [](const auto& i) { return std::string{i.param.frame}; });

TEST(VccvPadded, IsTakenAtTheLeastLengthOfEthernet) {
    const auto out = classified(golden("vccv_cc1_cv10_raw_padded"), label_port());
    ASSERT_EQ(out.verdict, overlay::Verdict::Bfd) << name(out.reason);
    EXPECT_EQ(out.packet.payload_length, 24);
    EXPECT_EQ(out.packet.instance, Vccv::identity(kPwLabel, ControlChannel::Ach, true));
}

// RFC 5586: the channel of an LSP.
TEST(GalOfAnLsp, IsFoundByItsLabelAndWithIpAsAnLsp) {
    const auto raw = classified(golden("gal_ach_raw"), label_port());
    ASSERT_EQ(raw.verdict, overlay::Verdict::Bfd) << name(raw.reason);
    EXPECT_EQ(raw.packet.type, SessionType::Vccv);
    EXPECT_EQ(raw.packet.instance, Vccv::identity(16004, ControlChannel::Gal, true));
    const Bytes frame = golden("gal_ach_raw");
    Vccv::Headers h{
        .link = kToTail, .pseudowire = {.value = 16004}, .channel = ControlChannel::Gal};
    EXPECT_EQ(completed(Vccv::headers(h), frame), frame);
    const auto ip = classified(golden("gal_ach_ipv4"), label_port());
    ASSERT_EQ(ip.verdict, overlay::Verdict::Bfd) << name(ip.reason);
    EXPECT_EQ(ip.packet.type, SessionType::Mpls);
}

TEST(VccvIdentity, TellsMarksApart) {
    const std::uint32_t ach = Vccv::identity(300, ControlChannel::Ach, true);
    EXPECT_EQ(ach, 300U);
    EXPECT_EQ(Vccv::identity(300, ControlChannel::Ttl, true), ach) << "alike on the wire";
    EXPECT_NE(Vccv::identity(300, ControlChannel::RouterAlert, true), ach);
    EXPECT_NE(Vccv::identity(300, ControlChannel::Gal, true), ach);
    EXPECT_NE(Vccv::identity(300, ControlChannel::Ttl, false), ach);
    EXPECT_NE(Vccv::identity(301, ControlChannel::Ach, true), ach);
}

// req: RFC5885-3.2-11 RFC5885-3.3-08
TEST(VccvHeaders, AreNoneWithoutTheHeaderThatTheyNeed) {
    Vccv::Headers h{.link = kToTail, .pseudowire = {.value = 300}, .control_word = false};
    for (const auto channel : {ControlChannel::Ach, ControlChannel::RouterAlert,
                               ControlChannel::Ttl, ControlChannel::Gal}) {
        h.channel = channel;
        EXPECT_EQ(Vccv::headers(h).length, 0) << "raw";
    }
    h.source = kHead4;
    h.destination = kLoop4;
    h.channel = ControlChannel::Ach;
    EXPECT_EQ(Vccv::headers(h).length, 0);
    h.channel = ControlChannel::Gal;
    EXPECT_EQ(Vccv::headers(h).length, 0);
    h.channel = ControlChannel::Ttl;
    EXPECT_NE(Vccv::headers(h).length, 0);
    h.destination = kLoop6;
    EXPECT_EQ(Vccv::headers(h).length, 0);
}

TEST(VccvHeaders, AreNoneWhenTheLabelsDoNotFit) {
    Vccv::Headers h{.link = kToTail, .pseudowire = {.value = 300}};
    while (h.tunnel.size < 7) h.tunnel.push({.value = 16});
    EXPECT_NE(Vccv::headers(h).length, 0);
    h.channel = ControlChannel::RouterAlert;
    EXPECT_EQ(Vccv::headers(h).length, 0);
}

}  // namespace
}  // namespace tocsin::test
