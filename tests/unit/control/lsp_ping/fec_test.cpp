// Target FECs as people write them and as messages carry them, RFC 8029 3.2.
#include "control/lsp_ping/fec.hpp"

#include "hex_frame.hpp"

#include <gtest/gtest.h>

namespace tocsin::test {
namespace {

using namespace control::lsp_ping;

struct Known {
    const char* text;
    std::uint16_t type;
    const char* octets;
};
constexpr Known kKnown[]{
    {"ldp 203.0.113.2/32", 1, "cb007102 20"},
    {"ldp 2001:db8::2/128", 2, "20010db8 00000000 00000000 00000002 80"},
    {"rsvp 203.0.113.2 7 198.51.100.1 198.51.100.1 9", 3,
     "cb007102 00000007 c6336401 c6336401 00000009"},
    {"rsvp 2001:db8::2 7 2001:db8::1 2001:db8::1 9", 4,
     "20010db8 00000000 00000000 00000002 00000007 20010db8 00000000 00000000 00000001"
     "20010db8 00000000 00000000 00000001 00000009"},
    {"pwid 198.51.100.1 203.0.113.2 4000000000 5", 10, "c6336401 cb007102 ee6b2800 0005"},
    {"generic 10.1.0.0/16", 14, "0a010000 10"},
    {"generic 2001:db8::/32", 15, "20010db8 00000000 00000000 00000000 20"},
    {"nil 16004", 16, "03e84000"},
};

// req: RFC8029-3.2-01
TEST(LspPingFec, HasOneFormForPeopleAndOneForMessages) {
    for (const Known& k : kKnown) {
        const auto fec = parse_fec(k.text);
        ASSERT_TRUE(fec) << k.text << ": " << fec.error().message;
        EXPECT_EQ(fec.value().type, k.type);
        EXPECT_EQ(fec.value().value, from_hex(k.octets)) << k.text;
        EXPECT_EQ(fec.value().value.size(), fec_length(k.type));
        EXPECT_EQ(to_string(fec.value()), k.text);
    }
}

TEST(LspPingFec, IsAWholePrefixWithoutALength) {
    EXPECT_EQ(parse_fec("ldp 203.0.113.2").value(), parse_fec("ldp 203.0.113.2/32").value());
    EXPECT_EQ(parse_fec("ldp 203.0.113.2/24").value(), parse_fec("ldp 203.0.113.0/24").value())
        << "what lies behind the prefix does not count";
}

TEST(LspPingFec, SaysWhatIsAccepted) {
    for (const char* const text :
         {"", "ldp", "ldp 203.0.113.2/33", "ldp 2001:db8::/129", "ldp x/3", "ldp 203.0.113.2/",
          "rsvp 203.0.113.2 65536 198.51.100.1 198.51.100.1 9",
          "rsvp 203.0.113.2 7 2001:db8::1 198.51.100.1 9", "pwid 2001:db8::1 203.0.113.2 1 5",
          "nil 1048576", "nil -1", "bgp 203.0.113.2/32", "ldp 203.0.113.2/32 more"}) {
        const auto fec = parse_fec(text);
        ASSERT_FALSE(fec) << text;
        EXPECT_NE(fec.error().message.find("ldp PREFIX"), std::string::npos);
    }
}

TEST(LspPingFec, OfATypeThatIsNotKnownIsShownInHex) {
    EXPECT_EQ(to_string(Fec{.type = 99, .value = {1, 0xab}}), "type 99 01ab");
    EXPECT_EQ(to_string(Fec{.type = kLdpIpv4, .value = {1}}), "type 1 01");
}

}  // namespace
}  // namespace tocsin::test
