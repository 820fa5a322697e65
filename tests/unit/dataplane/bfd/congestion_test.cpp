// Congestion control over several hops, RFC 5880 7.

#include "dataplane/bfd/congestion.hpp"

#include "one_session.hpp"

#include <functional>

namespace tocsin::test {
namespace {

using bfd::EventCause;

/// A session of 100 ms each way, to a peer without jitter, which answers each P with F.
class Congestion : public OneSession {
protected:
    Congestion() : Congestion(multi_hop_key()) {}
    explicit Congestion(const SessionKey& k, EngineBox::Setup setup = {.congestion_control = true})
        : OneSession(k, setup) {}

    static SessionParameters controlled(unsigned doublings = 4) {
        SessionParameters p = fast_parameters();
        p.min_ttl = 1;
        p.detect_mult = 3;
        p.congestion_doublings = doublings & 0xfU;
        return p;
    }
    void begin(const SessionParameters& p = controlled()) {
        peer.says.detect_mult = 5;
        add_and_bring_up(p);
    }

    /// The interval that the peer sends by.
    [[nodiscard]] WireInterval peer_interval() const {
        return std::max(peer.says.desired_min_tx_interval, snapshot().required_min_rx_interval);
    }
    /// The peer's next `packets` packets; those are lost that `lost` says, counted from 0.
    void exchange(unsigned packets, const std::function<bool(unsigned)>& lost = {}) {
        for (unsigned i = 0; i < packets; ++i) {
            const std::size_t before = box.sink.sent.size();
            box.run_for(peer_interval());
            bool polled = false;
            for (std::size_t n = before; n < box.sink.sent.size(); ++n) {
                polled = polled || box.sink.sent[n].packet.poll;
            }
            if (lost && lost(i)) continue;
            polled&& answers ? peer.send_final() : peer.send();
        }
    }
    /// A third of the packets, one by one.
    static bool every_third(unsigned i) { return i % 3 == 1; }

    /// Loses packets until intervals were raised `times` more; how many the peer sent meanwhile.
    unsigned congest(unsigned times = 1) {
        unsigned sent = 0;
        for (const std::uint32_t before = snapshot().congestion_backoffs;
             snapshot().congestion_backoffs < before + times && sent < 4000; sent += 3) {
            exchange(3, every_third);
        }
        exchange(3);  // the Poll Sequence ends
        return sent;
    }
    [[nodiscard]] unsigned factor() const { return snapshot().congestion_factor; }
    [[nodiscard]] unsigned times_told() {
        unsigned n = 0;
        for (const SessionEvent& e : box.events()) {
            n += (e.causes & static_cast<std::uint8_t>(EventCause::Congestion)) != 0 ? 1 : 0;
        }
        return n;
    }
    /// Packets that leave in five seconds without loss.
    [[nodiscard]] std::size_t traffic() {
        forget();
        const Instant end = box.now() + 5s;
        while (box.now() < end) exchange(1);
        return count_periodic();
    }

    bool answers = true;  ///< false: what is answered with F is lost
};

// req: RFC5880-7-01 RFC5880-7-02 RFC5880-7-04
TEST_F(Congestion, SustainedLossRaisesBothIntervalsByAPollSequence) {
    begin();
    const std::size_t before = traffic();
    forget();
    EXPECT_LE(congest(), 60U);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(factor(), 2U);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 200ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 200ms);
    EXPECT_EQ(snapshot().tx_interval, 200ms);
    EXPECT_EQ(snapshot().detection_time, 5 * 200ms);
    const auto polled =
        std::ranges::find_if(box.sink.sent, [](const Sent& s) { return s.packet.poll; });
    ASSERT_NE(polled, box.sink.sent.end());
    EXPECT_EQ(polled->packet.desired_min_tx_interval, 200ms);
    EXPECT_EQ(polled->packet.required_min_rx_interval, 200ms);
    EXPECT_EQ(times_told(), 1U);
    EXPECT_LT(traffic(), before * 6 / 10);
}

// req: RFC5880-7-04
TEST_F(Congestion, TheOldTransmitIntervalHoldsUntilThePeerHasConfirmed) {
    begin();
    answers = false;
    exchange(90, every_third);
    EXPECT_EQ(factor(), 2U) << "no second step before the first has come into force";
    EXPECT_TRUE(snapshot().poll_in_progress);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 200ms);
    EXPECT_EQ(snapshot().tx_interval, 100ms);
    answers = true;
    exchange(2);
    EXPECT_EQ(snapshot().tx_interval, 200ms);
    EXPECT_FALSE(snapshot().poll_in_progress);
}

