// What an egress does with Echo requests: RFC 8029 4.4 and 5, RFC 5884 6, RFC 7726 2.1.
#include "control/lsp_ping/responder.hpp"

#include "messages.hpp"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

namespace tocsin::test {
namespace {

using namespace control::lsp_ping;
using namespace std::chrono_literals;

const IpAddress kIngress = ip_address(Bytes{198, 51, 100, 1});

class Sessions : public EgressSessions {
public:
    std::uint32_t session(const EgressFec& fec, const IpAddress& ingress,
                          std::uint32_t remote_discr) override {
        ++asked;
        if (refuse) return 0;
        const auto [it, fresh] = known.try_emplace(std::tuple{fec.fec, ingress, remote_discr},
                                                   static_cast<std::uint32_t>(known.size() + 100));
        return it->second;
    }
    std::map<std::tuple<Fec, IpAddress, std::uint32_t>, std::uint32_t> known;
    bool refuse = false;
    int asked = 0;
};

class LspPingResponder : public testing::Test {
protected:
    LspPingResponder() {
        responder.set({.fecs = {{.fec = golden_fec(), .label = 16004}},
                       .allow = {{ip_address(Bytes{198, 51, 100, 0}), 24}},
                       .requests_per_second = 10});
    }
    Outcome receive(const Bytes& octets, const IpAddress& source = kIngress,
                    std::vector<std::uint32_t> labels = {16004}) {
        reply.reset();
        return responder.on_request(
            {.octets = octets, .source = source, .labels = labels, .at_ntp = 4242}, now, reply);
    }
    Outcome receive(const Message& m) { return receive(encode(m)); }

