// Packets of several sessions that leave together, and how long the worker may sleep.

#include "one_session.hpp"

#include <array>
#include <set>

namespace tocsin::test {
namespace {

/// The other end of one of several sessions.
struct FarEnd {
    WireInterval desired_min_tx_interval;
    WireInterval required_min_rx_interval;
    Nanoseconds answers_polls_after{};
};

/// Adds the session of slot `i` and takes it Up, past its Poll Sequence.
void come_up(EngineBox& box, std::uint8_t i, const SessionParameters& p, const FarEnd& far) {
    const SessionKey key = v4_key(static_cast<std::uint8_t>(i + 2));
    ASSERT_EQ(box.add(box.handle(i), key, p), Status::Ok);
    Peer peer{box, box.handle(i), key};
    peer.says.desired_min_tx_interval = far.desired_min_tx_interval;
    peer.says.required_min_rx_interval = far.required_min_rx_interval;
    peer.bring_up();
    box.run_for(far.answers_polls_after);
    peer.send_final();
}

// req: RFC5880-6.8.7-02
TEST(Gathering, LetsSessionsLeaveTogetherAndEachWithinItsOwnJitter) {
    constexpr std::uint8_t kSessions = 40;
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 50ms;
    std::array<std::size_t, 2> instants{};
    for (const bool gather : {false, true}) {
        EngineBox many{{.slots = kSessions, .gather = gather}};
        for (std::uint8_t i = 0; i < kSessions; ++i) {
            ASSERT_NO_FATAL_FAILURE(come_up(many, i, p, {10s, 50ms, 1'234us}));
        }
        many.run_for(2s);
        many.take_sent();
        many.run_for(5s);
        std::array<Instant, kSessions> last{};
        std::set<Instant> seen;
        for (const Sent& s : many.sink.sent) {
            ASSERT_TRUE(s.periodic);
            seen.insert(s.at);
            Instant& before = last.at(s.slot.value);
            if (before != Instant{}) {
                EXPECT_GE(s.at - before, 37'500us);
                EXPECT_LE(s.at - before, 50ms);
            }
            before = s.at;
        }
        ASSERT_GE(many.sink.sent.size(), 100U * kSessions);
        instants.at(gather ? 1 : 0) = seen.size();
    }
    EXPECT_GT(instants[0], 3000U);
    EXPECT_LE(instants[1], 5s / (bfd::kWidestGrid * bfd::kTickLength) + 1);
}

TEST(Gathering, IsAsLeisurelyAsTheShortestDetectionTimeAllows) {
    EngineBox many{{.slots = 4, .gather = true}};
    EXPECT_EQ(many.engine().leisure(), 0U) << "nobody to wait for";
    const auto add = [&many](std::uint8_t i, WireInterval interval) {
        SessionParameters p = fast_parameters();
        p.required_min_rx_interval = interval;
        come_up(many, i, p, {interval, 100ms});
        ASSERT_EQ(many.snapshot(many.handle(i)).detection_time, 3 * Nanoseconds{interval});
    };
    add(0, 300ms);
    EXPECT_EQ(many.engine().leisure(), 2U);
    add(1, 100ms);
    EXPECT_EQ(many.engine().leisure(), 1U);
    add(2, 50ms);
    EXPECT_EQ(many.engine().leisure(), 0U);
    many.remove(many.handle(2), true);
    EXPECT_EQ(many.engine().leisure(), 1U);
    many.run_for(400ms);
    EXPECT_EQ(many.engine().leisure(), 2U) << "its peer fell silent";
    many.set_admin(many.handle(0), true);
    many.run_for(1s);
    EXPECT_EQ(many.engine().leisure(), 0U);
}

}  // namespace
}  // namespace tocsin::test
