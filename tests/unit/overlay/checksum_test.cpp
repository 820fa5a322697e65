#include "overlay/checksum.hpp"

#include "frames.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tocsin::test {
namespace {

using overlay::ChecksumHint;
using overlay::UdpChecksumPolicy;
using overlay::Verdict;

Verdict verdict(const Bytes& frame, UdpChecksumPolicy policy,
                ChecksumHint hint = ChecksumHint::Unknown) {
    overlay::PortContext port = golden_port();
    port.udp_checksum = policy;
    return classified(frame, port, ChecksumHint::Unknown, hint).verdict;
}

TEST(Checksum, AgreesWithTheDefinitionOfRfc1071AtEveryLength) {
    std::mt19937 random{4711};
    for (std::size_t length = 0; length < 200; ++length) {
        Bytes octets(length);
        for (auto& o : octets) o = static_cast<std::uint8_t>(random());
        Bytes field(2);
        overlay::store_checksum(field.data(), overlay::sum_words(octets));
        EXPECT_EQ(get16(field, 0), 0xffffU ^ reference_sum(octets)) << length;
    }
}

TEST(Checksum, FoldsEveryCarry) {
    const Bytes ones(2036, 0xff);
    EXPECT_EQ(overlay::fold_sum(overlay::sum_words(ones)), 0xffff);
    EXPECT_EQ(overlay::fold_sum(0), 0);
    EXPECT_EQ(overlay::fold_sum(0x10000), 1);
    EXPECT_EQ(overlay::fold_sum(0xfffffffffffffffeU), 0xfffe);
}

TEST(UdpChecksumPolicies, AllTakeARightChecksumWhateverTheDriverSays) {
    for (const char* const family : kBothFamilies) {
        for (const auto policy : {UdpChecksumPolicy::Verify, UdpChecksumPolicy::AcceptPartial,
                                  UdpChecksumPolicy::Ignore}) {
            for (const auto hint : {ChecksumHint::Unknown, ChecksumHint::Good, ChecksumHint::Bad}) {
                EXPECT_EQ(verdict(golden(family), policy, hint), Verdict::Bfd);
            }
        }
    }
}

TEST(UdpChecksumPolicies, OnlyIgnoreTakesAWrongChecksum) {
    for (const char* const family : kBothFamilies) {
        Bytes frame = golden(family);
        frame.back() ^= 1;
        for (const auto hint : {ChecksumHint::Unknown, ChecksumHint::Bad}) {
            EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify, hint), Verdict::Drop);
            EXPECT_EQ(verdict(frame, UdpChecksumPolicy::AcceptPartial, hint), Verdict::Drop);
            EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Ignore, hint), Verdict::Bfd);
        }
    }
}

TEST(UdpChecksumPolicies, ADriverThatCallsTheChecksumGoodIsBelieved) {
    for (const char* const family : kBothFamilies) {
        Bytes frame = golden(family);
        frame.back() ^= 1;
        EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify, ChecksumHint::Good), Verdict::Bfd);
    }
}

TEST(UdpChecksumPolicies, ABarePseudoHeaderSumNeedsAcceptPartialOrIgnore) {
    for (const char* const family : kBothFamilies) {
        Bytes frame = golden(family);
        put16(frame, udp_offset(frame) + 6, pseudo_sum(frame));
        for (const auto hint : {ChecksumHint::Unknown, ChecksumHint::Bad}) {
            EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify, hint), Verdict::Drop);
            EXPECT_EQ(verdict(frame, UdpChecksumPolicy::AcceptPartial, hint), Verdict::Bfd);
            EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Ignore, hint), Verdict::Bfd);
        }
        put16(frame, udp_offset(frame) + 6, 0xffffU ^ pseudo_sum(frame));
        EXPECT_EQ(verdict(frame, UdpChecksumPolicy::AcceptPartial), Verdict::Drop);
    }
}

TEST(UdpChecksumPolicies, ZeroIsNoChecksumOverIpv4AndInvalidOverIpv6) {
    for (const auto policy :
         {UdpChecksumPolicy::Verify, UdpChecksumPolicy::AcceptPartial, UdpChecksumPolicy::Ignore}) {
        for (const auto hint : {ChecksumHint::Unknown, ChecksumHint::Good, ChecksumHint::Bad}) {
            Bytes four = golden("single_hop_ipv4_up");
            put16(four, kUdpV4 + 6, 0);
            EXPECT_EQ(verdict(four, policy, hint), Verdict::Bfd);
            Bytes six = golden("single_hop_ipv6_up");
            put16(six, kUdpV6 + 6, 0);
            EXPECT_EQ(verdict(six, policy, hint), Verdict::Drop);
        }
    }
}

TEST(UdpChecksumPolicies, ASumOfZeroArrivesAsAllOnes) {
    for (const char* const family : kBothFamilies) {
        Bytes frame = golden(family);
        const std::size_t last = frame.size() - 2;
        put16(frame, last, 0);
        put16(frame, last, right_udp_checksum(frame));  // brings the sum to zero
        put16(frame, udp_offset(frame) + 6, 0xffff);
        EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify), Verdict::Bfd);
    }
}

TEST(UdpChecksumPolicies, AnOddLengthIsPaddedForTheSum) {
    Bytes frame = golden("single_hop_ipv4_large");
    put16(frame, kUdpV4 + 4, 8 + 25);
    frame[kUdpV4 + 8 + 24] = 0x5a;
    fix_udp_checksum(frame);
    EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify), Verdict::Bfd);
    frame[kUdpV4 + 8 + 24] = 0x5b;
    EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify), Verdict::Drop);
    frame[kUdpV4 + 8 + 24] = 0x5a;
    frame[kUdpV4 + 8 + 25] = 0xff;  // beyond UDP Length: not covered
    EXPECT_EQ(verdict(frame, UdpChecksumPolicy::Verify), Verdict::Bfd);
}

}  // namespace
}  // namespace tocsin::test
