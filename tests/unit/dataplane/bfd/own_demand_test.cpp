// Demand mode of our own: the peer is silent, and is asked when it matters. RFC
// 5880 6.5, 6.6, 6.8.4.

#include "engine_pair.hpp"
#include "one_session.hpp"

namespace tocsin::test {
namespace {

class OwnDemand : public OneSession {
protected:
    OwnDemand() { demand_mode = true; }

    static SessionParameters demanding(WireInterval poll_interval = 0s) {
        SessionParameters p = fast_parameters();
        p.demand_mode = true;
        p.demand_poll_interval = poll_interval;
        return p;
    }
    /// Up on both sides, Demand mode told and confirmed, the peer silent.
    void demand(const SessionParameters& p = demanding()) {
        add(p);
        peer.bring_up();
        confirm();
        ASSERT_TRUE(snapshot().demand_mode);
        forget();
    }
    /// Answers whatever is asked until nothing is.
    void confirm() {
        for (int i = 0; i < 100 && snapshot().poll_in_progress; ++i) {
            box.run_for(20ms);
            const bool polled = !box.sink.sent.empty() && box.sink.sent.back().packet.poll;
            if (polled) {
                peer.send_final();
            } else if (i % 5 == 0) {
                peer.send();
            }
        }
        ASSERT_FALSE(snapshot().poll_in_progress);
    }
};

// req: RFC5880-6.6-01 RFC5880-4.1-11 RFC5880-6.8-02 RFC5880-6.6-11 RFC5880-6.8.1-14
TEST_F(OwnDemand, IsSaidOnlyWhileBothSidesAreUp) {
    struct Case {
        SessionState local, remote;
        bool wished, said;
    };
    using enum SessionState;
    for (const Case& c : {Case{Up, Up, true, true}, Case{Up, Up, false, false},
                          Case{Up, Init, true, false}, Case{Down, Up, true, false},
                          Case{Init, Down, true, false}, Case{Down, AdminDown, true, false}}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        SessionParameters p = demanding();
        p.demand_mode = c.wished;
        ASSERT_EQ(one.add(one.handle(0), key, p), Status::Ok);
        if (c.local == Up) far.send(Init);
        far.send(c.remote);
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, c.local);
        one.take_sent();
        far.keep_sending(2s, 100ms);
        const std::vector<Sent> sent = one.take_sent();
        ASSERT_FALSE(sent.empty());
        for (const Sent& s : sent) {
            EXPECT_EQ(s.packet.demand, c.said) << bfd::name(c.local) << ' ' << bfd::name(c.remote);
        }
        EXPECT_EQ(one.snapshot(one.handle(0)).demand_mode, c.said);
    }
}

// req: RFC5880-6.6-12 RFC5880-6.8.14-01 RFC5880-6.6-10
TEST_F(OwnDemand, BeginsAndEndsWithAPollSequenceAndNoChangeOfState) {
    add_and_bring_up();
    change(demanding());
    EXPECT_TRUE(snapshot().poll_in_progress);
    Sent said = next_periodic();
    EXPECT_TRUE(said.packet.poll);
    EXPECT_TRUE(said.packet.demand);
    confirm();
    forget();
    change(fast_parameters());
    said = next_periodic();
    EXPECT_TRUE(said.packet.poll);
    EXPECT_FALSE(said.packet.demand);
    confirm();
    peer.keep_sending(3s, 100ms);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// req: RFC5880-6.8.4-09
TEST_F(OwnDemand, SilenceOfThePeerMeansNothing) {
    demand();
    box.run_for(24h);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-6.6-05 RFC5880-6.6-07
TEST_F(OwnDemand, VerifyingSetsPOnTheRegularPackets) {
    demand();
    box.run_for(10s);
    const std::size_t usual = count_periodic();
    for (const Sent& s : box.take_sent()) EXPECT_FALSE(s.packet.poll);
    ASSERT_EQ(box.start_poll(session), Status::Ok);
    box.run_for(200ms);
    const std::vector<Sent> asked = box.take_sent();
    ASSERT_GE(asked.size(), 2U);
    for (const Sent& s : asked) {
        EXPECT_TRUE(s.packet.poll);
        EXPECT_TRUE(s.periodic) << "nothing off the schedule";
    }
    peer.send_final();
    box.run_for(9800ms);
    const auto about = static_cast<double>(usual);
    EXPECT_NEAR(static_cast<double>(asked.size() + count_periodic()), about, about / 20);
    EXPECT_FALSE(last_sent().packet.poll);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(OwnDemand, VerifyingIsNoNewsAChangeIs) {
    demand();
    box.run_for(10s);
    static_cast<void>(box.events());
    ASSERT_EQ(box.start_poll(session), Status::Ok);
    ASSERT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    box.run_for(1s);
    ASSERT_FALSE(snapshot().poll_in_progress);
    EXPECT_TRUE(box.events().empty());

    SessionParameters p = demanding();
    p.desired_min_tx_interval = WireInterval{250'000};
    ASSERT_EQ(box.set_parameters(session, p), Status::Ok);
    ASSERT_TRUE(next_periodic().packet.poll);
    static_cast<void>(box.events());
    peer.send_final();
    box.run_for(1s);
    EXPECT_EQ(box.events().size(), 1U);
}

// req: RFC5880-6.6-06 RFC5880-6.6-08 RFC5880-6.8.4-07 RFC5880-6.8.4-08
TEST_F(OwnDemand, AnUnansweredPollEndsTheSessionAfterItsOwnDetectionTime) {
    SessionParameters p = demanding();
    p.detect_mult = 5;
    peer.says.detect_mult = 3;
    peer.says.required_min_rx_interval = 200ms;
    demand(p);
    EXPECT_EQ(snapshot().detection_time, 1s) << "by what we send, not by what the peer sends";
    box.run_for(10s);
    forget();
    ASSERT_EQ(box.start_poll(session), Status::Ok);
    const Sent first = next_periodic();
    ASSERT_TRUE(first.packet.poll);
    const Instant end = first.at + 1s;
    box.run_until(end - 2 * bfd::kTickLength);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_GE(count_periodic(), 5U) << "repeated";
    box.run_until(end + 2 * bfd::kTickLength);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::ControlDetectionTimeExpired);
}

// req: RFC5880-6.6-14
TEST_F(OwnDemand, VerifiesByItselfAndFindsAFailureInTime) {
    peer.says.required_min_rx_interval = 100ms;
    demand(demanding(1s));
    for (int i = 0; i < 20; ++i) {  // answered each time, about once a second
        const Instant before = box.now();
        while (!snapshot().poll_in_progress && box.now() - before < 2s) box.run_for(1ms);
        ASSERT_TRUE(snapshot().poll_in_progress);
        EXPECT_LE(box.now() - before, 1s + 10ms);
        EXPECT_GE(box.now() - before, 800ms);
        ASSERT_TRUE(next_periodic().packet.poll);
        peer.send_final();
    }
    const Instant cut = box.now();
    forget();
    box.run_for(2s);
    ASSERT_EQ(box.sink.state_changes.size(), 1U);
    EXPECT_EQ(box.sink.state_changes[0].to, SessionState::Down);
    EXPECT_LE(box.sink.state_changes[0].at - cut, 1s + 300ms + 100ms + 1ms);
}

// A Poll Sequence that cannot even leave must not keep the session Up.
TEST_F(OwnDemand, APollThatCannotLeaveEndsTheSessionToo) {
    demand(demanding(1s));
    box.sink.can_send = false;
    box.run_for(2s);
    EXPECT_EQ(state(), SessionState::Down);
}

// req: RFC5880-6.6-13
TEST_F(OwnDemand, WhateverElseChangesIsTold) {
    demand();
    SessionParameters p = demanding();
    p.detect_mult = 7;  // asks for no Poll Sequence of its own
    change(p);
    const Sent said = next_periodic();
    EXPECT_TRUE(said.packet.poll);
    EXPECT_EQ(said.packet.detect_mult, 7);
}

// A peer that has not heard of the end yet is silent with good reason.
TEST_F(OwnDemand, TheEndIsTheEndWhenThePeerHasConfirmedIt) {
    demand();
    box.run_for(1h);
    change(fast_parameters());
    EXPECT_FALSE(snapshot().demand_mode);
    EXPECT_TRUE(snapshot().verified_by_poll);
    const Sent first = next_periodic();
    EXPECT_TRUE(first.packet.poll && !first.packet.demand);
    box.run_until(first.at + 290ms);
    EXPECT_EQ(state(), SessionState::Up);
    peer.send_final();
    EXPECT_FALSE(snapshot().verified_by_poll);
    box.run_for(290ms);
    EXPECT_EQ(state(), SessionState::Up);
    box.run_for(20ms);
    EXPECT_EQ(state(), SessionState::Down) << "now it is missed as always";
}

TEST_F(OwnDemand, AnUnconfirmedEndIsAFailure) {
    demand();
    change(fast_parameters());
    const Sent first = next_periodic();
    box.run_until(first.at + 310ms);
    EXPECT_EQ(state(), SessionState::Down);
}

// The end is wanted while a Poll Sequence of before is on its way, and both sides are silent.
TEST_F(OwnDemand, TheEndWaitsForASequenceBeforeIt) {
    peer.says.demand = true;
    demand();
    ASSERT_EQ(box.start_poll(session), Status::Ok);
    ASSERT_TRUE(next_periodic().packet.poll);
    change(fast_parameters());
    peer.send_final();  // of what said D
    forget();
    box.run_for(900ms);
    EXPECT_EQ(state(), SessionState::Up) << "the peer does not know yet";
    const Sent second = next_periodic();
    EXPECT_TRUE(second.packet.poll && !second.packet.demand);
    peer.send_final();
    EXPECT_FALSE(snapshot().verified_by_poll);
}

TEST_F(OwnDemand, EndsWhenThePeerGoesDown) {
    demand();
    box.run_for(10s);
    peer.send(SessionState::Down);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_FALSE(last_sent().packet.demand);
    EXPECT_EQ(diag(), Diag::NeighborSignaledSessionDown);
}

/// Both ends in Demand mode, over a wire.
class BothDemand : public testing::Test {
protected:
    static SessionParameters demanding(WireInterval poll_interval) {
        SessionParameters p = fast_parameters();
        p.demand_mode = true;
        p.demand_poll_interval = poll_interval;
        return p;
    }
    EnginePair pair;
};

// req: RFC5880-6.6-03 RFC5880-3.2-02 RFC5880-6.5-01
TEST_F(BothDemand, NothingPeriodicFlowsEitherWay) {
    ASSERT_EQ(pair.add_a(demanding(0s)), Status::Ok);
    ASSERT_EQ(pair.add_b(demanding(0s)), Status::Ok);
    pair.run_for(10s);
    ASSERT_TRUE(pair.both(SessionState::Up));
    EXPECT_TRUE(pair.state_a().demand_mode && pair.state_a().remote_demand_mode);
    EXPECT_TRUE(pair.state_b().demand_mode && pair.state_b().remote_demand_mode);
    pair.seen_a.clear();
    pair.seen_b.clear();
    pair.run_for(60s);
    EXPECT_TRUE(pair.seen_a.empty());
    EXPECT_TRUE(pair.seen_b.empty());
    EXPECT_TRUE(pair.both(SessionState::Up));
}

// req: RFC5880-3.2-02 RFC5880-6.6-02
TEST_F(BothDemand, OneSideAloneSilencesTheOther) {
    ASSERT_EQ(pair.add_a(demanding(0s)), Status::Ok);
    ASSERT_EQ(pair.add_b(fast_parameters()), Status::Ok);
    pair.run_for(10s);
    ASSERT_TRUE(pair.both(SessionState::Up));
    pair.seen_a.clear();
    pair.seen_b.clear();
    pair.run_for(10s);
    EXPECT_GE(pair.seen_a.size(), 100U);
    EXPECT_TRUE(pair.seen_b.empty());
}

TEST_F(BothDemand, VerificationFindsACutAndTheSessionComesBack) {
    ASSERT_EQ(pair.add_a(demanding(2s)), Status::Ok);
    ASSERT_EQ(pair.add_b(demanding(3s)), Status::Ok);
    pair.run_for(60s);
    ASSERT_TRUE(pair.both(SessionState::Up));
    EXPECT_EQ(pair.state_a().down_count + pair.state_b().down_count, 0U);
    pair.cut = true;
    pair.run_for(2s + 300ms + 200ms);
    EXPECT_EQ(pair.state_a().session_state, SessionState::Down);
    pair.run_for(1s);
    EXPECT_TRUE(pair.both(SessionState::Down));
    pair.cut = false;
    pair.run_for(20s);
    EXPECT_TRUE(pair.both(SessionState::Up));
    EXPECT_TRUE(pair.state_a().demand_mode && pair.state_b().demand_mode);
}

// Many changes in a row, the next before the last was confirmed: each is told in the end.
TEST_F(BothDemand, ChangesInQuickSuccessionAllArrive) {
    ASSERT_EQ(pair.add_a(demanding(0s)), Status::Ok);
    ASSERT_EQ(pair.add_b(demanding(0s)), Status::Ok);
    pair.run_for(10s);
    for (std::uint8_t mult = 4; mult < 12; ++mult) {
        SessionParameters p = demanding(0s);
        p.detect_mult = mult;
        ASSERT_EQ(pair.a.set_parameters(pair.handle_a, p), Status::Ok);
        pair.run_for(std::chrono::milliseconds{mult % 3});
    }
    pair.run_for(20s);
    EXPECT_EQ(pair.state_b().remote_detect_mult, 11);
    EXPECT_FALSE(pair.state_a().poll_in_progress);
    EXPECT_TRUE(pair.both(SessionState::Up));
}

// req: RFC5880-6.8.4-08
TEST_F(OwnDemand, APollThatHasNotLeftYetIsNotLateWhenTheIntervalShrinks) {
    demand();
    peer.says.required_min_rx_interval = WireInterval{3'000'000};
    ASSERT_EQ(peer.send(), DropReason::None);
    next_periodic(4s);
    ASSERT_EQ(box.start_poll(session), Status::Ok);
    box.run_for(1500ms);  // its first P is due after 2.25 s at the earliest
    peer.says.required_min_rx_interval = WireInterval{100'000};
    ASSERT_EQ(peer.send(), DropReason::None);
    box.run_for(0ms);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(next_periodic(4s).packet.poll);
    peer.send_final();
    box.run_for(2s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
}

}  // namespace
}  // namespace tocsin::test
