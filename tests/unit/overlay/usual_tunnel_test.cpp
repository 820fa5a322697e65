// What is taken for a usual frame of a tunnel is one that classification accepts, with the same
// outcome.

#include "overlay/usual_tunnel.hpp"

#include "same_packet.hpp"
#include "tunnel_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tocsin::test {
namespace {

using overlay::ChecksumHint;
using overlay::Classified;

struct Frame {
    const char* name;
    std::size_t inner_ip;
    std::size_t inner_udp;
};

constexpr Frame kTunnels[]{{"vxlan_ipv4_inner_ipv4", 64, 84},
                           {"vxlan_ipv4_inner_ipv6", 64, 104},
                           {"vxlan_ipv6_inner_ipv4", 84, 104},
                           {"vxlan_ipv6_inner_ipv6", 84, 124},
                           {"geneve_ethernet_ipv4", 64, 84},
                           {"geneve_ethernet_ipv6", 84, 124},
                           {"geneve_ethernet_ipv4_no_vap_address", 64, 84},
                           {"geneve_ip_ipv4", 50, 70},
                           {"geneve_ip_ipv6", 70, 110}};

/// True: usual_tunnel() took it, and classify() found the same.
bool expect_same(const Bytes& octets, const overlay::PortContext& port, ChecksumHint hint,
                 const std::string& what) {
    const Bytes frame(octets.begin(), octets.end());  // exactly as much heap as there are octets
    ReceivedPacket a;
    if (!overlay::usual_tunnel(frame, port, hint, hint, a)) return false;
    const Classified close = overlay::classify(frame, port, hint, hint);
    EXPECT_EQ(close.verdict, overlay::Verdict::Bfd) << what << ' ' << name(close.reason);
    if (close.verdict != overlay::Verdict::Bfd) return true;
    EXPECT_TRUE(same_packet(a, close.packet)) << what;
    return true;
}

void expect_same_with_all_hints(const Bytes& frame, const overlay::PortContext& port,
                                const std::string& what) {
    for (const auto hint : {ChecksumHint::Unknown, ChecksumHint::Good, ChecksumHint::Bad}) {
        expect_same(frame, port, hint, what);
    }
}

TEST(UsualTunnel, IsJudgedAsCloselyAsAnyOther) {
    for (const bool without_checksum : {false, true}) {
        overlay::PortContext port = golden_port();
        port.tunnels_without_checksum = without_checksum;
        for (const Frame& f : kTunnels) {
            const Bytes original = golden(f.name);
            for (std::size_t at = 0; at + 24 < original.size(); ++at) {
                std::vector<unsigned> values{0, 1, 0x7f, 0xe0, 0xff};
                for (unsigned bit = 0; bit < 8; ++bit) values.push_back(original[at] ^ 1U << bit);
                for (const unsigned value : values) {
                    const std::string what = std::string{f.name} + " octet " + std::to_string(at) +
                                             " = " + std::to_string(value);
                    Bytes frame = original;
                    frame[at] = static_cast<std::uint8_t>(value);
                    expect_same_with_all_hints(frame, port, what);
                    // With sums that fit, every other check decides.
                    const bool lengths_hold = get16(frame, f.inner_udp + 4) == 32 &&
                                              (at < 12 || at > 13) &&
                                              get16(frame, udp_offset(original) + 4) ==
                                                  get16(original, udp_offset(original) + 4) &&
                                              frame[14] == original[14];
                    if (!lengths_hold || frame[f.inner_ip] != original[f.inner_ip]) continue;
                    fix_checksums_at(frame, f.inner_ip, f.inner_udp);
                    fix_checksums(frame);
                    expect_same_with_all_hints(frame, port, what + ", sums made right");
                }
            }
            for (std::size_t length = 0; length <= original.size(); ++length) {
                const Bytes cut(original.begin(),
                                original.begin() + static_cast<std::ptrdiff_t>(length));
                expect_same_with_all_hints(cut, port,
                                           std::string{f.name} + " cut " + std::to_string(length));
            }
        }
    }
}

TEST(UsualTunnel, IsWhatVtepsAndVapsSend) {
    const overlay::PortContext port = golden_port();
    for (const char* const name :
         {"vxlan_ipv4_inner_ipv4", "vxlan_ipv4_inner_ipv6", "vxlan_ipv6_inner_ipv4",
          "vxlan_ipv6_inner_ipv6", "geneve_ethernet_ipv4", "geneve_ethernet_ipv6"}) {
        EXPECT_TRUE(expect_same(golden(name), port, ChecksumHint::Unknown, name)) << name;
    }
    for (const char* const name : {"geneve_ethernet_ipv4_no_vap_address", "geneve_ip_ipv4",
                                   "single_hop_ipv4_up", "multihop_ipv6_up"}) {
        EXPECT_FALSE(expect_same(golden(name), port, ChecksumHint::Unknown, name)) << name;
    }
}

TEST(UsualTunnel, ToAddressesOfAnotherPortIsLeftToClassification) {
    overlay::PortContext port = golden_port();
    const std::vector<overlay::LocalAddresses> all{port.addresses};
    port.addresses = {};
    port.addresses.add(v4(203, 0, 113, 2));  // the outer destination
    port.domain_addresses = all;
    Bytes frame = golden("vxlan_ipv4_inner_ipv6");
    const IpAddress vtep = v6("20010db8 00020000 00000000 00000002");
    std::ranges::copy(vtep.wire(), &frame[64 + 24]);
    fix_checksums_at(frame, 64, 104);
    EXPECT_EQ(classified(frame, port).reason, DropReason::None);
    EXPECT_FALSE(expect_same(frame, port, ChecksumHint::Unknown, "another port's"));
    port.addresses.add(vtep);
    EXPECT_TRUE(expect_same(frame, port, ChecksumHint::Unknown, "this port's"));
}

TEST(UsualTunnel, OfOneOfOurOwnAddressesIsRefused) {
    overlay::PortContext port = golden_port();
    const Bytes frame = golden("vxlan_ipv4_inner_ipv4");
    port.addresses.add(v4(198, 51, 100, 1));
    EXPECT_EQ(classified(frame, port).reason, DropReason::IpSource);
    EXPECT_FALSE(expect_same(frame, port, ChecksumHint::Unknown, "own source"));
}

}  // namespace
}  // namespace tocsin::test
