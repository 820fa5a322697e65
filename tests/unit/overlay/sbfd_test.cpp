// S-BFD over IPv4 and IPv6, RFC 7881: requests that are sent, frames turned round.
#include "overlay/sbfd.hpp"

#include "label_frames.hpp"
#include "overlay/mpls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

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

// A driver may say that a header is intact which has no right sum in it.
TEST_P(Sbfd, ResponsesHaveARightHeaderChecksumWhateverStoodInTheRequest) {
    if (!is_v4) return;
    Bytes frame = answered();
    put16(frame, kIp + 10, 0xabcd);
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

overlay::PortContext reflector_port() {
    overlay::PortContext port = golden_port();
    static const std::vector<IpPrefix> routes{{v4(198, 51, 100, 0), 24},
                                              {v6("20010db8 00010000 00000000 00000000"), 48}};
    port.routes = routes;
    port.own_v4 = v4(203, 0, 113, 2);
    port.own_v6 = v6("20010db8 00020000 00000000 00000002");
    return port;
}

// req: RFC7881-2-01 RFC7881-4-01 RFC7880-7.1-01 RFC7881-5.1.1-03
TEST_P(Sbfd, RequestsAreForTheReflectorWhateverTheirTtl) {
    for (const std::uint8_t ttl : {1, 64, 255}) {
        request[kIp + (is_v4 ? 8 : 7)] = ttl;
        fix_checksums(request);
        const auto found = classified(request, reflector_port());
        ASSERT_EQ(found.verdict, overlay::Verdict::SbfdRequest) << int{ttl};
        EXPECT_EQ(found.packet.payload, &request[request.size() - 24]);
        EXPECT_EQ(found.packet.payload_length, 24);
        EXPECT_EQ(found.packet.ttl, ttl);
        EXPECT_EQ(overlay::response_source(found.packet, reflector_port()), IpAddress{});
    }
    const std::size_t port = udp_offset(request) + 2;
    for (const unsigned other : {7783U, 7785U}) {
        put16(request, port, other);
        fix_checksums(request);
        EXPECT_EQ(drop_reason(request, reflector_port()), DropReason::NotHandled) << other;
    }
}

// req: RFC7881-2-06 RFC7881-4-01 RFC7881-4-03 RFC7880-7.1-01
TEST_P(Sbfd, ResponsesAreForTheInitiatorOfTheirPort) {
    overlay::PortContext port = golden_port();
    port.mac = {2, 0, 0, 0, 0, 0x0a};
    port.addresses.add(is_v4 ? v4(198, 51, 100, 1) : v6("20010db8 00010000 00000000 00000001"));
    overlay::PortContext elsewhere = port;
    elsewhere.addresses = {};
    elsewhere.domain_addresses = {&port.addresses, 1};  // of another port of ours
    port.addresses = {};
    port.addresses.add(is_v4 ? v4(198, 51, 100, 1) : v6("20010db8 00010000 00000000 00000001"));
    for (const auto& context : {port, elsewhere}) {
        const auto found = classified(response, context);
        ASSERT_EQ(found.verdict, overlay::Verdict::Bfd) << name(found.reason);
        EXPECT_EQ(found.packet.type, SessionType::Sbfd);
        EXPECT_EQ(found.packet.instance, 0xc6336401U);
        EXPECT_EQ(found.packet.link, 0xc3b4);
        EXPECT_EQ(found.packet.port, port_in_key(SessionType::Sbfd, {}));
    }
}

// req: RFC7881-4-04 RFC7880-7.1-05
TEST_P(Sbfd, ResponsesToOthersAreNoneOfOurs) {
    overlay::PortContext port = golden_port();
    port.mac = {2, 0, 0, 0, 0, 0x0a};
    EXPECT_EQ(drop_reason(response, port), DropReason::IpDestination);
}

// req: RFC7881-6-02
TEST_P(Sbfd, RequestsFromThePortOfReflectorsAreDropped) {
    put16(request, udp_offset(request), overlay::kSbfdPort);
    fix_checksums(request);
    EXPECT_EQ(drop_reason(request, reflector_port()), DropReason::ReflectorSourcePort);
}

// req: RFC7881-7-02 RFC7881-7-03
TEST_P(Sbfd, RequestsFromWhereNothingLeadsBackAreDropped) {
    EXPECT_EQ(drop_reason(request, golden_port()), DropReason::ReflectorNoReturn);
    overlay::PortContext on_link = golden_port();
    on_link.on_link.add(is_v4 ? IpPrefix{v4(198, 51, 100, 254), 24}
                              : IpPrefix{v6("20010db8 00010000 00000000 000000fe"), 64});
    EXPECT_EQ(drop_reason(request, on_link), DropReason::None);
    overlay::PortContext ours = reflector_port();
    overlay::LocalAddresses elsewhere;
    elsewhere.add(is_v4 ? v4(198, 51, 100, 1) : v6("20010db8 00010000 00000000 00000001"));
    ours.domain_addresses = {&elsewhere, 1};
    EXPECT_EQ(drop_reason(request, ours), DropReason::ReflectorNoReturn) << "of another port";
}

// req: RFC7881-5.1.1-01 RFC7881-6.1-02 RFC7881-6.1-03
TEST_P(Sbfd, WhatEndsHereOnItsWayIsAnsweredFromAnAddressOfOurs) {
    const auto towards = [&](const IpAddress& to, std::uint8_t ttl) {
        Bytes out = request;
        std::ranges::copy(to.wire(), out.begin() + kIp + (is_v4 ? 16 : 24));
        out[kIp + (is_v4 ? 8 : 7)] = ttl;
        fix_checksums(out);
        return out;
    };
    const IpAddress loopback = is_v4 ? v4(127, 1, 2, 3) : v6("00000000 00000000 0000ffff 7f010203");
    const IpAddress beyond = is_v4 ? v4(100, 64, 0, 1) : v6("20010db8 00090000 00000000 00000001");
    const IpAddress group = is_v4 ? v4(224, 0, 0, 5) : v6("ff020000 00000000 00000000 00000001");
    const IpAddress own = is_v4 ? v4(203, 0, 113, 2) : v6("20010db8 00020000 00000000 00000002");
    for (const auto& [to, ttl] :
         {std::pair{loopback, 1}, {loopback, 255}, {beyond, 1}, {beyond, 0}}) {
        const Bytes frame = towards(to, static_cast<std::uint8_t>(ttl));
        const auto found = classified(frame, reflector_port());
        ASSERT_EQ(found.verdict, overlay::Verdict::SbfdRequest) << name(found.reason);
        EXPECT_EQ(overlay::response_source(found.packet, reflector_port()), own);
    }
    EXPECT_EQ(drop_reason(towards(beyond, 2), reflector_port()), DropReason::IpDestination);
    EXPECT_NE(drop_reason(towards(group, 1), reflector_port()), DropReason::None);
    Bytes to_group = towards(beyond, 1);
    to_group[0] |= 1;
    EXPECT_EQ(drop_reason(to_group, reflector_port()), DropReason::IpDestination);
}

// req: RFC7880-5-06 RFC7881-6-01
TEST_P(Sbfd, LabelledRequestsAreAnsweredByWayOfIpRouting) {
    const IpAddress source = is_v4 ? kHead4 : kHead6;
    const IpAddress own = is_v4 ? kTail4 : v6("20010db8 00020000 00000000 00000002");
    const auto t = overlay::Mpls::headers(
        {.link = kToTail,
         .labels = labels({{.value = 16004}, {.value = 17}}),
         .source = source,
         .destination = is_v4 ? kLoop4 : kLoop6,
         .source_port = static_cast<std::uint16_t>(get16(request, udp_offset(request))),
         .destination_port = overlay::kSbfdPort});
    Bytes frame = completed(t, request);
    overlay::PortContext port = reflector_port();
    EXPECT_NE(classified(frame, port).verdict, overlay::Verdict::SbfdRequest) << "no labels here";
    port.mpls = true;
    const auto found = classified(frame, port);
    ASSERT_EQ(found.verdict, overlay::Verdict::SbfdRequest) << name(found.reason);
    EXPECT_EQ(overlay::response_source(found.packet, port), own);
    const std::size_t ip = kIp + 8;
    std::copy(response.end() - 24, response.end(), frame.end() - 24);
    ASSERT_TRUE(overlay::turn_round(frame, {.ip = ip, .udp = t.udp_offset, .payload = 24},
                                    kReflectorMac, own));
    ASSERT_EQ(overlay::take_labels_off(frame, ip), 8U);
    frame.erase(frame.begin(), frame.begin() + 8);
    EXPECT_EQ(frame, response);
    EXPECT_EQ(overlay::take_labels_off(frame, kIp), 0U);
    EXPECT_EQ(frame, response);
}

// req: RFC7881-6-02 RFC7881-7-02
TEST_P(Sbfd, LabelsOpenNothingThatIsRefusedWithoutThem) {
    const auto labelled = [&](std::uint16_t source_port) {
        return completed(overlay::Mpls::headers({.link = kToTail,
                                                 .labels = labels({{.value = 16004}}),
                                                 .source = is_v4 ? kHead4 : kHead6,
                                                 .destination = is_v4 ? kLoop4 : kLoop6,
                                                 .source_port = source_port,
                                                 .destination_port = overlay::kSbfdPort}),
                         request);
    };
    overlay::PortContext port = reflector_port();
    port.mpls = true;
    EXPECT_EQ(drop_reason(labelled(overlay::kSbfdPort), port), DropReason::ReflectorSourcePort);
    port.routes = {};
    EXPECT_EQ(drop_reason(labelled(50100), port), DropReason::ReflectorNoReturn);
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