TEST_F(Congestion, LostPacketsOneByOneAreNone) {
    begin();
    exchange(2000, [](unsigned i) { return i % 40 == 7; });
    EXPECT_EQ(factor(), 1U);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

TEST_F(Congestion, AnInterruptionIsNone) {
    begin();
    exchange(40);
    exchange(4, [](unsigned) { return true; });
    exchange(400);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

TEST_F(Congestion, InterruptionsOneAfterTheOtherAre) {
    begin();
    exchange(100, [](unsigned i) { return i % 16 < 4; });
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_GE(snapshot().congestion_backoffs, 1U);
}

TEST_F(Congestion, APeerThatJittersAsItMayLosesNothing) {
    begin();
    for (unsigned i = 0; i < 3000; ++i) {
        box.run_for(75ms + 25ms * (i * 7 % 11) / 10);
        peer.send();
    }
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

/// What waits in a queue arrives late, but it arrives.
TEST_F(Congestion, DelayThatComesAndGoesIsNone) {
    begin();
    for (unsigned round = 0; round < 200; ++round) {
        exchange(12);
        box.run_for(350ms);
        for (int i = 0; i < 3; ++i) peer.send();
    }
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

TEST_F(Congestion, WhatAWorkerThatStoodStillHasNotReceivedIsNone) {
    begin();
    for (unsigned round = 0; round < 200; ++round) {
        exchange(6);
        box.stall_for(300ms, 300ms);
        for (int turn = 0; turn < 3; ++turn) box.advance(300ms);
        peer.send();
        box.advance();
    }
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

// Another worker's standstill is told of while it goes on: longer with each turn.
TEST_F(Congestion, IsSeenAfterAStandstillThatGrewTurnByTurn) {
    begin();
    for (int ms = 11; ms <= 400; ++ms) box.advance(std::chrono::milliseconds{ms});
    box.advance();
    unsigned n = 0;
    for (unsigned round = 0; round < 40; ++round) {
        exchange(30, [&](unsigned) { return every_third(n++); });
    }
    EXPECT_GE(snapshot().congestion_backoffs, 1U);
}

TEST_F(Congestion, IsSeenBetweenStandstillsToo) {
    begin();
    unsigned n = 0;
    for (unsigned round = 0; round < 40; ++round) {
        exchange(30, [&](unsigned) { return every_third(n++); });
        box.stall_for(2ms, 2ms);
        box.advance();
    }
    EXPECT_GE(snapshot().congestion_backoffs, 1U);
}

// req: RFC5880-7-02
TEST_F(Congestion, ThatLastsRaisesIntervalsToTheBoundAndNoFurther) {
    begin();
    congest(4);
    EXPECT_EQ(factor(), 16U);
    exchange(600, every_third);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 1600ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 1600ms);
    EXPECT_EQ(snapshot().congestion_backoffs, 4U);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(Congestion, TheBoundIsConfigured) {
    begin(controlled(1));
    congest();
    exchange(600, every_third);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 200ms);
    EXPECT_EQ(factor(), 2U);
}

// req: RFC5880-7-02
TEST_F(Congestion, DoublesWhatThePeerHasSlowedUsDownTo) {
    peer.says.required_min_rx_interval = 400ms;
    peer.says.desired_min_tx_interval = 300ms;
    begin();
    congest();
    EXPECT_EQ(snapshot().tx_interval, 800ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 600ms);
}

TEST_F(Congestion, AnIntervalOfHoursThatThePeerAskedForIsNotDoubled) {
    EXPECT_EQ(bfd::raised(100ms, 1h, 4), 10s);
    EXPECT_EQ(bfd::raised(6s, 1h, 1), 12s) << "what is configured may be";
    EXPECT_EQ(bfd::raised(30min, 30min, 1), 1h) << "or no less would be sent";
}

TEST_F(Congestion, IntervalsReturnByStepsAfterAStretchWithoutLoss) {
    begin();
    congest(2);
    ASSERT_EQ(factor(), 4U);
    static_cast<void>(times_told());
    exchange(120);
    EXPECT_EQ(factor(), 4U);
    exchange(30);
    EXPECT_EQ(factor(), 2U);
    exchange(3);
    EXPECT_EQ(snapshot().tx_interval, 200ms);
    EXPECT_EQ(times_told(), 1U);
    exchange(150);
    EXPECT_EQ(factor(), 1U);
    exchange(3);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 100ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 100ms);
    EXPECT_EQ(snapshot().tx_interval, 100ms);
    EXPECT_EQ(snapshot().detection_time, 500ms);
    exchange(500);
    EXPECT_EQ(factor(), 1U) << "never below what is configured";
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
}

TEST_F(Congestion, LossThatReturnsMakesTheNextReturnSlower) {
    begin();
    std::vector<unsigned> stretches;
    for (int round = 0; round < 4; ++round) {
        congest();
        ASSERT_EQ(factor(), 2U);
        unsigned clean = 0;
        for (; factor() == 2U && clean < 5000; ++clean) exchange(1);
        stretches.push_back(clean);
        exchange(3);
    }
    for (std::size_t i = 1; i < stretches.size(); ++i) {
        EXPECT_GT(stretches[i], stretches[i - 1] * 3 / 2) << "round " << i;
    }
}

TEST_F(Congestion, ParametersThatAreSetMeanwhileAreDoubledFromNowOn) {
    begin();
    congest(2);
    ASSERT_EQ(factor(), 4U);
    SessionParameters p = controlled();
    p.desired_min_tx_interval = 150ms;
    change(p);
    exchange(3);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 600ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 400ms);
    exchange(320);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 150ms);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(Congestion, OtherParametersLeaveItAsItIs) {
    begin();
    congest();
    SessionParameters p = controlled();
    p.detect_mult = 7;
    change(p);
    exchange(3);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 200ms);
}

TEST_F(Congestion, WithoutControlIntervalsReturnAtOnce) {
    begin();
    congest();
    static_cast<void>(times_told());
    change(controlled(0));
    exchange(3);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 100ms);
    EXPECT_EQ(factor(), 1U);
    EXPECT_EQ(times_told(), 1U);
    exchange(300, every_third);
    EXPECT_EQ(factor(), 1U);
}

