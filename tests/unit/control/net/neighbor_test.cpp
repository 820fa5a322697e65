#include "stack_fixture.hpp"

namespace tocsin::test {
namespace {

struct Family {
    const char* name;
    const char* peer;
};

// Both families resolve and refresh alike.
class Neighbor : public StackFixture, public testing::WithParamInterface<Family> {
protected:
    Neighbor() { settle(); }

    bool v4() const { return ip(peer).is_v4(); }
    void track() { stack->track(kPort, ip(peer), now); }
    void answer(const MacAddress& mac = kPeer) {
        receive(v4() ? arp({.operation = 2, .sender_mac = mac, .target_mac = kOwn, .to = kOwn})
                     : advertisement(peer, kSolicited | kOverride, mac));
    }
    bool asks(const Bytes& f) const { return v4() ? is_arp_request(f, peer) : is_nd(f, 135, peer); }
    std::ptrdiff_t questions() const {
        return count(sent, [this](const Bytes& f) { return asks(f); });
    }
    MacAddress asked_whom() const {
        const auto last =
            std::ranges::find_if(sent.rbegin(), sent.rend(), [this](auto& f) { return asks(f); });
        return last == sent.rend() ? MacAddress{} : mac_to(*last);
    }
    MacAddress everybody() const { return v4() ? kAll : MacAddress{0x33, 0x33, 0xff, 0, 0, 2}; }
    std::optional<MacAddress> mac() const { return stack->mac(kPort, ip(peer)); }
    NeighborState state_now() { return state(peer); }

