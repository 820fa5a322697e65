// What a reflector of S-BFD answers, and what it does not: RFC 7880 7.2.

#include "dataplane/bfd/reflector.hpp"

#include "one_session.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace tocsin::test {
namespace {

using bfd::ControlPacket;
using bfd::ReflectorTable;

constexpr Discriminator kEntity{0xc6336401U};
constexpr Discriminator kInitiator{0x0a0b0c01U};

class Reflector : public testing::Test {
protected:
    Reflector() {
        table.set({.discriminator = kEntity, .required_min_rx_interval = 10ms});
        request.state = SessionState::Down;
        request.demand = true;
        request.detect_mult = 3;
        request.my_discriminator = kInitiator;
        request.your_discriminator = kEntity;
        request.desired_min_tx_interval = 50ms;
    }
    DropReason send(std::size_t padding = 0) {
        const bfd::ControlOctets sent = bfd::encode(request);
        octets.assign(sent.begin(), sent.end());
        octets.resize(octets.size() + padding, 0xee);
        return bfd::reflect(octets, source, table).reason;
    }
    /// Of a request that was answered.
    ControlPacket answer() {
        EXPECT_EQ(send(), DropReason::None);
        ControlPacket out;
        EXPECT_EQ(bfd::decode(octets, out), DropReason::None);
        return out;
    }