TEST_F(Congestion, ControlThatIsTurnedOnMeanwhileSeesIt) {
    begin(controlled(0));
    exchange(90, every_third);
    EXPECT_EQ(factor(), 1U);
    change(controlled());
    exchange(90, every_third);
    EXPECT_GE(factor(), 2U);
}

TEST_F(Congestion, AdminDownForgetsIt) {
    begin();
    congest(2);
    ASSERT_EQ(box.set_admin(session, true), Status::Ok);
    EXPECT_EQ(factor(), 1U);
    ASSERT_EQ(box.set_admin(session, false), Status::Ok);
    peer.bring_up();
    settle();
    EXPECT_EQ(snapshot().desired_min_tx_interval, 100ms);
    EXPECT_EQ(snapshot().congestion_backoffs, 2U);
}

/// A path that is cut is a failure and nothing else: found in time, and the session returns as it
/// was.
TEST_F(Congestion, AFailureIsFoundInTheDetectionTimeAndIsNone) {
    begin();
    exchange(107);
    const Instant last = box.now();
    box.run_for(499ms);
    EXPECT_EQ(state(), SessionState::Up);
    box.run_for(2ms);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(snapshot().last_rx, last);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

TEST_F(Congestion, AFailureWhileBackedOffIsFoundInTheDetectionTimeThatWasAgreed) {
    begin();
    congest();
    exchange(5);
    ASSERT_EQ(snapshot().detection_time, 1s);
    box.run_for(999ms);
    EXPECT_EQ(state(), SessionState::Up);
    box.run_for(2ms);
    EXPECT_EQ(state(), SessionState::Down);
}

// req: RFC5880-7-02
TEST_F(Congestion, AFailureThatLossAnnouncedMakesTheSessionReturnSlower) {
    begin();
    exchange(20);
    exchange(16, [](unsigned i) { return i % 2 == 0; });
    EXPECT_EQ(factor(), 1U);
    box.run_for(502ms);
    ASSERT_EQ(state(), SessionState::Down);
    EXPECT_EQ(factor(), 2U);
    EXPECT_EQ(snapshot().required_min_rx_interval, 100ms) << "while Down it is no slower";
    EXPECT_EQ(times_told(), 1U);
    peer.says.your_discriminator = session.local_discr;
    peer.bring_up();
    exchange(5);
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().tx_interval, 200ms);
    EXPECT_EQ(snapshot().detection_time, 1s);
}