    std::string peer = GetParam().peer;
};

TEST_P(Neighbor, IsAskedForThreeTimesASecondApartAndThenReportedMissingOnce) {
    track();
    EXPECT_EQ(questions(), 1);
    run(900ms);
    EXPECT_EQ(questions(), 1);
    run(100ms);
    EXPECT_EQ(questions(), 2);
    run(1s);
    EXPECT_EQ(questions(), 3);
    EXPECT_EQ(state_now(), NeighborState::Incomplete);
    EXPECT_TRUE(changes.empty());
    run(1s);
    EXPECT_EQ(state_now(), NeighborState::Failed);
    EXPECT_EQ(changes, (std::vector<Change>{{ip(peer), std::nullopt}}));
    run(300s);
    EXPECT_EQ(changes.size(), 1U);
}

TEST_P(Neighbor, IsAskedForMoreSeldomButForEverWhileMissing) {
    track();
    run(60s);
    sent.clear();
    run(80s);
    EXPECT_EQ(questions(), 10);  // every 8 s
    EXPECT_EQ(asked_whom(), everybody());
}

TEST_P(Neighbor, IsUsedAtOnceWhenItAnswersAfterAll) {
    track();
    run(60s);
    changes.clear();
    answer();
    EXPECT_EQ(changes, (std::vector<Change>{{ip(peer), kPeer}}));
    EXPECT_EQ(state_now(), NeighborState::Reachable);
}

TEST_P(Neighbor, IsReachableForThirtySecondsThenStaleThenProbedAlone) {
    track();
    answer();
    sent.clear();
    run(29900ms);
    EXPECT_EQ(state_now(), NeighborState::Reachable);
    run(200ms);
    EXPECT_EQ(state_now(), NeighborState::Stale);
    EXPECT_EQ(questions(), 0);
    run(5s);
    EXPECT_EQ(state_now(), NeighborState::Probe);
    EXPECT_EQ(questions(), 1);
    EXPECT_EQ(asked_whom(), kPeer);
    answer();
    EXPECT_EQ(state_now(), NeighborState::Reachable);
    sent.clear();
    run(29900ms);
    EXPECT_EQ(questions(), 0);
}

TEST_P(Neighbor, KeepsItsMacWhenItNoLongerAnswers) {
    track();
    answer();
    changes.clear();
    run(40s);
    EXPECT_EQ(state_now(), NeighborState::Failed);
    EXPECT_EQ(mac(), kPeer);
    run(300s);
    EXPECT_EQ(mac(), kPeer);
    EXPECT_TRUE(changes.empty());
}

TEST_P(Neighbor, IsSearchedForEverywhereOnceItsMacIsSilent) {
    track();
    answer();
    run(40s);
    sent.clear();
    run(10s);
    ASSERT_GE(questions(), 1);
    EXPECT_EQ(asked_whom(), everybody());
    answer(kOther);
    EXPECT_EQ(changes.back(), (Change{ip(peer), kOther}));
    EXPECT_EQ(state_now(), NeighborState::Reachable);
}

TEST_P(Neighbor, IsNotProbedWhileAnUpperLayerConfirmsIt) {
    track();
    answer();
    sent.clear();
    for (int i = 0; i < 60; ++i) {
        run(10s);
        stack->confirm(kPort, ip(peer), 0s, now);
    }
    EXPECT_EQ(questions(), 0);
    EXPECT_EQ(state_now(), NeighborState::Reachable);
    run(35500ms);
    EXPECT_EQ(questions(), 1) << "30 s after the last of them, and 5 s more";
}

TEST_P(Neighbor, WithANewMacIsNotConfirmedByWhatWasSentToTheOldOne) {
    track();
    answer();
    run(10s);
    receive(v4() ? arp({.sender_mac = kOther, .target = peer})  // unasked, perhaps forged
                 : advertisement(peer, kOverride, kOther));
    EXPECT_EQ(mac(), kOther);
    const Instant moved = now;
    run(200ms);
    sent.clear();
    stack->confirm(kPort, ip(peer), now - moved + 1ms, now);
    EXPECT_EQ(state_now(), NeighborState::Stale);
    stack->doubt(kPort, ip(peer), now);
    run(100ms);
    EXPECT_EQ(questions(), 1) << "the path failed: it is asked at once";
    EXPECT_NE(asked_whom(), everybody()) << "first alone";
    run(1s);
    EXPECT_EQ(asked_whom(), everybody()) << "then whoever has the address";
    answer(kPeer);
    EXPECT_EQ(mac(), kPeer);
    EXPECT_EQ(state_now(), NeighborState::Reachable);
}

TEST_P(Neighbor, WithANewMacIsConfirmedByWhatWasSentToIt) {
    track();
    answer();
    receive(v4() ? arp({.sender_mac = kOther, .target = peer})
                 : advertisement(peer, kOverride, kOther));
    run(2s);
    stack->confirm(kPort, ip(peer), 1s, now);
    EXPECT_EQ(state_now(), NeighborState::Reachable);
    EXPECT_EQ(mac(), kOther);
}

TEST_P(Neighbor, ThatIsUnknownIsNotConfirmedByAnUpperLayer) {
    stack->confirm(kPort, ip(peer), 0s, now);
    EXPECT_TRUE(stack->neighbors(now).empty());
    track();
    stack->confirm(kPort, ip(peer), 0s, now);
    EXPECT_EQ(state_now(), NeighborState::Incomplete);
}

TEST_P(Neighbor, IsTrackedOnceForSeveralUsers) {
    track();
    track();
    EXPECT_EQ(questions(), 1);
    ASSERT_EQ(stack->neighbors(now).size(), 1U);
    EXPECT_EQ(stack->neighbors(now)[0].users, 2U);
    stack->untrack(kPort, ip(peer));
    answer();
    EXPECT_EQ(mac(), kPeer);
    stack->untrack(kPort, ip(peer));
    EXPECT_EQ(mac(), std::nullopt);
    EXPECT_TRUE(stack->neighbors(now).empty());
    sent.clear();
    run(60s);
    EXPECT_EQ(questions(), 0);
    stack->untrack(kPort, ip(peer));
}

TEST_P(Neighbor, IsProbedAgainWhenTheLinkComesUp) {
    track();
    answer();
    stack->on_link(kPort, false, now);
    run(1s);
    sent.clear();
    stack->on_link(kPort, true, now);
    run(100ms);
    EXPECT_EQ(questions(), 1);
    EXPECT_EQ(asked_whom(), kPeer);
    EXPECT_EQ(mac(), kPeer);
}

TEST_P(Neighbor, TellsWhenItWasConfirmed) {
    track();
    run(2s);
    answer();
    run(5s);
    const auto list = stack->neighbors(now);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].since_confirmed, 5s);
    EXPECT_EQ(list[0].mac, kPeer);
    EXPECT_EQ(list[0].port, kPort);
}

