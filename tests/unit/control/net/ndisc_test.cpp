#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

class Ndisc : public StackFixture {
protected:
    Ndisc() { settle(); }

    void track(const std::string& address) {
        stack->track(kPort, ip(address), now);
        asked = take_sent();
    }
    void resolve() {
        track("2001:db8::2");
        receive(advertisement("2001:db8::2", kSolicited | kOverride, kPeer));
        changes.clear();
        sent.clear();
    }

    std::vector<Bytes> asked;
};

TEST_F(Ndisc, AnswersSolicitationsToTheGroupAndToUsAlone) {
    for (const char* const destination : {"ff02::1:ff00:1", "2001:db8::1"}) {
        receive(solicitation("2001:db8::2", destination, "2001:db8::1"));
        ASSERT_EQ(sent.size(), 1U) << destination;
        const Bytes expected = [] {
            Icmp6 i{.source = "2001:db8::1",
                    .destination = "2001:db8::2",
                    .message = from_hex("88 00 0000 60000000"),
                    .to = kPeer,
                    .from = kOwn};
            append(i.message, ip("2001:db8::1").wire());
            append(i.message, link_option(2, kOwn));
            return icmp6(i);
        }();
        EXPECT_EQ(take_sent().front(), expected) << destination;
    }
}

TEST_F(Ndisc, AnswersForALinkLocalAddress) {
    receive(solicitation("fe80::b", "ff02::1:ff00:a", "fe80::a"));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(source_v6(sent[0]), ip("fe80::a"));
}

TEST_F(Ndisc, AnswersToTheFramesSourceWhenNoMacIsGiven) {
    Icmp6 i{.message = from_hex("87 00 0000 00000000")};
    append(i.message, ip("2001:db8::1").wire());
    receive(icmp6(i));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(mac_to(sent[0]), kPeer);
}

TEST_F(Ndisc, DoesNotAnswerForOtherAddresses) {
    receive(solicitation("2001:db8::2", "ff02::1:ff00:3", "2001:db8::3"));
    receive(solicitation("2001:db8::2", "2001:db8::1", "2001:db8::3"));
    receive(solicitation("2001:db8::2", "ff02::1:ff00:1", "2001:db8:1::1"));
    EXPECT_TRUE(sent.empty());
}

Bytes with(Bytes frame, std::size_t at, std::uint8_t value, bool fix = true) {
    frame.at(at) = value;
    if (fix) fix_icmpv6(frame);
    return frame;
}

// RFC 4861 7.1.1
TEST_F(Ndisc, IgnoresInvalidSolicitations) {
    const Bytes good = solicitation("2001:db8::2", "2001:db8::1", "2001:db8::1");
    receive(with(good, 21, 254));          // Hop Limit
    receive(with(good, 56, 0x12, false));  // checksum
    receive(with(good, 55, 1));            // code
    receive(with(good, 79, 0));            // an option of length zero
    receive(with(good, 79, 2));            // an option that leaves the message
    receive(with(good, 80, 0x03));         // a group as MAC
    receive(with(good, 62, 0xff));         // a group as target
    receive(with(good, 22, 0xff));         // a group as source
    receive(with(good, 20, 59));           // another protocol
    receive(with(good, 14, 0x50));         // another version
    receive(solicitation("::1", "2001:db8::1", "2001:db8::1"));
    for (std::size_t length = 0; length < good.size(); ++length) {
        const auto end = good.begin() + static_cast<std::ptrdiff_t>(length);
        receive(Bytes(good.begin(), end));
        if (length < 78) continue;
        Bytes told(good.begin(), end);  // the same with an honest length and checksum
        put16(told, 18, static_cast<unsigned>(length - 54));
        fix_icmpv6(told);
        if (length > 78) receive(told);
    }
    Bytes lying = good;
    put16(lying, 18, 0xffff);
    receive(lying);
    put16(lying, 18, 20);
    fix_icmpv6(lying);
    receive(lying);
    EXPECT_TRUE(sent.empty());
    receive(good);
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(Ndisc, IgnoresProbesThatNoProbeCanLookLike) {            // RFC 4861 7.1.1, last two points
    receive(solicitation("::", "2001:db8::1", "2001:db8::1"));  // not to the group
    receive(solicitation("::", "ff02::1", "2001:db8::1"));
    Icmp6 i{.source = "::",
            .destination = "ff02::1:ff00:1",
            .message = from_hex("87 00 0000 00000000")};
    append(i.message, ip("2001:db8::1").wire());
    append(i.message, link_option(1, kPeer));
    receive(icmp6(i));
    EXPECT_TRUE(sent.empty());
    EXPECT_TRUE(claimed.empty());
}

// RFC 4861 7.1.2
TEST_F(Ndisc, IgnoresInvalidAdvertisements) {
    track("2001:db8::2");
    const Bytes good = advertisement("2001:db8::2", kSolicited | kOverride, kPeer);
    receive(with(good, 21, 254));
    receive(with(good, 56, 0x12, false));
    receive(with(good, 55, 1));
    receive(with(good, 79, 0));
    receive(with(good, 79, 2));
    receive(with(good, 80, 0x01));
    receive(advertisement("2001:db8::2", kSolicited | kOverride, kPeer, "ff02::1"));
    receive(advertisement("ff02::2", kOverride, kPeer));
    for (std::size_t length = 0; length < good.size(); ++length) {
        receive(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)));
    }
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), std::nullopt);
    EXPECT_TRUE(changes.empty());
}