TEST_F(Congestion, AFailureSoonAfterComingUpMakesTheSessionReturnSlower) {
    begin();
    exchange(20);
    box.run_for(502ms);
    ASSERT_EQ(state(), SessionState::Down);
    EXPECT_EQ(factor(), 2U);
}

/// What is lost on the way to the peer only the peer can see.
TEST_F(Congestion, AFailureThatThePeerSawMakesTheSessionReturnSlowerToo) {
    begin();
    exchange(20);
    exchange(16, [](unsigned i) { return i % 2 == 0; });
    peer.says.diag = Diag::ControlDetectionTimeExpired;
    peer.says.desired_min_tx_interval = 1s;
    peer.send(SessionState::Down);
    ASSERT_EQ(state(), SessionState::Down);
    EXPECT_EQ(factor(), 2U);
    peer.says.diag = Diag::None;
    peer.bring_up();
    peer.says.desired_min_tx_interval = 100ms;
    exchange(3);
    EXPECT_EQ(snapshot().required_min_rx_interval, 200ms) << "what it said while Down is no base";
}

TEST_F(Congestion, ADownOfAnotherKindIsNone) {
    begin();
    exchange(20);
    peer.says.diag = Diag::PathDown;
    peer.send(SessionState::Down);
    ASSERT_EQ(state(), SessionState::Down);
    EXPECT_EQ(factor(), 1U);
}

TEST_F(Congestion, APeerInDemandModeGetsNothingAndNothingIsMeasured) {
    begin();
    peer.says.demand = true;
    exchange(200, every_third);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
    peer.says.demand = false;
    exchange(90, every_third);
    EXPECT_GE(snapshot().congestion_backoffs, 1U);
}

