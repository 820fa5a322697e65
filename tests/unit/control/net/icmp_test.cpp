#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

class Echo : public StackFixture {
protected:
    Echo() { settle(); }
};

void fix_ipv4(Bytes& frame) {
    const std::size_t header = (frame[14] & 15U) * 4U;
    put16(frame, 24, 0);
    const auto begin = frame.begin() + 14;
    put16(frame, 24,
          0xffffU ^ reference_sum(Bytes(begin, begin + static_cast<std::ptrdiff_t>(header))));
}

struct Echo4 {
    std::string source = "192.0.2.2";
    std::string destination = "192.0.2.1";
    std::size_t payload = 56;
    std::uint8_t type = 8;
    std::uint8_t code = 0;
    std::uint8_t ttl = 17;
    MacAddress to = kOwn;
    MacAddress from = kPeer;
    Bytes options{};
    unsigned tos = 0;
};

Bytes echo4(const Echo4& e) {
    Bytes out = ethernet(e.to, e.from, 0x0800);
    append16(out, (0x45U + static_cast<unsigned>(e.options.size()) / 4) << 8U | e.tos);
    append16(out, static_cast<unsigned>(28 + e.options.size() + e.payload));
    append(out, from_hex("0000 4000"));
    out.push_back(e.ttl);
    out.push_back(1);
    append16(out, 0);
    append(out, ip(e.source).wire());
    append(out, ip(e.destination).wire());
    append(out, e.options);
    fix_ipv4(out);
    Bytes message{e.type, e.code, 0, 0, 0x12, 0x34, 0x00, 0x07};
    for (std::size_t i = 0; i < e.payload; ++i) message.push_back(static_cast<std::uint8_t>(i * 7));
    put16(message, 2, 0xffffU ^ reference_sum(message));
    append(out, message);
    return out;
}

Bytes reply4(std::size_t payload) {
    return echo4({.source = "192.0.2.1",
                  .destination = "192.0.2.2",
                  .payload = payload,
                  .type = 0,
                  .ttl = 64,
                  .to = kPeer,
                  .from = kOwn});
}

TEST_F(Echo, AnswersEverySizeThatFitsAFrame) {
    for (const std::size_t payload : {0U, 1U, 2U, 55U, 56U, 1472U, 1993U, 1994U}) {
        receive(echo4({.payload = payload}));
        ASSERT_EQ(sent.size(), 1U) << payload;
        EXPECT_EQ(take_sent().front(), reply4(payload)) << payload;
    }
}

TEST_F(Echo, AnswersToTheMacThatTheRequestCameFrom) {
    receive(echo4({.source = "198.51.100.7", .from = kOther}));  // through a router
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(mac_to(sent[0]), kOther);
    EXPECT_EQ(ip_address(std::span{sent[0]}.subspan(30, 4)), ip("198.51.100.7"));
}

TEST_F(Echo, LeavesEthernetPaddingAndIpOptionsOut) {
    Bytes padded = echo4({.payload = 4, .options = from_hex("94040000")});
    padded.resize(64);
    receive(padded);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], reply4(4));
}

TEST_F(Echo, IgnoresBroadcastMulticastAndOthers) {
    receive(echo4({.destination = "192.0.2.255"}));
    receive(echo4({.destination = "255.255.255.255", .to = kAll}));
    receive(echo4({.destination = "224.0.0.1", .to = {1, 0, 0x5e, 0, 0, 1}}));
    receive(echo4({.destination = "192.0.2.3"}));
    receive(echo4({.to = kAll}));
    receive(echo4({.to = kOther}));
    for (const char* const source :
         {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1"}) {
        receive(echo4({.source = source}));
    }
    EXPECT_TRUE(sent.empty());
}

TEST_F(Echo, IgnoresRepliesErrorsAndRedirects) {
    for (const std::uint8_t type : {0, 3, 5, 11, 13, 15, 17}) receive(echo4({.type = type}));
    receive(echo4({.code = 1}));
    EXPECT_TRUE(sent.empty());
}

TEST_F(Echo, IgnoresMalformedRequests) {
    const Bytes good = echo4({});
    for (std::size_t length = 0; length < good.size(); ++length) {
        receive(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)));
    }
    for (const unsigned total : {0U, 19U, 20U, 27U, 85U, 0xffffU}) {
        Bytes lying = good;
        put16(lying, 16, total);
        fix_ipv4(lying);
        receive(lying);
    }
    for (const unsigned fragment : {0x2000U, 0x0001U}) {
        Bytes piece = good;
        put16(piece, 20, fragment);
        fix_ipv4(piece);
        receive(piece);
    }
    for (const std::size_t at : {14U, 22U, 23U, 24U, 36U, 60U}) {  // version, checksums, protocol
        Bytes bad = good;
        bad[at] ^= 0x80;
        receive(bad);
    }
    Bytes short_header = good;
    short_header[14] = 0x44;
    fix_ipv4(short_header);
    receive(short_header);
    EXPECT_TRUE(sent.empty());
    receive(good);
    EXPECT_EQ(sent.size(), 1U);
}

