// LSP Ping messages, RFC 8029 3 with the TLV of RFC 5884 6.1.
#include "control/lsp_ping/message.hpp"

#include "messages.hpp"

#include <gtest/gtest.h>

namespace tocsin::test {
namespace {

using namespace control::lsp_ping;

Fault fault_of(const Bytes& octets) {
    Message m;
    const Bytes exact(octets.begin(), octets.end());  // exactly as much heap as there are octets
    return decode(exact, m);
}

Bytes with_tlv(Bytes octets, unsigned type, const Bytes& value) {
    octets.insert(
        octets.end(),
        {static_cast<std::uint8_t>(type >> 8U), static_cast<std::uint8_t>(type),
         static_cast<std::uint8_t>(value.size() >> 8U), static_cast<std::uint8_t>(value.size())});
    octets.insert(octets.end(), value.begin(), value.end());
    octets.resize((octets.size() + 3) / 4 * 4);
    return octets;
}

// req: RFC8029-3-01 RFC8029-3-03 RFC8029-3-05 RFC8029-3-06 RFC8029-6.2-01 RFC5884-6.1-01
// req: RFC5884-9-01 RFC5884-6-04
TEST(LspPingMessage, IsTheGoldenRequest) {
    EXPECT_EQ(encode(request_message()), golden_request());
    Message m;
    ASSERT_EQ(decode(golden_request(), m), Fault::None);
    EXPECT_EQ(m, request_message());
}

// req: RFC8029-3-01 RFC8029-3-03 RFC8029-6.2-01
TEST(LspPingMessage, IsTheGoldenReply) {
    const Message reply{.type = kEchoReply,
                        .return_code = kEgress,
                        .return_subcode = 1,
                        .handle = 0x10203040,
                        .sequence = 1,
                        .sent = 0xe000000080000000U,
                        .received = 0xe000000090000000U,
                        .fecs = {},
                        .discriminator = 0x0d0e0f02};
    EXPECT_EQ(encode(reply), golden_reply());
    Message m;
    ASSERT_EQ(decode(golden_reply(), m), Fault::None);
    EXPECT_EQ(m, reply);
}

// req: RFC8029-4.5-04
TEST(LspPingMessage, TakesAReplyThatRepeatsTheFec) {
    Message reply = request_message();
    reply.type = kEchoReply;
    Message m;
    ASSERT_EQ(decode(encode(reply), m), Fault::None);
    EXPECT_EQ(m, reply);
    reply.fecs.clear();
    ASSERT_EQ(decode(encode(reply), m), Fault::None);
    EXPECT_EQ(m, reply);
}

// req: RFC8029-3.2-01 RFC8029-3-06
TEST(LspPingMessage, CarriesEveryKindOfFec) {
    for (const char* const text :
         {"ldp 203.0.113.2/32", "ldp 2001:db8::2/128", "generic 10.0.0.0/8", "nil 7",
          "rsvp 203.0.113.2 7 198.51.100.1 198.51.100.1 9", "pwid 198.51.100.1 203.0.113.2 7 5"}) {
        Message m = request_message();
        m.fecs = {parse_fec(text).value(), golden_fec()};
        const Bytes octets = encode(m);
        EXPECT_EQ(octets.size() % 4, 0U);
        Message back;
        ASSERT_EQ(decode(octets, back), Fault::None) << text;
        EXPECT_EQ(back, m) << text;
    }
}

// req: RFC8029-3-02
TEST(LspPingMessage, HasOneVersion) {
    for (const unsigned version : {0U, 2U, 256U}) {
        Bytes octets = golden_request();
        put16(octets, 0, version);
        EXPECT_EQ(fault_of(octets), Fault::Version) << version;
    }
}

// req: RFC8029-3-03
TEST(LspPingMessage, IsARequestOrAReply) {
    for (const unsigned type : {0U, 3U, 255U}) {
        Bytes octets = golden_request();
        octets[4] = static_cast<std::uint8_t>(type);
        EXPECT_EQ(fault_of(octets), Fault::Type) << type;
    }
}

// req: RFC8029-3-04
TEST(LspPingMessage, HasAReplyModeOfFour) {
    for (unsigned mode = 0; mode < 256; ++mode) {
        Bytes octets = golden_request();
        octets[5] = static_cast<std::uint8_t>(mode);
        EXPECT_EQ(fault_of(octets), mode >= 1 && mode <= 4 ? Fault::None : Fault::Malformed)
            << mode;
    }
    for (const auto mode : {ReplyMode::None, ReplyMode::Udp, ReplyMode::ControlChannel}) {
        Message m = request_message();
        m.reply_mode = mode;
        EXPECT_EQ(encode(m)[5], static_cast<std::uint8_t>(mode));
    }
}

// req: RFC5884-6.1-02 RFC5884-9-01
TEST(LspPingMessage, HasADiscriminatorOfFourOctetsThatIsNotZero) {
    Message without = request_message();
    without.discriminator = 0;
    const Bytes bare = encode(without);
    EXPECT_EQ(fault_of(bare), Fault::None);
    for (const Bytes& value :
         {Bytes{}, Bytes{1, 2, 3}, Bytes{1, 2, 3, 4, 5}, Bytes(8, 1), Bytes(4, 0)}) {
        EXPECT_EQ(fault_of(with_tlv(bare, 15, value)), Fault::Malformed) << value.size();
    }
    EXPECT_EQ(fault_of(with_tlv(bare, 15, {1, 2, 3, 4})), Fault::None);
    EXPECT_EQ(fault_of(with_tlv(golden_request(), 15, {1, 2, 3, 4})), Fault::Malformed) << "twice";
    for (const unsigned other : {14U, 16U}) {
        Message m;
        EXPECT_EQ(decode(with_tlv(bare, other, {1, 2, 3, 4}), m), Fault::NotUnderstood);
        EXPECT_EQ(m.discriminator, 0U);
    }
}

// req: RFC8029-3-07 RFC8029-4.4-02
TEST(LspPingMessage, IsMalformedWhereALengthDoesNotFit) {
    const Bytes good = golden_request();
    for (const std::size_t at : {34U, 38U, 50U}) {  // of the FEC stack, its sub-TLV, the last TLV
        Bytes octets = good;
        for (const unsigned length : {get16(octets, at) + 1U, 0xffffU}) {
            put16(octets, at, length);
            EXPECT_EQ(fault_of(octets), Fault::Malformed) << at << ' ' << length;
        }
        octets = good;
        put16(octets, at, 0);
        EXPECT_EQ(fault_of(octets), Fault::Malformed) << at;
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
        const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        const Fault fault = fault_of(cut);
        if (size < 32) {
            EXPECT_EQ(fault, Fault::TooShort) << size;
        } else if (size != 48) {  // there the discriminator begins
            EXPECT_EQ(fault, Fault::Malformed) << size;
        }
    }
}

TEST(LspPingMessage, NeedsAFec) {
    Message m = request_message();
    m.fecs.clear();
    EXPECT_EQ(fault_of(encode(m)), Fault::Malformed);
}

// req: RFC8029-3-08 RFC8029-4.4-03
TEST(LspPingMessage, KeepsWhatItDoesNotUnderstandAndMust) {
    for (const unsigned type : {100U, 16384U, 21U, 32767U}) {
        Message m;
        const Bytes octets = with_tlv(golden_request(), type, {1, 2, 3, 4, 5});
        ASSERT_EQ(decode(octets, m), Fault::NotUnderstood) << type;
        EXPECT_EQ(m.errored, Bytes(octets.end() - 12, octets.end())) << "whole, with its padding";
        EXPECT_EQ(m.handle, 0x10203040U);
    }
    for (const unsigned type : {32768U, 40000U, 65535U}) {
        Message m;
        ASSERT_EQ(decode(with_tlv(golden_request(), type, {1, 2, 3, 4, 5}), m), Fault::None);
        EXPECT_EQ(m, request_message()) << type;
    }
    EXPECT_EQ(fault_of(message_of("lsp_ping_request_reverse_path", 46)), Fault::NotUnderstood);
}

// req: RFC8029-6.2-01
TEST(LspPingMessage, NamesItsTlvs) {
    EXPECT_EQ(tlv_name(1), "target_fec_stack");
    EXPECT_EQ(tlv_name(3), "pad");
    EXPECT_EQ(tlv_name(9), "errored_tlvs");
    EXPECT_EQ(tlv_name(10), "reply_tos");
    EXPECT_EQ(tlv_name(15), "bfd_discriminator");
    EXPECT_EQ(tlv_name(21), "reply_path");
    EXPECT_EQ(tlv_name(16384), "bfd_reverse_path");
    EXPECT_EQ(tlv_name(2), "");
}

// req: RFC8029-6.2-01
TEST(LspPingMessage, TakesPadAndReplyTos) {
    Message m;
    ASSERT_EQ(decode(with_tlv(with_tlv(golden_request(), 3, {1, 0, 0}), 10, {0xc0, 0, 0, 0}), m),
              Fault::None);
    EXPECT_EQ(m, request_message());
    EXPECT_EQ(fault_of(with_tlv(golden_request(), 10, {0xc0})), Fault::Malformed);
    EXPECT_EQ(fault_of(with_tlv(golden_request(), 3, {})), Fault::Malformed);
}

// req: RFC8029-4.3-06
TEST(LspPingMessage, CountsTimeAsNtp) {
    EXPECT_EQ(ntp_time(0), std::uint64_t{2'208'988'800} << 32U);
    EXPECT_EQ(ntp_time(1'500'000'000), std::uint64_t{2'208'988'801} << 32U | 0x80000000U);
}

}  // namespace
}  // namespace tocsin::test
