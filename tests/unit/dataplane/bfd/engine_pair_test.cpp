// Two engines talking to each other: what only shows with both sides moving.

#include "engine_pair.hpp"

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Pair : public testing::Test {
protected:
    void TearDown() override {
        expect_well_formed(pair.seen_a);
        expect_well_formed(pair.seen_b);
    }
    void bring_up(const SessionParameters& a = fast_parameters(),
                  const SessionParameters& b = fast_parameters()) {
        ASSERT_EQ(pair.add_a(a), Status::Ok);
        ASSERT_EQ(pair.add_b(b), Status::Ok);
        pair.run_for(3s);
        ASSERT_TRUE(pair.both(SessionState::Up));
        EXPECT_FALSE(pair.state_a().poll_in_progress);
        EXPECT_FALSE(pair.state_b().poll_in_progress);
        forget();
    }
    void forget() {
        pair.seen_a.clear();
        pair.seen_b.clear();
        pair.a.sink.state_changes.clear();
        pair.b.sink.state_changes.clear();
    }
    static Nanoseconds longest_gap(const std::vector<Sent>& packets) {
        Nanoseconds longest{};
        for (std::size_t i = 1; i < packets.size(); ++i) {
            longest = std::max(longest, packets[i].at - packets[i - 1].at);
        }
        return longest;
    }

    EnginePair pair;
};

// req: RFC5880-3.2-01 RFC5880-2-04
TEST_F(Pair, ComesUpFailsAndComesUpAgain) {
    bring_up();
    pair.run_for(10s);
    EXPECT_TRUE(pair.a.sink.state_changes.empty());
    EXPECT_TRUE(pair.b.sink.state_changes.empty());

    pair.cut = true;
    pair.run_for(301ms);
    EXPECT_TRUE(pair.both(SessionState::Down));
    EXPECT_EQ(pair.state_a().local_diag, Diag::ControlDetectionTimeExpired);
    pair.cut = false;
    pair.run_for(4s);
    EXPECT_TRUE(pair.both(SessionState::Up));
}

// req: RFC5880-6.1-03
TEST_F(Pair, OneSideAtLeastMustBeActive) {
    SessionParameters passive = fast_parameters();
    passive.passive = true;
    ASSERT_EQ(pair.add_a(passive), Status::Ok);
    ASSERT_EQ(pair.add_b(passive), Status::Ok);
    pair.run_for(20s);
    EXPECT_TRUE(pair.seen_a.empty());
    EXPECT_TRUE(pair.seen_b.empty());
    EXPECT_TRUE(pair.both(SessionState::Down));
    ASSERT_EQ(pair.a.set_parameters(pair.handle_a, fast_parameters()), Status::Ok);
    pair.run_for(3s);
    EXPECT_TRUE(pair.both(SessionState::Up));
}

// req: RFC5880-6.2-18
TEST_F(Pair, AdminDownHoldsTheOtherSideDownUntilItIsLeft) {
    bring_up();
    pair.a.set_admin(pair.handle_a, true);
    pair.run_for(10s);
    EXPECT_EQ(pair.state_a().session_state, SessionState::AdminDown);
    EXPECT_EQ(pair.state_b().session_state, SessionState::Down);
    EXPECT_EQ(pair.state_b().local_diag, Diag::NeighborSignaledSessionDown);
    EXPECT_EQ(pair.b.sink.state_changes.size(), 1U);
    pair.a.set_admin(pair.handle_a, false);
    pair.run_for(4s);
    EXPECT_TRUE(pair.both(SessionState::Up));
}

// req: RFC5880-6.8.2-02 RFC5880-6.8.4-01
TEST_F(Pair, NegotiatesEachDirectionApart) {
    SessionParameters a;
    a.desired_min_tx_interval = 50ms;
    a.required_min_rx_interval = 200ms;
    a.detect_mult = 5;
    SessionParameters b;
    b.desired_min_tx_interval = 100ms;
    b.required_min_rx_interval = 300ms;
    b.detect_mult = 3;
    bring_up(a, b);
    EXPECT_EQ(pair.state_a().tx_interval, 300ms);
    EXPECT_EQ(pair.state_b().tx_interval, 200ms);
    EXPECT_EQ(pair.state_a().detection_time, 600ms);
    EXPECT_EQ(pair.state_b().detection_time, 1500ms);
}

// req: RFC5880-6.8.3-06 RFC5880-6.8.3-07 RFC5880-3-03
TEST_F(Pair, TimersOfBothSidesChangeAtOnceWithoutAFlap) {
    bring_up();
    for (const WireInterval interval : {20ms, 500ms, 10ms, 1000ms, 3000ms, 50ms}) {
        SessionParameters p = fast_parameters();
        p.desired_min_tx_interval = p.required_min_rx_interval = interval;
        ASSERT_EQ(pair.a.set_parameters(pair.handle_a, p), Status::Ok);
        ASSERT_EQ(pair.b.set_parameters(pair.handle_b, p), Status::Ok);
        pair.run_for(10s);
        forget();
        pair.run_for(6s);
        EXPECT_EQ(pair.state_a().tx_interval, interval);
        EXPECT_EQ(pair.state_b().detection_time, 3 * Nanoseconds{interval});
        EXPECT_FALSE(pair.state_a().poll_in_progress);
        EXPECT_LE(longest_gap(pair.seen_a), interval);
    }
    EXPECT_EQ(pair.state_a().down_count, 0U);
    EXPECT_EQ(pair.state_b().down_count, 0U);
}

// req: RFC5880-6.8.17-02
TEST_F(Pair, AConcatenatedFailureLeavesBothSidesUp) {
    bring_up();
    for (const Diag d : {Diag::ConcatenatedPathDown, Diag::ReverseConcatenatedPathDown}) {
        pair.a.set_concatenated_diag(pair.handle_a, d);
        pair.run_for(100 * 100ms);
        EXPECT_EQ(pair.state_b().remote_diag, d);
    }
    EXPECT_TRUE(pair.a.sink.state_changes.empty());
    EXPECT_TRUE(pair.b.sink.state_changes.empty());
}

// req: RFC5880-6.8.16-07
TEST_F(Pair, ARemovedSessionTakesTheOtherSideDownAtOnce) {
    bring_up();
    ASSERT_EQ(pair.a.remove(pair.handle_a), Status::Ok);
    pair.run_for(2ms);
    EXPECT_EQ(pair.state_b().session_state, SessionState::Down);
    EXPECT_EQ(pair.state_b().local_diag, Diag::NeighborSignaledSessionDown);
    pair.run_for(2s);
    EXPECT_FALSE(pair.a.has(pair.handle_a)) << "heard";
    EXPECT_EQ(pair.b.sink.state_changes.size(), 1U) << "not a time-out as well";
}

TEST_F(Pair, ASessionRemovedAndAddedAgainComesUpOnceAndStays) {
    bring_up();
    ASSERT_EQ(pair.a.remove(pair.handle_a), Status::Ok);
    pair.run_for(5ms);
    pair.handle_a = pair.a.handle(1);
    ASSERT_EQ(pair.add_a(fast_parameters()), Status::Ok);
    pair.run_for(10s);
    EXPECT_TRUE(pair.both(SessionState::Up));
    EXPECT_EQ(pair.state_b().down_count, 1U);
    EXPECT_EQ(pair.state_b().up_count, 2U);
}

}  // namespace
}  // namespace tocsin::test
