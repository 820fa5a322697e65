// Packet histories as control reads them from the workers.

#include "fixture.hpp"

#include <deque>
#include <optional>

namespace tocsin::control::session {
namespace {

class Histories : public ManagerFixture {
protected:
    std::optional<Result<HistoryView>> read(SessionId id) {
        std::optional<Result<HistoryView>> out;
        manager.history(id, [&](Result<HistoryView> view) { out = std::move(view); });
        run(5ms);
        return out;
    }
};

TEST_F(Histories, ComeWithTimesOfDayAndInTheirOrder) {
    const SessionId id = up("10.0.0.2");
    run(2s);
    const auto answer = read(id);
    ASSERT_TRUE(answer && answer->ok());
    const HistoryView& view = answer->value();
    EXPECT_EQ(view.session.id, id);
    EXPECT_GE(view.source_port, 49152);
    EXPECT_TRUE(view.frozen.packets.empty());
    EXPECT_EQ(view.down_at, WallInstant{});
    ASSERT_GE(view.live.packets.size(), 4U);
    EXPECT_TRUE(std::ranges::is_sorted(view.live.packets, {}, &PacketView::first));
    EXPECT_EQ(view.taken_at, dataplane.wall(view.taken_at - WallInstant{} + Instant{}));
    std::uint64_t received = 0;
    for (const PacketView& p : view.live.packets) {
        EXPECT_LE(p.first, p.last);
        EXPECT_LE(p.last, view.taken_at);
        if (p.record.sent == 0) received += p.record.count;
    }
    EXPECT_GE(received, 30U);
}

TEST_F(Histories, OfADownIsKeptApart) {
    const SessionId id = up("10.0.0.2");
    run(1s);
    dataplane.connect(false);
    run(1s);
    ASSERT_EQ(state(id), bfd::SessionState::Down);
    const auto answer = read(id);
    ASSERT_TRUE(answer && answer->ok());
    const HistoryView& view = answer->value();
    EXPECT_EQ(view.down.diag, bfd::Diag::ControlDetectionTimeExpired);
    EXPECT_GT(view.down_at, view.down_last_rx);
    EXPECT_LE(view.down_at - view.down_last_rx, 160ms);
    ASSERT_FALSE(view.frozen.packets.empty());
    for (const PacketView& p : view.frozen.packets) EXPECT_LE(p.last, view.down_at);
    ASSERT_FALSE(view.live.packets.empty());
    for (const PacketView& p : view.live.packets) EXPECT_GE(p.first, view.down_at);
}

TEST_F(Histories, OfManyAtOnceAreAnsweredInTurnAndTheRestRefused) {
    std::vector<SessionId> ids;
    for (const char* remote : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) ids.push_back(up(remote));
    std::vector<std::uint64_t> answered;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < HistoryReader::kMostWaiting + 2; ++i) {
        const SessionId id = ids[i % ids.size()];
        manager.history(id, [&, id](const Result<HistoryView>& view) {
            if (view.ok()) {
                EXPECT_EQ(view.value().session.id, id);
                EXPECT_FALSE(view.value().live.packets.empty());
                answered.push_back(id.value);
            } else {
                EXPECT_EQ(view.error().kind, ErrorKind::ResourceExhausted);
                ++refused;
            }
        });
    }
    EXPECT_FALSE(manager.idle());
    run(10ms);
    EXPECT_EQ(refused, 2U);
    EXPECT_EQ(answered.size(), HistoryReader::kMostWaiting);
    EXPECT_TRUE(manager.idle());
}

TEST_F(Histories, OfASessionThatNoWorkerHasYetIsEmpty) {
    const SessionId id = add(spec("10.0.0.2"));
    const auto answer = read(id);
    ASSERT_TRUE(answer && answer->ok());
    EXPECT_TRUE(answer->value().live.packets.empty());
}

TEST_F(Histories, SayWhatIsWrong) {
    const auto unknown = read(SessionId{99});
    ASSERT_TRUE(unknown);
    EXPECT_EQ(unknown->error().kind, ErrorKind::NotFound);
    Manager without{two_ports(), dataplane, next_hops, Manager::Settings{.max_sessions = 8}};
    const config::Session s = spec("10.0.0.9");
    const auto ids = without.add({&s, 1}, Origin::Api, "sessions");
    ASSERT_TRUE(ids.ok());
    bool told = false;
    without.history(ids.value().front(), [&](const Result<HistoryView>& view) {
        told = true;
        EXPECT_EQ(view.error().kind, ErrorKind::FailedPrecondition);
        EXPECT_NE(view.error().message.find("dataplane.history"), std::string::npos);
    });
    EXPECT_TRUE(told);
}

TEST_F(Histories, OfASilenceReachWatchers) {
    const SessionId id = up("10.0.0.2");
    auto watch = std::make_shared<RecordingWatch>();
    ASSERT_TRUE(manager.hub().open({}, true, watch).ok());
    dataplane.connect(false);
    run(1s);
    ASSERT_EQ(state(id), bfd::SessionState::Down);
    ASSERT_FALSE(watch->items.empty());
    EXPECT_TRUE(watch->items[0].evidence.known);
    EXPECT_GE(watch->items[0].evidence.sent, 2U);
    EXPECT_EQ(watch->items[0].evidence.not_sent, 0U);
}

}  // namespace
}  // namespace tocsin::control::session
