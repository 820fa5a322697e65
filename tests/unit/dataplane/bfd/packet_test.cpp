#include "dataplane/bfd/packet.hpp"

#include "one_session.hpp"

#include <memory>

namespace tocsin::test {
namespace {

using bfd::ControlOctets;
using bfd::ControlPacket;
using bfd::decode;
using bfd::encode;

const ControlPacket kAllFields{.diag = Diag::PathDown,
                               .state = SessionState::Up,
                               .poll = true,
                               .final = false,
                               .control_plane_independent = true,
                               .demand = true,
                               .detect_mult = 0x42,
                               .my_discriminator = {0x01020304U},
                               .your_discriminator = {0x05060708U},
                               .desired_min_tx_interval = WireInterval{0x090a0b0cU},
                               .required_min_rx_interval = WireInterval{0x0d0e0f10U},
                               .required_min_echo_rx_interval = WireInterval{0x11121314U}};

// Version 1, Diag 5; Up, P, C, D; Detect Mult; Length; then five words.
constexpr ControlOctets kGolden{0x25, 0xea, 0x42, 0x18, 0x01, 0x02, 0x03, 0x04,
                                0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
                                0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14};

// req: RFC5880-4.1-01 RFC5880-4.1-02 RFC5880-4.1-14
TEST(ControlPacketCodec, EncodesTheGoldenVector) { EXPECT_EQ(encode(kAllFields), kGolden); }

// req: RFC5880-4.1-01
TEST(ControlPacketCodec, DecodesTheGoldenVector) {
    ControlPacket out;
    ASSERT_EQ(decode(kGolden, out), DropReason::None);
    EXPECT_EQ(out, kAllFields);
}

TEST(ControlPacketCodec, PutsEachFlagOnItsOwnBit) {
    const ControlPacket none{};
    ControlPacket one = none;
    one.poll = true;
    EXPECT_EQ(encode(one)[1], 0x20);
    one = none;
    one.final = true;
    EXPECT_EQ(encode(one)[1], 0x10);
    one = none;
    one.control_plane_independent = true;
    EXPECT_EQ(encode(one)[1], 0x08);
    one = none;
    one.authentication_present = true;
    EXPECT_EQ(encode(one)[1], 0x04);
    one = none;
    one.demand = true;
    EXPECT_EQ(encode(one)[1], 0x02);
    one = none;
    one.multipoint = true;
    EXPECT_EQ(encode(one)[1], 0x01);
}

/// Decodes octets that lie at the end of their own allocation, so that a sanitizer sees any read
/// behind.
DropReason decode_exactly(std::vector<std::uint8_t> octets) {
    const auto copy = std::make_unique<std::uint8_t[]>(octets.size());
    std::copy(octets.begin(), octets.end(), copy.get());
    ControlPacket out;
    return decode({copy.get(), octets.size()}, out);
}

std::vector<std::uint8_t> good() { return {kGolden.begin(), kGolden.end()}; }

// req: RFC5880-6.8.6-06
TEST(ControlPacketCodec, ReadsNothingBehindAShortPayload) {
    for (std::size_t n = 0; n < bfd::kControlPacketLength; ++n) {
        std::vector<std::uint8_t> cut = good();
        cut.resize(n);
        EXPECT_EQ(decode_exactly(cut), DropReason::PayloadTooShort) << n;
    }
}

// req: RFC5880-6.8.6-06
TEST(ControlPacketCodec, RefusesALengthBeyondThePayload) {
    for (const int length : {25, 26, 48, 255}) {
        std::vector<std::uint8_t> octets = good();
        octets[3] = static_cast<std::uint8_t>(length);
        EXPECT_EQ(decode_exactly(octets), DropReason::LengthBeyondPayload) << length;
        octets.resize(static_cast<std::size_t>(length) - 1);
        EXPECT_EQ(decode_exactly(octets), DropReason::LengthBeyondPayload) << length;
        octets.resize(static_cast<std::size_t>(length));
        EXPECT_EQ(decode_exactly(octets), DropReason::None) << length;
    }
}

// req: RFC5880-6.8.6-04
TEST(ControlPacketCodec, NeedsALengthOf24WithoutAuthentication) {
    for (const int length : {0, 1, 23}) {
        std::vector<std::uint8_t> octets = good();
        octets[3] = static_cast<std::uint8_t>(length);
        EXPECT_EQ(decode_exactly(octets), DropReason::LengthTooShort) << length;
    }
}

// req: RFC5880-6.8.6-05
TEST(ControlPacketCodec, NeedsALengthOf26WithAuthentication) {
    std::vector<std::uint8_t> octets = good();
    octets.resize(52);
    octets[1] |= bfd::kAuthenticationBit;
    for (const int length : {0, 24, 25}) {
        octets[3] = static_cast<std::uint8_t>(length);
        EXPECT_EQ(decode_exactly(octets), DropReason::LengthTooShort) << length;
    }
    octets[3] = 26;
    EXPECT_EQ(decode_exactly(octets), DropReason::None);
}

// req: RFC5880-6.8.6-03
TEST(ControlPacketCodec, TakesVersion1Only) {
    for (int version = 0; version < 8; ++version) {
        std::vector<std::uint8_t> octets = good();
        octets[0] = static_cast<std::uint8_t>(version << 5 | 5);
        EXPECT_EQ(decode_exactly(octets), version == 1 ? DropReason::None : DropReason::Version);
    }
}

// req: RFC5880-6.8.6-13
TEST(ControlPacketCodec, LetsYourDiscriminatorBeZeroInDownAndAdminDownOnly) {
    for (int state = 0; state < 4; ++state) {
        std::vector<std::uint8_t> octets = good();
        octets[1] = static_cast<std::uint8_t>(state << 6);
        std::fill_n(octets.begin() + 8, 4, std::uint8_t{0});
        EXPECT_EQ(decode_exactly(octets),
                  state < 2 ? DropReason::None : DropReason::YourDiscriminatorZeroState);
    }
}

// req: RFC5880-4.1-05 RFC5880-6-01
TEST(ControlPacketCodec, TakesEveryDiagnosticAndEveryCombinationOfHarmlessFlags) {
    for (int diag = 0; diag < 32; ++diag) {
        for (const int flags : {0x00, 0x20, 0x10, 0x30, 0x08, 0x02, 0x3a}) {
            std::vector<std::uint8_t> octets = good();
            octets[0] = static_cast<std::uint8_t>(0x20 | diag);
            octets[1] = static_cast<std::uint8_t>(0xc0 | flags);
            ControlPacket out;
            ASSERT_EQ(decode(octets, out), DropReason::None);
            EXPECT_EQ(static_cast<int>(out.diag), diag);
        }
    }
}

}  // namespace
}  // namespace tocsin::test