Bytes echo6(const std::string& source, const std::string& destination, std::size_t payload,
            std::uint8_t type = 128, std::uint8_t hop_limit = 3) {
    Icmp6 i{.source = source, .destination = destination, .hop_limit = hop_limit};
    i.message = {type, 0, 0, 0, 0x12, 0x34, 0x00, 0x07};
    for (std::size_t n = 0; n < payload; ++n) i.message.push_back(static_cast<std::uint8_t>(n * 7));
    if (ip(destination) == ip("ff02::1")) i.to = {0x33, 0x33, 0, 0, 0, 1};
    return icmp6(i);
}

Bytes reply6(const std::string& source, const std::string& destination, std::size_t payload) {
    Bytes out = echo6(source, destination, payload, 129, 64);
    std::ranges::copy(kPeer, out.begin());
    std::ranges::copy(kOwn, out.begin() + 6);
    return out;
}

TEST_F(Echo, AnswersEverySizeThatFitsAFrameOverIpv6) {
    for (const std::size_t payload : {0U, 1U, 55U, 56U, 1452U, 1973U, 1974U}) {
        receive(echo6("2001:db8::2", "2001:db8::1", payload));
        ASSERT_EQ(sent.size(), 1U) << payload;
        EXPECT_EQ(take_sent().front(), reply6("2001:db8::1", "2001:db8::2", payload)) << payload;
    }
}

// RFC 4443 4.2
TEST_F(Echo, AnswersAllNodesFromAnAddressOfItsOwn) {
    receive(echo6("fe80::b", "ff02::1", 8));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(take_sent().front(), reply6("fe80::a", "fe80::b", 8));
    receive(echo6("2001:db8::2", "ff02::1", 8));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], reply6("2001:db8::1", "2001:db8::2", 8));
}

TEST_F(Echo, IgnoresOthersOverIpv6) {
    receive(echo6("2001:db8::2", "2001:db8::3", 8));
    receive(echo6("2001:db8::2", "ff02::2", 8));
    receive(echo6("2001:db8::2", "2001:db8::1", 8, 129));
    receive(echo6("2001:db8::2", "2001:db8::1", 8, 1));
    for (const char* const source : {"::", "::1", "ff02::1", "2001:db8::1"}) {
        receive(echo6(source, "2001:db8::1", 8));
    }
    EXPECT_TRUE(sent.empty());
}

TEST_F(Echo, IgnoresMalformedRequestsOverIpv6) {
    const Bytes good = echo6("2001:db8::2", "2001:db8::1", 8);
    for (std::size_t length = 0; length < good.size(); ++length) {
        receive(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)));
    }
    for (const std::size_t at : {14U, 20U, 22U, 38U, 56U, 62U}) {
        Bytes bad = good;
        bad[at] ^= 0x80;
        receive(bad);
    }
    for (const unsigned length : {0U, 7U, 17U, 0xffffU}) {
        Bytes lying = good;
        put16(lying, 18, length);
        receive(lying);
    }
    EXPECT_TRUE(sent.empty());
    receive(good);
    EXPECT_EQ(sent.size(), 1U);
}

}  // namespace
}  // namespace tocsin::test
