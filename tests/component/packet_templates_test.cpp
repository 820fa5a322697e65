// What leaves is a whole packet whatever becomes of headers and payload, in any order: judged by
// the checks that received frames pass.

#include "dataplane/runtime/packet_templates.hpp"

#include "dataplane/bfd/auth.hpp"
#include "overlay/classify.hpp"
#include "overlay/padding.hpp"
#include "overlay/single_hop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace tocsin::runtime {
namespace {

constexpr MacAddress kUs{2, 0, 0, 0, 0, 1};
constexpr MacAddress kPeer{2, 0, 0, 0, 0, 2};
constexpr MacAddress kMovedPeer{2, 0, 0, 0, 0, 3};
constexpr Slot kSlot{1};

IpAddress address(bool v4, std::uint8_t host) {
    IpAddress out;
    out.family = v4 ? AddressFamily::V4 : AddressFamily::V6;
    if (v4) {
        out.octets = {192, 0, 2, host};
    } else {
        out.octets = {0x20, 0x01, 0x0d, 0xb8};
        out.octets[15] = host;
    }
    return out;
}

overlay::HeaderTemplate headers(bool v4, const MacAddress& to = kPeer) {
    return overlay::single_hop_headers({.source_mac = kUs,
                                        .destination_mac = to,
                                        .source = address(v4, 1),
                                        .destination = address(v4, 2)});
}

class Templates : public testing::TestWithParam<bool> {
protected:
    static std::vector<std::uint8_t> payload(std::size_t octets) {
        std::vector<std::uint8_t> out(octets);
        for (std::size_t i = 0; i < octets; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + octets);
        return out;
    }
    void set_payload(std::size_t octets) { templates.set_payload(kSlot, payload(octets)); }
    void set_headers(const MacAddress& to = kPeer) {
        templates.set_headers(kSlot, headers(GetParam(), to));
    }
    /// The packet as it leaves reaches a port of the peer with this payload.
    void expect(const std::vector<std::uint8_t>& wanted, const std::uint8_t* octets,
                const MacAddress& to = kPeer) {
        overlay::PortContext port;
        port.mac = to;
        port.addresses.add(address(GetParam(), 2));
        const auto got =
            overlay::classify({octets, templates.packet_length(kSlot)}, port,
                              overlay::ChecksumHint::Unknown, overlay::ChecksumHint::Unknown);
        ASSERT_EQ(got.verdict, overlay::Verdict::Bfd) << name(got.reason);
        EXPECT_EQ(std::vector(got.packet.payload, got.packet.payload + got.packet.payload_length),
                  wanted);
    }
    void expect_padded(const std::vector<std::uint8_t>& wanted,
                       const std::vector<std::uint8_t>& buffer) {
        overlay::PortContext port;
        port.mac = kPeer;
        port.addresses.add(address(GetParam(), 2));
        const auto got =
            overlay::classify({buffer.data(), templates.rare_packet_length(kSlot)}, port,
                              overlay::ChecksumHint::Unknown, overlay::ChecksumHint::Unknown);
        ASSERT_EQ(got.verdict, overlay::Verdict::Bfd) << name(got.reason);
        EXPECT_EQ(std::vector(got.packet.payload, got.packet.payload + got.packet.payload_length),
                  wanted);
    }
    void expect(std::size_t octets, const MacAddress& to = kPeer) {
        expect(payload(octets), templates.packet(kSlot), to);
    }