INSTANTIATE_TEST_SUITE_P(Families, Neighbor,
                         testing::Values(Family{"Ipv4", "192.0.2.2"},
                                         Family{"Ipv6", "2001:db8::2"}),
                         [](const auto& test) { return std::string{test.param.name}; });

class Neighbors : public StackFixture {};

TEST_F(Neighbors, AreToldApartByPort) {
    std::vector<PortId> asked;
    std::vector<PortId> changed;
    StackPort second = default_port();
    second.id = PortId{2};
    Stack both{{default_port(), second},
               [&](const message::Frame& f) { asked.push_back(f.port); },
               [&](PortId port, const IpAddress&, const auto&) { changed.push_back(port); }};
    both.track(kPort, ip("fe80::b"), now);
    both.track(PortId{2}, ip("fe80::b"), now);
    EXPECT_EQ(asked, (std::vector{kPort, PortId{2}}));
    const Bytes answer = advertisement("fe80::b", kSolicited | kOverride, kPeer, "fe80::a");
    message::Frame frame;
    frame.port = PortId{2};
    frame.length = static_cast<std::uint16_t>(answer.size());
    std::ranges::copy(answer, frame.octets.begin());
    both.on_frame(frame, now);
    EXPECT_EQ(changed, std::vector{PortId{2}});
    EXPECT_EQ(both.mac(kPort, ip("fe80::b")), std::nullopt);
    EXPECT_EQ(both.mac(PortId{2}, ip("fe80::b")), kPeer);
}

TEST_F(Neighbors, InGreatNumbersAreAskedForInPortions) {
    settle();
    const auto address = [](int i) {
        return ip("2001:db8::1:" + std::to_string(i / 1000) + ':' + std::to_string(i % 1000));
    };
    for (int i = 0; i < 2000; ++i) stack->track(kPort, address(i), now);
    EXPECT_EQ(sent.size(), 80U);
    for (int turn = 0; turn < 20; ++turn) {
        sent.clear();
        run(100ms);
        EXPECT_EQ(sent.size(), 80U) << "retransmissions included";
    }
    for (int i = 0; i < 2000; ++i) stack->untrack(kPort, address(i));
    sent.clear();
    run(20s);
    EXPECT_TRUE(sent.empty());
}

