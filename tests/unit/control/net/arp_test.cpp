#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

class ArpStack : public StackFixture {
protected:
    ArpStack() { settle(); }
};

TEST_F(ArpStack, AnswersARequestForOurAddress) {
    receive(arp({}));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], arp({.operation = 2,
                            .sender_mac = kOwn,
                            .sender = "192.0.2.1",
                            .target_mac = kPeer,
                            .target = "192.0.2.2",
                            .to = kPeer}));
}

TEST_F(ArpStack, AnswersBehindAPriorityTagAndWithPadding) {
    Bytes frame = arp({});
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0xe0, 0x00});
    frame.resize(64);
    receive(frame);
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(ArpStack, AnswersAProbe) {  // RFC 5227 2.1.1
    receive(arp({.sender = "0.0.0.0"}));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(get16(sent[0], 20), 2U);
    EXPECT_TRUE(stack->neighbors(now).empty());
}

TEST_F(ArpStack, DoesNotAnswerForOtherAddresses) {
    for (const char* const target :
         {"192.0.2.3", "192.0.2.255", "192.0.2.0", "0.0.0.0", "255.255.255.255", "10.0.0.1"}) {
        receive(arp({.target = target}));
    }
    EXPECT_TRUE(sent.empty());
}

TEST_F(ArpStack, IgnoresMalformedPackets) {
    const Bytes good = arp({});
    for (std::size_t length = 0; length < good.size(); ++length) {
        receive(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)));
    }
    for (const std::size_t at : {14U, 15U, 16U, 17U, 18U, 19U, 20U}) {
        Bytes bad = good;
        bad[at] ^= 0x80;
        receive(bad);
    }
    Bytes operation = good;
    put16(operation, 20, 3);
    receive(operation);
    receive(arp({.sender_mac = {}}));
    receive(arp({.sender_mac = {0x01, 0, 0x5e, 0, 0, 1}}));
    receive(arp({.sender = "224.0.0.1"}));
    EXPECT_TRUE(sent.empty());
}

TEST_F(ArpStack, IgnoresItsOwnFramesThatALoopGivesBack) {
    receive(arp({.sender_mac = kOwn, .sender = "192.0.2.1", .target = "192.0.2.1"}));
    EXPECT_TRUE(sent.empty());
    EXPECT_TRUE(claimed.empty());
}

TEST_F(ArpStack, IgnoresFramesForOtherStationsAndPorts) {
    receive(arp({.to = kOther}));
    receive(arp({}), PortId{9});
    EXPECT_TRUE(sent.empty());
}

TEST_F(ArpStack, KeepsNothingOfStrangers) {
    for (int i = 0; i < 1000; ++i) {
        receive(arp(
            {.sender_mac = {2, 0, 0, 1, static_cast<std::uint8_t>(i >> 8),
                            static_cast<std::uint8_t>(i)},
             .sender = "192.0." + std::to_string(i / 250) + '.' + std::to_string(3 + i % 250)}));
    }
    EXPECT_TRUE(stack->neighbors(now).empty());
    EXPECT_TRUE(changes.empty());
}

TEST_F(ArpStack, AsksForATrackedNeighbourAndLearnsFromItsReply) {
    stack->track(kPort, ip("192.0.2.2"), now);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], arp({.sender_mac = kOwn, .sender = "192.0.2.1", .target = "192.0.2.2"}));
    EXPECT_EQ(stack->mac(kPort, ip("192.0.2.2")), std::nullopt);
    receive(arp({.operation = 2, .target_mac = kOwn, .to = kOwn}));
    EXPECT_EQ(stack->mac(kPort, ip("192.0.2.2")), kPeer);
    EXPECT_EQ(state("192.0.2.2"), NeighborState::Reachable);
    EXPECT_EQ(changes, (std::vector<Change>{{ip("192.0.2.2"), kPeer}}));
}

TEST_F(ArpStack, LearnsFromARequestOfATrackedNeighbour) {
    stack->track(kPort, ip("192.0.2.2"), now);
    receive(arp({}));
    EXPECT_EQ(stack->mac(kPort, ip("192.0.2.2")), kPeer);
    EXPECT_EQ(state("192.0.2.2"), NeighborState::Stale) << "it has not answered us yet";
}

TEST_F(ArpStack, FollowsAMacChangeAndAsksTheNewOne) {
    stack->track(kPort, ip("192.0.2.2"), now);
    receive(arp({.operation = 2, .target_mac = kOwn, .to = kOwn}));
    changes.clear();
    sent.clear();
    receive(arp({.sender_mac = kOther, .target = "192.0.2.2"}));  // gratuitous
    EXPECT_EQ(changes, (std::vector<Change>{{ip("192.0.2.2"), kOther}}));
    run(6s);
    ASSERT_GE(sent.size(), 1U);
    EXPECT_TRUE(is_arp_request(sent[0], "192.0.2.2"));
    EXPECT_EQ(mac_to(sent[0]), kOther) << "a unicast probe";
}

TEST_F(ArpStack, IsSilentAboutAMacThatStaysTheSame) {
    stack->track(kPort, ip("192.0.2.2"), now);
    receive(arp({.operation = 2, .target_mac = kOwn, .to = kOwn}));
    changes.clear();
    for (int i = 0; i < 10; ++i) receive(arp({}));
    EXPECT_TRUE(changes.empty());
}

TEST_F(ArpStack, AskingOftenKeepsANeighbourReachableWithoutProbes) {
    stack->track(kPort, ip("192.0.2.2"), now);
    receive(arp({.operation = 2, .target_mac = kOwn, .to = kOwn}));
    sent.clear();
    for (int i = 0; i < 10; ++i) {
        run(20s);
        receive(arp({}));
    }
    EXPECT_EQ(count(sent, [](const Bytes& f) { return is_arp_request(f, "192.0.2.2"); }), 0);
    EXPECT_EQ(state("192.0.2.2"), NeighborState::Reachable);
}

}  // namespace
}  // namespace tocsin::test