    alignas(64) std::array<std::byte, 2 * kTemplateOctets> memory{};
    PacketTemplates templates{2, memory.data(), kTemplateOctets, {}};
};

constexpr std::size_t kLengths[]{24, 28, 43, 48, 52};  // none, passwords, MD5, SHA1

TEST_P(Templates, TakePayloadsOfEveryLengthOneAfterTheOther) {
    set_headers();
    for (const std::size_t from : kLengths) {
        for (const std::size_t to : kLengths) {
            set_payload(from);
            expect(from);
            set_payload(to);
            expect(to);
        }
    }
}

TEST_P(Templates, KeepTheirPayloadWhenTheNextHopMoves) {
    for (const std::size_t octets : kLengths) {
        set_headers();
        set_payload(octets);
        set_headers(kMovedPeer);
        expect(octets, kMovedPeer);
        templates.set_headers(kSlot, {});
        EXPECT_EQ(templates.packet_length(kSlot), 0U);
        set_payload(24);
        set_payload(octets);
        set_headers();
        expect(octets);
    }
}

TEST_P(Templates, AreOfNoSessionBefore) {
    for (const std::size_t before : kLengths) {
        templates.set_headers(kSlot, headers(!GetParam()));
        set_payload(before);
        set_headers();
        set_payload(24);
        expect(24);
    }
}

TEST_P(Templates, StayAsTheyAreWhenACopyCarriesAnotherPayload) {
    for (const std::size_t octets : kLengths) {
        set_headers();
        set_payload(octets);
        std::array<std::uint8_t, kTemplateOctets> copy{};
        templates.copy(kSlot, templates.packet_length(kSlot), copy.data());
        const std::vector<std::uint8_t> other(octets, 0x5a);
        templates.replace_payload(kSlot, other, copy.data());
        expect(other, copy.data());
        expect(octets);
    }
}

// req: RFC9764-3-02 RFC9764-6-01 RFC9764-3-01 RFC9764-3-06
TEST_P(Templates, PadWithZerosWhateverTheBufferHeld) {
    for (const std::uint16_t size : {53, 1400, 1472}) {
        for (const std::size_t octets : kLengths) {
            overlay::HeaderTemplate padded = headers(GetParam());
            overlay::set_padding(padded, size);
            set_payload(octets);
            templates.set_headers(kSlot, padded);
            EXPECT_EQ(templates.packet_length(kSlot), 0) << "not by the way of short packets";
            ASSERT_EQ(templates.rare_packet_length(kSlot), padded.length + std::size_t{size});
            std::vector<std::uint8_t> buffer(2048, 0xa5);
            templates.copy_rare(kSlot, buffer.data());
            auto wanted = payload(octets);
            wanted.resize(size);
            expect_padded(wanted, buffer);
            EXPECT_EQ(buffer[padded.length + std::size_t{size}], 0xa5);

            templates.replace_payload(kSlot, payload(octets), buffer.data());
            expect_padded(wanted, buffer);
        }
    }
}

// req: RFC9764-3-09
TEST_P(Templates, StayPaddedUnderPayloadsOfEveryLength) {
    overlay::HeaderTemplate padded = headers(GetParam());
    overlay::set_padding(padded, 1000);
    templates.set_headers(kSlot, padded);
    for (const std::size_t octets : kLengths) {
        set_payload(octets);
        std::vector<std::uint8_t> buffer(2048, 0xa5);
        templates.copy_rare(kSlot, buffer.data());
        auto wanted = payload(octets);
        wanted.resize(1000);
        expect_padded(wanted, buffer);
    }
    set_headers();
    expect(kLengths[4]);
    EXPECT_EQ(templates.rare_packet_length(kSlot), 0U);
}

// req: RFC9764-5.2-03
TEST_P(Templates, AreNotShorterThanTheirPayload) {
    overlay::HeaderTemplate padded = headers(GetParam());
    overlay::set_padding(padded, 24);
    templates.set_headers(kSlot, padded);
    set_payload(52);
    ASSERT_EQ(templates.rare_packet_length(kSlot), padded.length + 52U);
    std::vector<std::uint8_t> buffer(2048, 0xa5);
    templates.copy_rare(kSlot, buffer.data());
    expect_padded(payload(52), buffer);
}

TEST_P(Templates, HaveNoHeadersThatAskForMoreThanABufferHolds) {
    overlay::HeaderTemplate padded = headers(GetParam());
    overlay::set_padding(padded, 2000);
    templates.set_headers(kSlot, padded);
    EXPECT_EQ(templates.rare_packet_length(kSlot), 0U);
    EXPECT_EQ(templates.packet_length(kSlot), 0);
}

TEST_P(Templates, WithoutHeadersHaveNoPaddingEither) {
    overlay::HeaderTemplate padded = headers(GetParam());
    overlay::set_padding(padded, 1400);
    templates.set_headers(kSlot, padded);
    set_payload(24);
    templates.set_headers(kSlot, {});
    EXPECT_EQ(templates.rare_packet_length(kSlot), 0U);
    set_payload(52);
    set_headers();
    expect(52);
}

// req: RFC5881-4-17
TEST_P(Templates, EchoNeedsTheLinkAddressOfThePeer) {
    set_payload(24);
    std::array<std::uint8_t, kTemplateOctets> out{};
    EXPECT_EQ(templates.make_echo(kSlot, {}, bfd::EchoOctets{}, out.data()), 0);
    set_headers();
    EXPECT_GT(templates.make_echo(kSlot, {}, bfd::EchoOctets{}, out.data()), 0);
    templates.set_headers(kSlot, {});
    EXPECT_EQ(templates.make_echo(kSlot, {}, bfd::EchoOctets{}, out.data()), 0);
}

// req: RFC5881-4-10 RFC5881-4-12 RFC5881-4-16
TEST_P(Templates, EchoGoesToThePeersMacAndToOurAddress) {
    set_payload(24);
    set_headers();
    bfd::EchoOctets payload;
    payload.fill(0x5a);
    for (const bool outside : {false, true}) {
        const IpAddress source = outside ? address(GetParam(), 77) : IpAddress{};
        std::array<std::uint8_t, kTemplateOctets> out{};
        const std::uint16_t length = templates.make_echo(kSlot, source, payload, out.data());
        ASSERT_GT(length, 0);
        EXPECT_TRUE(std::equal(kPeer.begin(), kPeer.end(), out.begin()));
        // As the peer sends it back to us.
        overlay::PortContext us;
        us.mac = kPeer;
        us.addresses.add(address(GetParam(), 1));
        const auto got = overlay::classify({out.data(), length}, us, overlay::ChecksumHint::Unknown,
                                           overlay::ChecksumHint::Unknown);
        ASSERT_EQ(got.verdict, overlay::Verdict::Echo) << name(got.reason);
        EXPECT_EQ(got.packet.ttl, 255);
        const IpAddress from = outside ? source : address(GetParam(), 1);
        EXPECT_TRUE(std::equal(from.wire().begin(), from.wire().end(), got.packet.source));
        EXPECT_EQ(got.packet.payload_length, payload.size());
        EXPECT_TRUE(std::equal(payload.begin(), payload.end(), got.packet.payload));
    }
    expect(Templates::payload(24), templates.packet(kSlot));
}

INSTANTIATE_TEST_SUITE_P(Families, Templates, testing::Bool(),
                         [](const auto& family) { return family.param ? "Ipv4" : "Ipv6"; });

}  // namespace
}  // namespace tocsin::runtime
