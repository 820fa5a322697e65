// What is asked about more sessions than one piece of work holds.

#include "fixture.hpp"
#include "scripted_dataplane.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::session {
namespace {

constexpr std::uint32_t kSessions = 20'000;

/// Sessions of port p0 to 10.x.y.z behind one gateway.
class ManySessionsTest : public testing::Test {
protected:
    static constexpr std::string_view kGateway = "10.0.0.254";

    class Gateway final : public NextHops {
    public:
        std::optional<IpAddress> next_hop(PortId, const IpAddress&) const override {
            return ip(kGateway);
        }
        std::optional<IpAddress> local_for(PortId, const IpAddress&) const override {
            return ip("10.0.0.1");
        }
        void track(PortId, const IpAddress&) override {}
        void untrack(PortId, const IpAddress&) override {}
        std::optional<MacAddress> mac(PortId, const IpAddress&) const override { return known; }
        void confirm(PortId, const IpAddress&, Nanoseconds) override {}
        void doubt(PortId, const IpAddress&) override {}
        std::optional<MacAddress> known;
    };

    ManySessionsTest() {
        for (std::uint32_t i = 0; i < kSessions; ++i) specs.push_back(spec(remote(i)));
        EXPECT_EQ(manager.add_each(specs, Origin::Api).added, kSessions);
        settle();
    }
    static std::string remote(std::uint32_t i) {
        return "10." + std::to_string(1 + i / 60'000) + '.' + std::to_string(i / 250 % 240) + '.' +
               std::to_string(1 + i % 250);
    }
    void remove_all() {
        bool done = false;
        manager.remove_matching({}, Origin::Api, [&done](RemovedMatching) { done = true; });
        while (!done) {
            static_cast<void>(manager.poll());
            dataplane.reply_to_all();
        }
    }
    /// Turns of the loop until nothing is left to do; how often each command was sent.
    void settle() {
        for (int turn = 0; turn < 1000; ++turn) {
            static_cast<void>(manager.poll());
            longest_poll = std::max(longest_poll, dataplane.commands.size());
            while (!dataplane.commands.empty()) {
                const message::Command c = dataplane.take();
                headers += std::holds_alternative<message::SetHeaders>(c.body) ? 1 : 0;
                downs += std::holds_alternative<message::SignalPathDown>(c.body) ? 1 : 0;
                dataplane.reply(c);
            }
            if (dataplane.events.empty() && manager.idle()) return;
        }
        ADD_FAILURE() << "never idle";
    }

    std::vector<config::Session> specs;
    std::uint32_t headers = 0;
    std::uint32_t downs = 0;
    std::size_t longest_poll = 0;
    test::ScriptedDataplane dataplane{kSessions + 10};
    Gateway next_hops;
    Manager manager{two_ports(), dataplane, next_hops,
                    Manager::Settings{.max_sessions = kSessions, .seed = 1, .in_flight = 512}};
};

TEST_F(ManySessionsTest, GivesEachSessionTheNewHeadersOfItsGatewayOnce) {
    next_hops.known = MacAddress{2, 0, 0, 0, 0, 7};
    manager.on_neighbor({0}, ip(kGateway));
    settle();
    EXPECT_EQ(headers, kSessions);
    EXPECT_TRUE(manager.view({1})->next_hop_resolved);
    EXPECT_TRUE(manager.view({kSessions})->next_hop_resolved);
}

TEST_F(ManySessionsTest, TellsTheLastMacWhenItChangesWhileTheSessionsAreStillBeingTold) {
    next_hops.known = MacAddress{2, 0, 0, 0, 0, 7};
    manager.on_neighbor({0}, ip(kGateway));
    static_cast<void>(manager.poll());
    next_hops.known.reset();
    for (int i = 0; i < 3; ++i) manager.on_neighbor({0}, ip(kGateway));
    settle();
    EXPECT_FALSE(manager.view({1})->next_hop_resolved);
    EXPECT_FALSE(manager.view({kSessions})->next_hop_resolved);
    EXPECT_LE(headers, 2 * kSessions + 8192);
}

TEST_F(ManySessionsTest, TakesEverySessionOfALostLinkDownAlsoWhenItComesBackAtOnce) {
    manager.on_link({0}, false);
    manager.on_link({0}, true);
    settle();
    EXPECT_EQ(downs, kSessions);
}

TEST_F(ManySessionsTest, CountsOnceForAllPagesOfAFilter) {
    Filter filter;
    filter.remote = IpPrefix{ip("10.1.1.0"), 24};
    std::uint64_t seen = 0;
    Page page;
    page.total = 0;
    do {
        std::optional<Page> answer;
        manager.list({.filter = filter,
                      .after = page.next_after,
                      .total = page.total,
                      .limit = 100,
                      .fresh = false},
                     [&](Page p) { answer = std::move(p); });
        for (int turn = 0; turn < 10 && !answer; ++turn) static_cast<void>(manager.poll());
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->total, 250U);
        seen += answer->sessions.size();
        page = std::move(*answer);
    } while (page.next_after.value != 0);
    EXPECT_EQ(seen, 250U);
    EXPECT_EQ(dataplane.commands.size(), 0U) << "nobody was asked for counters";
}

TEST_F(ManySessionsTest, AnswersAShortQuestionBeforeALongOne) {
    Filter none;
    none.name_contains = "nobody";
    bool long_one = false;
    bool short_one = false;
    manager.list({.filter = none, .limit = 1, .fresh = false}, [&](Page) { long_one = true; });
    manager.list({.limit = 1, .fresh = false}, [&](Page) { short_one = true; });
    for (int turn = 0; turn < 2; ++turn) static_cast<void>(manager.poll());
    EXPECT_TRUE(short_one);
    EXPECT_FALSE(long_one);
    for (int turn = 0; turn < 10 && !long_one; ++turn) static_cast<void>(manager.poll());
    EXPECT_TRUE(long_one);
}

TEST_F(ManySessionsTest, RemovesWhatMatchesAndLeavesTheRestAndOtherOrigins) {
    Filter filter;
    filter.remote = IpPrefix{ip("10.1.0.0"), 18};  // 10.1.0.0 to 10.1.63.255
    std::optional<RemovedMatching> api;
    std::optional<RemovedMatching> config;
    manager.remove_matching(filter, Origin::Config, [&](RemovedMatching r) { config = r; });
    manager.remove_matching(filter, Origin::Api, [&](RemovedMatching r) { api = r; });
    settle();
    ASSERT_TRUE(api && config);
    EXPECT_EQ(config->removed, 0U);
    EXPECT_EQ(config->kept, 64U * 250);
    EXPECT_EQ(api->removed, 64U * 250);
    EXPECT_EQ(api->kept, 0U);
    EXPECT_EQ(manager.registry().size(), kSessions - 64U * 250);
}

TEST_F(ManySessionsTest, AddsEachByItselfAndSaysWhyNot) {
    const SessionId one{1};
    ASSERT_TRUE(manager.remove({&one, 1}, Origin::Api, "sessions").ok());
    settle();
    std::vector<config::Session> more{spec("10.200.0.1", "p0", "a"), spec(remote(5)),
                                      spec("10.200.0.2", "p0", "a"), spec("10.200.0.3")};
    const AddedEach done = manager.add_each(more, Origin::Api);
    EXPECT_EQ(done.added, 1U);
    ASSERT_EQ(done.refused.size(), 3U);
    EXPECT_EQ(done.refused[0].index, 1U);
    EXPECT_EQ(done.refused[0].error.kind, ErrorKind::ResourceExhausted);

    ASSERT_TRUE(manager.remove(std::vector{SessionId{2}, SessionId{3}}, Origin::Api, "s").ok());
    settle();
    const AddedEach again = manager.add_each(more, Origin::Api);
    EXPECT_EQ(again.added, 1U);
    ASSERT_EQ(again.refused.size(), 3U);
    EXPECT_EQ(again.refused[0].error.where, "remote");
    EXPECT_EQ(again.refused[1].error.kind, ErrorKind::AlreadyExists);
    EXPECT_EQ(again.refused[2].error.where, "name");
}

TEST_F(ManySessionsTest, GivesAllWatchersTogetherABoundedNumberOfMessagesInATurn) {
    std::vector<std::shared_ptr<RecordingWatch>> watchers;
    for (int i = 0; i < 3; ++i) {
        watchers.push_back(std::make_shared<RecordingWatch>());
        ASSERT_TRUE(manager.hub().open({}, false, watchers.back()).ok());
    }
    const auto told = [&] {
        std::size_t n = 0;
        for (const auto& w : watchers) n += w->items.size();
        return n;
    };
    for (std::size_t turn = 1; turn <= 6; ++turn) {
        EXPECT_TRUE(manager.hub().pump());
        EXPECT_EQ(told(), turn * WatchHub::kMessagesPerPump);
    }
    for (const auto& w : watchers) {
        EXPECT_EQ(w->items.size(), 2 * WatchHub::kMessagesPerPump) << "each in turn";
    }
    while (manager.hub().pump()) {
    }
    EXPECT_EQ(told(), 3U * (kSessions + 1));
}

TEST_F(ManySessionsTest, GivesTheMemoryOfAWatcherThatIsGoneBackInPieces) {
    const auto id = manager.hub().open({}, true, std::make_shared<RecordingWatch>());
    const auto slow = std::make_shared<RecordingWatch>();
    slow->room_left = 0;
    const auto other = manager.hub().open({}, true, slow);
    ASSERT_TRUE(id.ok() && other.ok());
    remove_all();
    manager.hub().close(other.value());
    EXPECT_EQ(slow.use_count(), 1) << "its sink is not called any more";
    EXPECT_EQ(manager.totals().watchers.get(), 1U);
    manager.hub().close(id.value());
    std::size_t pieces = 1;
    while (manager.hub().pump()) ++pieces;
    EXPECT_GE(pieces, kSessions / WatchHub::kFreedPerPump / 2);
    EXPECT_LE(pieces, kSessions / WatchHub::kFreedPerPump + 2);
}

TEST_F(ManySessionsTest, LooksAtTheWorkersWhileAReloadIsCheckedAndApplied) {
    config::Diff wanted;
    for (std::uint32_t i = 0; i < kSessions; ++i) {
        wanted.removed.push_back(
            spec("10.200." + std::to_string(i / 250) + '.' + std::to_string(1 + i % 250)));
        wanted.added.push_back(
            spec("10.100." + std::to_string(i / 250) + '.' + std::to_string(1 + i % 250)));
    }
    wanted.added.push_back(specs[0]);  // which the API has
    wanted.removed.push_back(spec("10.201.0.1"));
    std::size_t looks = 0;
    manager.set_between_pieces([&looks] { ++looks; });
    ASSERT_EQ(manager.apply(wanted).error().kind, ErrorKind::AlreadyExists);
    EXPECT_GE(looks, 3 * kSessions / 256) << "each list is gone through";
}

}  // namespace
}  // namespace tocsin::control::session
