#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

// What is believed of whom: the corners of RFC 4861 7.2.3, 7.2.5 and 7.3.3.
class Distrust : public StackFixture {
protected:
    Distrust() { settle(); }

    void fall_silent(const std::string& address) {
        stack->track(kPort, ip(address), now);
        receive(advertisement(address, kSolicited | kOverride, kPeer));
        run(40s);
        ASSERT_EQ(state(address), NeighborState::Failed);
        changes.clear();
        sent.clear();
    }
};

TEST_F(Distrust, ASilentNeighbourMayMoveWithoutOverride) {
    fall_silent("2001:db8::2");
    receive(advertisement("2001:db8::2", kSolicited, kOther));
    EXPECT_EQ(changes, (std::vector<Change>{{ip("2001:db8::2"), kOther}}));
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Reachable);
}

TEST_F(Distrust, ASilentNeighbourThatIsHeardOfWithItsOldMacIsProbedAlone) {
    fall_silent("2001:db8::2");
    receive(advertisement("2001:db8::2", 0, kPeer, "ff02::1"));
    EXPECT_TRUE(changes.empty()) << "the MAC is no news";
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Stale);
    run(5s);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_TRUE(is_nd(sent[0], 135, "2001:db8::2"));
    EXPECT_EQ(mac_to(sent[0]), kPeer);
}

// RFC 4861 7.2.3: a solicitation for somebody else is discarded whole.
TEST_F(Distrust, ASolicitationForSomebodyElseTeachesNothing) {
    stack->track(kPort, ip("2001:db8::2"), now);
    receive(solicitation("2001:db8::2", "ff02::1:ff00:1", "2001:db8:1::1"));
    receive(solicitation("2001:db8::2", "2001:db8::1", "2001:db8::3"));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), std::nullopt);
    EXPECT_TRUE(changes.empty());
}

TEST_F(Distrust, AReplyIsNotAnswered) {
    receive(arp({.operation = 2, .target_mac = kOwn, .to = kOwn}));
    EXPECT_TRUE(sent.empty());
}

TEST_F(Distrust, AStrangerLeavesNoState) {
    receive(arp({.sender = "192.0.2.77"}));
    receive(solicitation("2001:db8::77", "ff02::1:ff00:1", "2001:db8::1"));
    receive(advertisement("2001:db8::78", kSolicited | kOverride, kPeer));
    EXPECT_TRUE(stack->neighbors(now).empty());
    EXPECT_TRUE(changes.empty());
}

TEST_F(Distrust, TheLinkOfOnePortIsNoNewsOfTheNeighboursOfAnother) {
    StackPort second = default_port();
    second.id = PortId{2};
    std::vector<PortId> asked;
    Stack both{{default_port(), second},
               [&](const message::Frame& f) {
                   const Bytes octets(f.octets.begin(), f.octets.begin() + f.length);
                   if (is_arp_request(octets, "192.0.2.2")) asked.push_back(f.port);
               },
               [](PortId, const IpAddress&, const auto&) {}};
    both.on_timer(now);
    both.track(kPort, ip("192.0.2.2"), now);
    both.track(PortId{2}, ip("192.0.2.2"), now);
    asked.clear();
    both.on_link(PortId{2}, true, now);
    both.on_timer(now);
    EXPECT_EQ(asked, std::vector{PortId{2}});
}

}  // namespace
}  // namespace tocsin::test
