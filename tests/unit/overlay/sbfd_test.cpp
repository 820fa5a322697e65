// S-BFD over IPv4 and IPv6, RFC 7881: requests that are sent, frames turned round.
#include "overlay/sbfd.hpp"

#include "tunnel_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tocsin::test {
namespace {

constexpr MacAddress kReflectorMac{2, 0, 0, 0, 0, 0x0b};

struct SbfdFrames {
    const char* request;
    const char* response;
};

class Sbfd : public testing::TestWithParam<SbfdFrames> {
protected:
    Bytes request = golden(GetParam().request);
    Bytes response = golden(GetParam().response);
    bool is_v4 = is_ipv4(request);

    /// The request with the response's Control packet in it, which the core has written.
    Bytes answered() {
        Bytes out = request;
        std::copy(response.end() - 24, response.end(), out.end() - 24);
        return out;
    }
    [[nodiscard]] overlay::SbfdRequest where() const {
        return {.ip = kIp, .udp = is_v4 ? kUdpV4 : kUdpV6, .payload = 24};
    }
};

// req: RFC7881-2-02 RFC7881-5-01 RFC7881-5.1-02 RFC7881-5.1-04 RFC7881-5.1-05
TEST_P(Sbfd, RequestsAreBuiltOctetByOctet) {
    const overlay::SbfdHeaders h{
        .source_mac = {2, 0, 0, 0, 0, 0x0a},
        .destination_mac = kReflectorMac,
        .source = is_v4 ? v4(198, 51, 100, 1) : v6("20010db8 00010000 00000000 00000001"),
        .destination = is_v4 ? v4(203, 0, 113, 2) : v6("20010db8 00020000 00000000 00000002"),
        .source_port = static_cast<std::uint16_t>(get16(request, udp_offset(request)))};
    EXPECT_EQ(completed(overlay::sbfd_headers(h), request), request);
}

// req: RFC7881-6.1-01 RFC7881-6.1-02 RFC7881-6.1-03 RFC7881-6.1-04 RFC7881-6.1-05
// req: RFC7881-6.1-06 RFC7881-6.1-07
TEST_P(Sbfd, ResponsesAreRequestsTurnedRound) {
    Bytes frame = answered();
    ASSERT_TRUE(overlay::turn_round(frame, where(), kReflectorMac, {}));
    EXPECT_EQ(frame, response);
}

// req: RFC7881-6.1-04
TEST_P(Sbfd, ResponsesHaveATtlOf255WhateverIsLeftOfTheRequests) {
    Bytes frame = answered();
    frame[kIp + (is_v4 ? 8 : 7)] = 1;
    ASSERT_TRUE(overlay::turn_round(frame, where(), kReflectorMac, {}));
    EXPECT_EQ(frame, response);
}

// req: RFC7881-6.1-03
TEST_P(Sbfd, OurAddressTakesThePlaceOfALoopbackDestination) {
    const IpAddress loopback = is_v4 ? v4(127, 0, 0, 1) : v6("00000000 00000000 0000ffff 7f000001");
    const IpAddress own = is_v4 ? v4(203, 0, 113, 2) : v6("20010db8 00020000 00000000 00000002");
    Bytes frame = answered();
    std::ranges::copy(loopback.wire(), frame.begin() + kIp + (is_v4 ? 16 : 24));
    const Bytes before = frame;
    EXPECT_FALSE(overlay::turn_round(frame, where(), kReflectorMac, {}));
    EXPECT_EQ(frame, before);
    ASSERT_TRUE(overlay::turn_round(frame, where(), kReflectorMac, own));
    EXPECT_EQ(frame, response);
}

TEST_P(Sbfd, NothingGoesToAGroupOrToOurselves) {
    Bytes frame = answered();
    frame[6] |= 1;
    Bytes before = frame;
    EXPECT_FALSE(overlay::turn_round(frame, where(), kReflectorMac, {}));
    EXPECT_EQ(frame, before);
    frame = answered();
    std::ranges::copy(kReflectorMac, frame.begin() + 6);
    before = frame;
    EXPECT_FALSE(overlay::turn_round(frame, where(), kReflectorMac, {}));
    EXPECT_EQ(frame, before);
}

// req: RFC7881-6-02
TEST_P(Sbfd, NothingComesOfAnotherReflector) {
    Bytes frame = answered();
    put16(frame, udp_offset(frame), overlay::kSbfdPort);
    const Bytes before = frame;
    EXPECT_FALSE(overlay::turn_round(frame, where(), kReflectorMac, {}));
    EXPECT_EQ(frame, before);
}

INSTANTIATE_TEST_SUITE_P(Frames, Sbfd,
                         testing::Values(SbfdFrames{"sbfd_request_ipv4", "sbfd_response_ipv4"},
                                         SbfdFrames{"sbfd_request_ipv6", "sbfd_response_ipv6"}),
                         [](const auto& i) { return std::string{i.param.request}; });

// req: RFC7881-2-03 RFC7881-5.1-03
TEST(SbfdHeaders, AreNoneFromThePortOfReflectors) {
    overlay::SbfdHeaders h{.source = v4(198, 51, 100, 1), .destination = v4(203, 0, 113, 2)};
    EXPECT_NE(overlay::sbfd_headers(h).length, 0);
    h.source_port = overlay::kSbfdPort;
    EXPECT_EQ(overlay::sbfd_headers(h).length, 0);
}

}  // namespace
}  // namespace tocsin::test