TEST_F(Congestion, ASilentPeerInOurDemandModeLosesNothing) {
    demand_mode = true;
    SessionParameters p = controlled();
    p.demand_mode = true;
    p.demand_poll_interval = 1s;
    peer.says.detect_mult = 5;
    add(p);
    peer.bring_up();
    for (unsigned i = 0; i < 3000; ++i) {
        const std::size_t before = box.sink.sent.size();
        box.run_for(20ms);
        for (std::size_t n = before; n < box.sink.sent.size(); ++n) {
            if (box.sink.sent[n].packet.poll) peer.send_final();
        }
    }
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(snapshot().demand_mode);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

TEST_F(Congestion, APeerThatWasAskedToSendNothingLosesNothing) {
    SessionParameters p = controlled();
    p.required_min_rx_interval = WireInterval{0};
    begin(p);
    box.run_for(1s);
    EXPECT_EQ(snapshot().required_min_rx_interval.count(), 0U);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

// A path that was congested hours ago says nothing about the one that there is.
TEST_F(Congestion, IsForgottenByAndByWhileThePeerIsInDemandMode) {
    begin();
    congest(2);
    peer.says.demand = true;
    exchange(40);
    EXPECT_EQ(factor(), 4U) << "no sooner than it would be with windows without loss";
    exchange(110);
    EXPECT_EQ(factor(), 2U);
    exchange(300);
    EXPECT_EQ(factor(), 1U);
    peer.says.demand = false;
    exchange(3);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().tx_interval, 100ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 100ms);
    EXPECT_EQ(snapshot().detection_time, 500ms);
}

TEST_F(Congestion, IsForgottenWhileThePeerWantsNoPackets) {
    begin();
    congest(2);
    peer.says.required_min_rx_interval = WireInterval{0};
    exchange(600);
    EXPECT_EQ(snapshot().tx_interval.count(), 0U);
    EXPECT_FALSE(snapshot().poll_in_progress) << "nothing could be sent";
    peer.says.required_min_rx_interval = 100ms;
    exchange(4);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(factor(), 1U);
    EXPECT_EQ(snapshot().tx_interval, 100ms);
    EXPECT_EQ(snapshot().required_min_rx_interval, 100ms);
}

TEST_F(Congestion, IsForgottenInOurDemandModeWhileWeSend) {
    demand_mode = true;
    begin();
    congest(2);
    SessionParameters p = controlled();
    p.demand_mode = true;
    change(p);
    exchange(6);
    ASSERT_TRUE(snapshot().demand_mode);
    for (int i = 0; i < 60'000 && factor() != 1; ++i) {
        const std::size_t before = box.sink.sent.size();
        box.run_for(20ms);
        if (box.sink.sent.size() != before && box.sink.sent.back().packet.poll) peer.send_final();
    }
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(factor(), 1U);
    EXPECT_EQ(snapshot().desired_min_tx_interval, 100ms);
    EXPECT_EQ(snapshot().down_count, 0U);
}

TEST_F(Congestion, IsForgottenInTheDemandModeOfBoth) {
    demand_mode = true;
    begin();
    congest(3);
    SessionParameters p = controlled();
    p.demand_mode = true;
    change(p);
    peer.says.demand = true;
    exchange(6);
    ASSERT_TRUE(snapshot().demand_mode);
    box.run_for(20h);
    ASSERT_EQ(state(), SessionState::Up);
    peer.says.demand = false;
    peer.send_poll();
    EXPECT_EQ(factor(), 1U);
    exchange(4);
    EXPECT_EQ(snapshot().tx_interval, 100ms);
}

TEST_F(Congestion, StaysWhileTheSessionIsDown) {
    begin();
    congest();
    box.run_for(1002ms);
    ASSERT_EQ(state(), SessionState::Down);
    box.run_for(1h);
    peer.says.your_discriminator = session.local_discr;
    peer.bring_up();
    exchange(5);
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_GE(factor(), 2U);
}

TEST_F(Congestion, OfAPeerThatSendsVeryManyPacketsForEachOfOursIsMeasuredToo) {
    SessionParameters p = controlled();
    p.required_min_rx_interval = 1ms;
    peer.says.desired_min_tx_interval = 1ms;
    peer.says.detect_mult = 50;
    add_and_bring_up(p);
    peer.says.required_min_rx_interval = 90s;
    exchange(300'000);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U) << "nothing was lost";
    exchange(300'000, every_third);
    EXPECT_GE(snapshot().congestion_backoffs, 1U);
}

/// The counter of sent packets is what measures windows; nobody shall see that.
TEST_F(Congestion, SentPacketsAreCountedAsWithout) {
    begin();
    const std::uint64_t before = snapshot().tx_packets;
    forget();
    for (unsigned i = 0; i < 1500; ++i) {
        exchange(1, [&](unsigned) { return i / 300 % 2 == 1 && every_third(i); });
        if (i % 9 == 0) peer.send_poll();
        ASSERT_EQ(snapshot().tx_packets, before + box.sink.sent.size()) << i;
    }
    EXPECT_GE(snapshot().congestion_backoffs, 1U);
}

TEST_F(Congestion, IntervalsBeyondWhatFitsAreTheLongestThatDo) {
    EXPECT_EQ(bfd::doubled(WireInterval{4'000'000'000U}, 4), WireInterval{~0U});
    EXPECT_EQ(bfd::doubled(WireInterval{100}, 4), WireInterval{1600});
}

class SingleHopCongestion : public Congestion {
protected:
    SingleHopCongestion() : Congestion(v4_key()) {}
};

TEST_F(SingleHopCongestion, IsNotLookedFor) {
    SessionParameters p = controlled();
    p.min_ttl = 255;
    begin(p);
    exchange(300, every_third);
    EXPECT_EQ(snapshot().congestion_backoffs, 0U);
}

class WithoutRoomForCongestionControl : public Congestion {
protected:
    WithoutRoomForCongestionControl() : Congestion(multi_hop_key(), {}) {}
};

TEST_F(WithoutRoomForCongestionControl, ItIsRefused) {
    EXPECT_EQ(box.add(session, key, controlled()), Status::NoRoomForCongestionControl);
    begin(controlled(0));
    EXPECT_EQ(box.set_parameters(session, controlled()), Status::NoRoomForCongestionControl);
    exchange(300, every_third);
    EXPECT_EQ(state(), SessionState::Up);
}

}  // namespace
}  // namespace tocsin::test