TEST_F(Neighbors, DoNotWaitForThoseThatNeverAnswer) {
    settle();
    const auto address = [](int i) {
        return ip("2001:db8::1:" + std::to_string(i / 1000) + ':' + std::to_string(i % 1000));
    };
    for (int i = 0; i < 10'000; ++i) stack->track(kPort, address(i), now);
    run(80s);
    sent.clear();
    stack->track(kPort, ip("192.0.2.2"), now);
    run(200ms);
    EXPECT_EQ(count(sent, [](const Bytes& f) { return is_arp_request(f, "192.0.2.2"); }), 1);
    EXPECT_EQ(sent.size(), 160U) << "the others go on being asked";
}

TEST_F(Neighbors, InGreatNumbersAreProbedInPiecesWhenTheLinkComesUp) {
    settle();
    const auto address = [](int i) {
        return ip("2001:db8::1:" + std::to_string(i / 1000) + ':' + std::to_string(i % 1000));
    };
    constexpr int kMany = 20'000;
    for (int i = 0; i < kMany; ++i) {
        stack->track(kPort, address(i), now);
        receive(advertisement(
            "2001:db8::1:" + std::to_string(i / 1000) + ':' + std::to_string(i % 1000),
            kSolicited | kOverride, kPeer));
    }
    run(100ms);
    const auto probed = [&] {
        return std::ranges::count(stack->neighbors(now), NeighborState::Probe,
                                  &control::net::NeighborInfo::state);
    };
    ASSERT_EQ(probed(), 0);
    stack->on_link(kPort, true, now);
    EXPECT_GT(probed(), 0);
    EXPECT_LT(probed(), kMany / 2);
    run(1s);
    EXPECT_EQ(probed(), kMany);
}

TEST_F(Neighbors, APageHasTheFirstOnesBehindAPlaceInOrder) {
    for (const int i : {9, 3, 7, 1, 5})
        stack->track(kPort, ip("2001:db8::" + std::to_string(i)), now);
    const auto page = [&](const std::optional<control::net::NeighborPlace>& after,
                          std::size_t limit, bool more) {
        control::net::NeighborList list;
        while (stack->add_piece(list, now)) continue;
        EXPECT_EQ(list.keep_page(after, limit), more);
        std::vector<IpAddress> out;
        for (const auto& n : list.neighbors) out.push_back(n.address);
        return out;
    };
    using Addresses = std::vector<IpAddress>;
    EXPECT_EQ(page({}, 2, true), (Addresses{ip("2001:db8::1"), ip("2001:db8::3")}));
    const auto behind = [&](const char* address) {
        return control::net::NeighborPlace{.port = kPort, .address = ip(address)};
    };
    EXPECT_EQ(page(behind("2001:db8::3"), 2, true),
              (Addresses{ip("2001:db8::5"), ip("2001:db8::7")}));
    EXPECT_EQ(page(behind("2001:db8::6"), 2, false),
              (Addresses{ip("2001:db8::7"), ip("2001:db8::9")}))
        << "also when that one is gone";
    EXPECT_TRUE(page(behind("2001:db8::9"), 2, false).empty());
}

TEST_F(Neighbors, AreListedInPiecesEachOnce) {
    constexpr int kMany = 30'000;
    for (int i = 0; i < kMany; ++i) {
        stack->track(kPort,
                     ip("2001:db8::1:" + std::to_string(i / 1000) + ':' + std::to_string(i % 1000)),
                     now);
    }
    control::net::NeighborList list;
    std::size_t longest = 0;
    std::size_t before = 0;
    for (bool more = true; more;) {
        more = stack->add_piece(list, now);
        longest = std::max(longest, list.neighbors.size() - before);
        before = list.neighbors.size();
    }
    EXPECT_LT(longest, kMany / 2U);
    list.sort();
    EXPECT_EQ(list.neighbors.size(), static_cast<std::size_t>(kMany));
    EXPECT_EQ(std::ranges::adjacent_find(list.neighbors, {}, &control::net::NeighborInfo::address),
              list.neighbors.end());
}

TEST_F(Neighbors, MayBeUntrackedByTheirOwnNews) {
    std::unique_ptr<Stack> own;
    int calls = 0;
    own = std::make_unique<Stack>(
        std::vector{default_port()}, [](const message::Frame&) {},
        [&](PortId port, const IpAddress& address, const auto&) {
            ++calls;
            own->untrack(port, address);
        });
    own->track(kPort, ip("192.0.2.2"), now);
    for (int i = 0; i < 100; ++i) own->on_timer(now += 100ms);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(own->neighbors(now).empty());
}

TEST_F(Neighbors, ThatAreNotOnTheLinkAreNotAskedFor) {
    settle();
    stack->track(kPort, ip("10.0.0.1"), now);
    stack->track(PortId{77}, ip("192.0.2.2"), now);
    run(20s);
    EXPECT_EQ(count(sent, [](const Bytes& f) { return get16(f, 12) == 0x0806; }), 0);
}

}  // namespace
}  // namespace tocsin::test
