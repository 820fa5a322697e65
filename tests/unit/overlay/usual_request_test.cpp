// What is taken for a usual request to a reflector is one that classification accepts, with the
// same outcome.

#include "overlay/usual_request.hpp"

#include "same_packet.hpp"
#include "tunnel_frames.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tocsin::test {
namespace {

using overlay::ChecksumHint;
using overlay::Classified;

overlay::PortContext asked_port() {
    overlay::PortContext port = golden_port();
    static const std::vector<IpPrefix> routes{{v4(198, 51, 100, 0), 24},
                                              {v6("20010db8 00010000 00000000 00000000"), 48}};
    port.routes = routes;
    return port;
}

/// True: usual_request() took it, and classify() found the same.
bool same_request(const Bytes& octets, const overlay::PortContext& port, ChecksumHint hint,
                  const std::string& what) {
    const Bytes frame(octets.begin(), octets.end());  // exactly as much heap as there are octets
    ReceivedPacket a;
    if (!overlay::usual_request(frame, port, hint, hint, a)) return false;
    const Classified close = overlay::classify(frame, port, hint, hint);
    EXPECT_EQ(close.verdict, overlay::Verdict::SbfdRequest) << what << ' ' << name(close.reason);
    if (close.verdict != overlay::Verdict::SbfdRequest) return true;
    EXPECT_TRUE(same_packet(a, close.packet)) << what;
    return true;
}

class UsualRequest : public testing::TestWithParam<const char*> {
protected:
    Bytes request = golden(GetParam());
    overlay::PortContext port = asked_port();
    std::size_t udp = udp_offset(request);

    void expect_same_with_all_hints(const Bytes& frame, const std::string& what) const {
        for (const auto hint : {ChecksumHint::Unknown, ChecksumHint::Good, ChecksumHint::Bad}) {
            same_request(frame, port, hint, what);
        }
    }
};

TEST_P(UsualRequest, IsWhatInitiatorsSend) {
    EXPECT_TRUE(same_request(request, port, ChecksumHint::Unknown, "golden"));
    for (const unsigned ttl : {1U, 64U}) {
        request[kIp + (is_ipv4(request) ? 8 : 7)] = static_cast<std::uint8_t>(ttl);
        fix_checksums(request);
        EXPECT_TRUE(same_request(request, port, ChecksumHint::Unknown, "ttl"));
    }
}

TEST_P(UsualRequest, IsJudgedAsCloselyAsAnyOther) {
    for (std::size_t at = 0; at + 24 < request.size(); ++at) {
        std::vector<unsigned> values{0, 1, 0x7f, 0xe0, 0xff};
        for (unsigned bit = 0; bit < 8; ++bit) values.push_back(request[at] ^ 1U << bit);
        for (const unsigned value : values) {
            const std::string what = "octet " + std::to_string(at) + " = " + std::to_string(value);
            Bytes frame = request;
            frame[at] = static_cast<std::uint8_t>(value);
            expect_same_with_all_hints(frame, what);
            // With sums that fit, every other check decides.
            if (at == 12 || at == 13 || at == kIp || get16(frame, udp + 4) != 32) continue;
            fix_checksums(frame);
            expect_same_with_all_hints(frame, what + ", sums made right");
        }
    }
    for (std::size_t length = 0; length <= request.size(); ++length) {
        const Bytes cut(request.begin(), request.begin() + static_cast<std::ptrdiff_t>(length));
        expect_same_with_all_hints(cut, "cut " + std::to_string(length));
    }
}

TEST_P(UsualRequest, FromWhereNothingLeadsBackIsNone) {
    port.routes = {};
    EXPECT_EQ(drop_reason(request, port), DropReason::ReflectorNoReturn);
    EXPECT_FALSE(same_request(request, port, ChecksumHint::Unknown, "no route"));
}

TEST_P(UsualRequest, FromAnAddressOfOursIsNone) {
    const bool v4_frame = is_ipv4(request);
    const IpAddress source =
        v4_frame ? v4(198, 51, 100, 1) : v6("20010db8 00010000 00000000 00000001");
    overlay::LocalAddresses another;
    another.add(source);
    port.domain_addresses = {&another, 1};
    EXPECT_FALSE(same_request(request, port, ChecksumHint::Unknown, "another port's"));
    port.domain_addresses = {};
    EXPECT_TRUE(same_request(request, port, ChecksumHint::Unknown, "nobody's"));
    port.addresses.add(source);
    EXPECT_FALSE(same_request(request, port, ChecksumHint::Unknown, "this port's"));
}

TEST_P(UsualRequest, ToAnAddressOfAnotherPortIsLeftToClassification) {
    const overlay::LocalAddresses all = port.addresses;
    port.addresses = {};
    port.domain_addresses = {&all, 1};
    EXPECT_EQ(classified(request, port).verdict, overlay::Verdict::SbfdRequest);
    EXPECT_FALSE(same_request(request, port, ChecksumHint::Unknown, "another port's"));
}

INSTANTIATE_TEST_SUITE_P(Frames, UsualRequest,
                         testing::Values("sbfd_request_ipv4", "sbfd_request_ipv6"),
                         [](const auto& i) { return std::string{i.param}; });

TEST(UsualRequests, AreNothingElse) {
    for (const char* const name : {"single_hop_ipv4_up", "multihop_ipv6_up", "sbfd_response_ipv4",
                                   "sbfd_response_ipv6", "vxlan_ipv4_inner_ipv4"}) {
        EXPECT_FALSE(same_request(golden(name), asked_port(), ChecksumHint::Unknown, name)) << name;
    }
}

}  // namespace
}  // namespace tocsin::test