    ReflectorTable table;
    IpAddress source = ip_address(std::array<std::uint8_t, 4>{192, 0, 2, 9});
    ControlPacket request;
    std::vector<std::uint8_t> octets;
};

// req: RFC7880-3-03 RFC7880-5-02 RFC7880-7.1-02 RFC7880-7.2.1-02 RFC7880-7.2.2-01 RFC7880-7.2.2-02
// req: RFC7880-7.2.2-03 RFC7880-7.2.2-04 RFC7880-7.2.2-05 RFC7880-7.2.2-06 RFC7880-7.2.2-07
// req: RFC7880-7.2.2-08 RFC7880-7.2.2-09 RFC7880-7.2.3-01 RFC7880-7.2.3-03
TEST_F(Reflector, AnswersForItsEntity) {
    ControlPacket expected;
    expected.state = SessionState::Up;
    expected.detect_mult = 3;
    expected.my_discriminator = kEntity;
    expected.your_discriminator = kInitiator;
    expected.desired_min_tx_interval = 50ms;
    expected.required_min_rx_interval = 10ms;
    EXPECT_EQ(answer(), expected);
}

// req: RFC7880-7.2.2-04 RFC7880-7.2.2-07
TEST_F(Reflector, RepeatsWhatTheInitiatorAskedFor) {
    request.detect_mult = 200;
    request.desired_min_tx_interval = 3300us;
    const ControlPacket response = answer();
    EXPECT_EQ(response.detect_mult, 200);
    EXPECT_EQ(response.desired_min_tx_interval, 3300us);
}

// req: RFC7880-5-04 RFC7880-7.2.3-04
TEST_F(Reflector, SaysAdminDownForAnEntityOutOfService) {
    table.set({.discriminator = kEntity, .in_service = false});
    const ControlPacket response = answer();
    EXPECT_EQ(response.state, SessionState::AdminDown);
    EXPECT_EQ(response.diag, Diag::AdministrativelyDown);
    EXPECT_EQ(table.size(), 1U);
}

// req: RFC7880-7.5-02 RFC7880-7.5-05
TEST_F(Reflector, AnswersAPollWithAFinal) {
    request.poll = true;
    const ControlPacket response = answer();
    EXPECT_TRUE(response.final);
    EXPECT_FALSE(response.poll);
    request.poll = false;
    EXPECT_FALSE(answer().final);
}

// req: RFC7880-7.2.3-05 RFC7880-A-01
TEST_F(Reflector, DoesNotAnswerAnAnswer) {
    ASSERT_EQ(send(), DropReason::None);
    table.set({.discriminator = kInitiator});
    const std::vector<std::uint8_t> response = octets;
    EXPECT_EQ(bfd::reflect(octets, source, table).reason, DropReason::ReflectorDemandClear);
    EXPECT_EQ(octets, response);
}

// req: RFC7880-7.1-04 RFC7880-7.2.1-01
TEST_F(Reflector, AnswersForNobodyElse) {
    request.your_discriminator = {kEntity.value + 1};
    const bfd::ControlOctets sent = bfd::encode(request);
    EXPECT_EQ(send(), DropReason::YourDiscriminatorUnknown);
    EXPECT_EQ(octets, std::vector(sent.begin(), sent.end())) << "left as it came";
    request.your_discriminator = {};
    EXPECT_EQ(send(), DropReason::YourDiscriminatorUnknown);
    request.state = SessionState::Up;
    EXPECT_EQ(send(), DropReason::YourDiscriminatorZeroState);
    table.remove(kEntity);
    request.your_discriminator = kEntity;
    EXPECT_EQ(send(), DropReason::YourDiscriminatorUnknown);
}

// req: RFC7880-7.2-01
TEST_F(Reflector, ChecksWhatEveryControlPacketIsCheckedFor) {
    request.detect_mult = 0;
    EXPECT_EQ(send(), DropReason::DetectMultZero);
    request.detect_mult = 3;
    request.my_discriminator = {};
    EXPECT_EQ(send(), DropReason::MyDiscriminatorZero);
    request.my_discriminator = kInitiator;
    request.multipoint = true;
    EXPECT_EQ(send(), DropReason::Multipoint);
    request.multipoint = false;
    request.length = 25;
    EXPECT_EQ(send(), DropReason::LengthBeyondPayload);
}

// req: RFC7880-7.2.2-09 RFC7880-10-03
TEST_F(Reflector, OffersEchoOnlyWhereItIsLooped) {
    request.required_min_echo_rx_interval = 1s;
    EXPECT_EQ(answer().required_min_echo_rx_interval, 0us);
    table.set({.discriminator = kEntity, .required_min_echo_rx_interval = 20ms});
    EXPECT_EQ(answer().required_min_echo_rx_interval, 20ms);
}

// req: RFC7880-5-03 RFC7881-7-01
TEST_F(Reflector, AnswersWhomItMay) {
    const IpPrefix near{ip_address(std::array<std::uint8_t, 4>{192, 0, 2, 0}), 24};
    const IpPrefix host{source, 32};
    const IpPrefix other{ip_address(std::array<std::uint8_t, 4>{198, 51, 100, 0}), 24};
    ASSERT_TRUE(table.set_sources(kEntity, std::vector{other}, {}));
    EXPECT_EQ(send(), DropReason::ReflectorDenied);
    ASSERT_TRUE(table.set_sources(kEntity, std::vector{other, near}, {}));
    EXPECT_EQ(send(), DropReason::None);
    ASSERT_TRUE(table.set_sources(kEntity, std::vector{near}, std::vector{host}));
    EXPECT_EQ(send(), DropReason::ReflectorDenied);
    ASSERT_TRUE(table.set_sources(kEntity, {}, std::vector{host}));
    EXPECT_EQ(send(), DropReason::ReflectorDenied);
    source = {};
    EXPECT_EQ(send(), DropReason::None);
    EXPECT_FALSE(table.set_sources({99}, {}, {})) << "not there";
    const std::vector<IpPrefix> many(ReflectorTable::kPrefixes, near);
    EXPECT_FALSE(table.set_sources(kEntity, many, {}));
    EXPECT_EQ(send(), DropReason::ReflectorDenied) << "rather nobody than everybody";
}

TEST_F(Reflector, LeavesWhatFollowsTheControlPacket) {
    ASSERT_EQ(send(3), DropReason::None);
    EXPECT_EQ(std::vector(octets.end() - 3, octets.end()),
              (std::vector<std::uint8_t>{0xee, 0xee, 0xee}));
}

// req: RFC7880-4.2-05 RFC7880-4.2-06 RFC7880-5-05
TEST(ReflectorTable, HasEachDiscriminatorOnceAndNeverZero) {
    ReflectorTable table;
    EXPECT_FALSE(table.set({.discriminator = {}}));
    for (std::uint32_t i = 1; i <= ReflectorTable::kCapacity; ++i) {
        ASSERT_TRUE(table.set({.discriminator = {i}}));
    }
    EXPECT_FALSE(table.set({.discriminator = {1000}})) << "full";
    EXPECT_TRUE(table.set({.discriminator = {7}, .in_service = false})) << "replaces";
    ASSERT_NE(table.find({7}), nullptr);
    EXPECT_FALSE(table.find({7})->in_service);
    table.remove({7});
    EXPECT_EQ(table.find({7}), nullptr);
    EXPECT_NE(table.find({ReflectorTable::kCapacity}), nullptr);
    EXPECT_EQ(table.size(), ReflectorTable::kCapacity - 1);
    table.remove({7});
    EXPECT_EQ(table.size(), ReflectorTable::kCapacity - 1);
}

}  // namespace
}  // namespace tocsin::test