    Sessions sessions;
    Responder responder{sessions};
    Instant now{10s};
    std::optional<Message> reply;
};

// req: RFC5884-6-09 RFC8029-4.4-04 RFC8029-4.5-01 RFC8029-4.5-03 RFC8029-4.5-05 RFC8029-3.2-02
TEST_F(LspPingResponder, AnswersAsTheEgressOfItsFec) {
    ASSERT_EQ(receive(golden_request()), Outcome::Answered);
    ASSERT_TRUE(reply);
    EXPECT_EQ(*reply, (Message{.type = kEchoReply,
                               .return_code = kEgress,
                               .return_subcode = 1,
                               .handle = 0x10203040,
                               .sequence = 1,
                               .sent = 0xe000000080000000U,
                               .received = 4242,
                               .fecs = {},
                               .discriminator = 100}));
}

// req: RFC7726-2.1-04 RFC7726-2.1-05 RFC7726-2.1-09
TEST_F(LspPingResponder, MakesASessionForEachDiscriminatorOfAnIngress) {
    for (int i = 0; i < 5; ++i) {
        receive(golden_request());
        EXPECT_EQ(reply->discriminator, 100U);
    }
    EXPECT_EQ(sessions.known.size(), 1U);
    Message second = request_message();
    second.discriminator = 0x0a0b0c02;
    receive(second);
    EXPECT_EQ(reply->discriminator, 101U);
    receive(golden_request(), ip_address(Bytes{198, 51, 100, 9}));
    EXPECT_EQ(reply->discriminator, 102U) << "another ingress, the same number";
}

// req: RFC5884-6-07 RFC7726-2.1-03 RFC7726-2.1-06 RFC8029-3.2-02
TEST_F(LspPingResponder, MakesNoneWhenTheFecIsNotOurs) {
    Message m = request_message();
    m.fecs = {parse_fec("ldp 203.0.113.3/32").value()};
    EXPECT_EQ(receive(m), Outcome::NoMapping);
    EXPECT_EQ(reply->return_code, 4);
    EXPECT_EQ(reply->return_subcode, 1);
    EXPECT_EQ(reply->discriminator, 0U);
    m.fecs = {parse_fec("generic 203.0.113.2/32").value()};
    EXPECT_EQ(receive(m), Outcome::NoMapping);
    EXPECT_EQ(receive(golden_request(), kIngress, {16005}), Outcome::LabelMismatch);
    EXPECT_EQ(reply->return_code, 10);
    EXPECT_EQ(sessions.asked, 0);
}

TEST_F(LspPingResponder, TakesAnyLabelThatSaysNothing) {
    for (const auto& labels : std::vector<std::vector<std::uint32_t>>{{}, {0}, {2}, {16, 16004}}) {
        EXPECT_EQ(receive(golden_request(), kIngress, labels), Outcome::Answered);
    }
    responder.set({.fecs = {{.fec = golden_fec(), .label = std::nullopt}},
                   .allow = responder.settings().allow});
    EXPECT_EQ(receive(golden_request(), kIngress, {777}), Outcome::Answered);
}

// req: RFC8029-4.5-05 RFC8029-3.2-02
TEST_F(LspPingResponder, LooksAtEveryFecOfAStack) {
    const Fec outer = parse_fec("generic 192.0.2.2/32").value();
    Message m = request_message();
    m.fecs.insert(m.fecs.begin(), outer);
    EXPECT_EQ(receive(m), Outcome::NoMapping);
    EXPECT_EQ(reply->return_subcode, 2) << "counted from the bottom";
    responder.set({.fecs = {{.fec = golden_fec(), .label = 24001}, {.fec = outer, .label = 16004}},
                   .allow = responder.settings().allow});
    EXPECT_EQ(receive(encode(m), kIngress, {16004, 24001}), Outcome::Answered);
    EXPECT_EQ(reply->return_code, kEgress);
    EXPECT_EQ(reply->return_subcode, 1);
    EXPECT_EQ(receive(encode(m), kIngress, {16005, 24001}), Outcome::LabelMismatch);
    EXPECT_EQ(reply->return_subcode, 2);
}

// req: RFC8029-4.5-01 RFC5884-6-09
TEST_F(LspPingResponder, DoesWhatIsAskedWithoutAReplyWhereNoneIsWanted) {
    Message m = request_message();
    m.reply_mode = ReplyMode::None;
    EXPECT_EQ(receive(m), Outcome::Answered);
    EXPECT_FALSE(reply);
    EXPECT_EQ(sessions.known.size(), 1U);
    m.reply_mode = ReplyMode::ControlChannel;
    EXPECT_EQ(receive(m), Outcome::Answered);
    EXPECT_FALSE(reply) << "there is no such channel here";
    m.reply_mode = ReplyMode::UdpRouterAlert;
    EXPECT_EQ(receive(m), Outcome::Answered);
    EXPECT_TRUE(reply);
}

TEST_F(LspPingResponder, MakesNoSessionWithoutADiscriminator) {
    Message m = request_message();
    m.discriminator = 0;
    EXPECT_EQ(receive(m), Outcome::Answered);
    EXPECT_EQ(reply->return_code, kEgress);
    EXPECT_EQ(sessions.asked, 0);
}

// req: RFC7726-2.1-07 RFC7726-2.1-08
TEST_F(LspPingResponder, DropsARequestWhoseSessionIsRefused) {
    sessions.refuse = true;
    EXPECT_EQ(receive(golden_request()), Outcome::Refused);
    EXPECT_FALSE(reply);
}

// req: RFC8029-4.4-02 RFC5884-6.1-02
TEST_F(LspPingResponder, SaysWhatIsMalformed) {
    Bytes octets = golden_request();
    put16(octets, 38, 99);
    EXPECT_EQ(receive(octets), Outcome::Malformed);
    EXPECT_EQ(reply->return_code, kMalformed);
    EXPECT_EQ(reply->return_subcode, 0);
    octets[5] = 1;
    EXPECT_EQ(receive(octets), Outcome::Malformed);
    EXPECT_FALSE(reply) << "no reply is wanted";
    EXPECT_EQ(sessions.asked, 0);
}

// req: RFC8029-4.4-03 RFC8029-3-08
TEST_F(LspPingResponder, SaysWhatItDoesNotUnderstand) {
    Bytes octets = golden_request();
    const Bytes tlv{0, 100, 0, 1, 7, 0, 0, 0};
    octets.insert(octets.end(), tlv.begin(), tlv.end());
    EXPECT_EQ(receive(octets), Outcome::NotUnderstood);
    EXPECT_EQ(reply->return_code, kTlvNotUnderstood);
    EXPECT_EQ(reply->errored, tlv);
    EXPECT_EQ(sessions.asked, 0);
}

// req: RFC8029-3-02 RFC8029-3-03
TEST_F(LspPingResponder, AnswersNothingElse) {
    Bytes octets = golden_request();
    put16(octets, 0, 2);
    EXPECT_EQ(receive(octets), Outcome::Version);
    EXPECT_FALSE(reply);
    EXPECT_EQ(receive(golden_reply()), Outcome::NotARequest);
    EXPECT_FALSE(reply);
    octets = golden_request();
    octets[4] = 3;
    EXPECT_EQ(receive(octets), Outcome::NotARequest);
    octets.resize(31);
    EXPECT_EQ(receive(octets), Outcome::TooShort);
    EXPECT_EQ(sessions.asked, 0);
}

// req: RFC8029-5-02 RFC7726-2.1-07
TEST_F(LspPingResponder, AnswersOnlyWhereItMay) {
    EXPECT_EQ(receive(golden_request(), ip_address(Bytes{198, 51, 101, 1})), Outcome::Source);
    EXPECT_FALSE(reply);
    responder.set({});
    EXPECT_EQ(receive(golden_request()), Outcome::Source) << "nobody, when nothing is configured";
    EXPECT_EQ(sessions.asked, 0);
}

// req: RFC8029-5-01
TEST_F(LspPingResponder, LooksAtSoManyRequestsASecond) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(receive(golden_request()), Outcome::Answered) << i;
    EXPECT_EQ(receive(golden_request()), Outcome::RateLimit);
    EXPECT_FALSE(reply);
    now += 100ms;
    EXPECT_EQ(receive(golden_request()), Outcome::Answered);
    EXPECT_EQ(receive(golden_request()), Outcome::RateLimit);
    now += 1h;
    for (int i = 0; i < 10; ++i) EXPECT_EQ(receive(golden_request()), Outcome::Answered) << i;
    EXPECT_EQ(receive(golden_request()), Outcome::RateLimit);
    EXPECT_EQ(receive(golden_request(), ip_address(Bytes{10, 0, 0, 1})), Outcome::Source)
        << "strangers use up nothing";
}

}  // namespace
}  // namespace tocsin::test