TEST_F(Ndisc, AsksTheSolicitedNodeGroupAndLearnsFromTheAnswer) {
    track("2001:db8::2");
    ASSERT_EQ(asked.size(), 1U);
    Bytes expected = [] {
        Icmp6 i{.source = "2001:db8::1",
                .destination = "ff02::1:ff00:2",
                .message = from_hex("87 00 0000 00000000"),
                .to = {0x33, 0x33, 0xff, 0, 0, 2},
                .from = kOwn};
        append(i.message, ip("2001:db8::2").wire());
        append(i.message, link_option(1, kOwn));
        return icmp6(i);
    }();
    EXPECT_EQ(asked[0], expected);
    receive(advertisement("2001:db8::2", kSolicited | kOverride, kPeer));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), kPeer);
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Reachable);
    EXPECT_EQ(changes, (std::vector<Change>{{ip("2001:db8::2"), kPeer}}));
}

TEST_F(Ndisc, AsksForALinkLocalNeighbourFromTheLinkLocalAddress) {
    track("fe80::b");
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(source_v6(asked[0]), ip("fe80::a"));
}

TEST_F(Ndisc, LearnsFromASolicitationWithoutCallingItReachable) {
    track("2001:db8::2");
    receive(solicitation("2001:db8::2", "ff02::1:ff00:1", "2001:db8::1"));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), kPeer);
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Stale);
}

// RFC 4861 7.2.5, cell by cell
TEST_F(Ndisc, AnAnswerWithoutMacResolvesNothing) {
    track("2001:db8::2");
    receive(advertisement("2001:db8::2", kSolicited | kOverride, std::nullopt));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), std::nullopt);
}

TEST_F(Ndisc, AnUnsolicitedAdvertisementResolvesToStale) {
    track("2001:db8::2");
    receive(advertisement("2001:db8::2", 0, kPeer, "ff02::1"));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), kPeer);
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Stale);
}

TEST_F(Ndisc, AnotherMacWithoutOverrideIsNotBelievedButLookedInto) {
    resolve();
    receive(advertisement("2001:db8::2", kSolicited, kOther));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), kPeer);
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Stale);
    receive(advertisement("2001:db8::2", kSolicited, kOther));
    EXPECT_EQ(stack->mac(kPort, ip("2001:db8::2")), kPeer);
    EXPECT_TRUE(changes.empty());
    run(6s);
    ASSERT_GE(sent.size(), 1U);
    EXPECT_EQ(mac_to(sent[0]), kPeer);
}

TEST_F(Ndisc, AnotherMacWithOverrideReplacesTheOldOne) {
    resolve();
    receive(advertisement("2001:db8::2", kOverride, kOther, "ff02::1"));
    EXPECT_EQ(changes, (std::vector<Change>{{ip("2001:db8::2"), kOther}}));
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Stale);
    receive(advertisement("2001:db8::2", kSolicited | kOverride, kOther));
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Reachable);
    EXPECT_EQ(changes.size(), 1U);
}

TEST_F(Ndisc, TheSameMacUnsolicitedChangesNothing) {
    resolve();
    receive(advertisement("2001:db8::2", kOverride, kPeer, "ff02::1"));
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Reachable);
    EXPECT_TRUE(changes.empty());
}

TEST_F(Ndisc, ASolicitedAnswerWithoutMacConfirms) {
    resolve();
    run(36s);
    ASSERT_EQ(state("2001:db8::2"), NeighborState::Probe);
    receive(advertisement("2001:db8::2", kSolicited, std::nullopt));
    EXPECT_EQ(state("2001:db8::2"), NeighborState::Reachable);
}

TEST_F(Ndisc, IgnoresRoutersAndRedirects) {
    track("2001:db8::fe");
    for (const char* const type : {"85", "86", "89"}) {
        Icmp6 i{.source = "2001:db8::fe", .message = from_hex(std::string{type} + " 00 0000")};
        i.message.resize(40);
        receive(icmp6(i));
    }
    EXPECT_TRUE(sent.empty());
    EXPECT_TRUE(changes.empty());
    EXPECT_EQ(stack->next_hop(kPort, ip("2001:db8:f::1")), ip("2001:db8::fe"));
}

}  // namespace
}  // namespace tocsin::test
