// Detection Time: how long it is, that it is kept to the nanosecond on the early side and within
// one tick of the wheel on the late one, and what its end brings. RFC 5880 6.8.1, 6.8.4, 6.8.18.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Detection : public OneSession {
protected:
    /// Not before `deadline`, and at most one tick after it, the session goes from Up (or Init) to
    /// Down.
    void expect_down_at(Instant deadline) {
        box.run_until(deadline - 1ns);
        box.advance();
        ASSERT_NE(state(), SessionState::Down) << "early";
        box.run_until(deadline + bfd::kTickLength);
        ASSERT_EQ(state(), SessionState::Down) << "late";
    }
};

// req: RFC5880-6.1-07 RFC5880-6.2-14 RFC5880-6.8.4-03 RFC5880-6.8.4-04 RFC5880-6.8.4-02
// req: RFC5880-3.2-01
TEST_F(Detection, TakesUpDownAfterTheDetectionTimeAndNotBefore) {
    // Arrivals all over a tick, its ends among them.
    for (const std::int64_t phase : {0, 1, 7, 32768, 65535, 65536, 40000}) {
        EngineBox one{{.start = Instant{1000s} + Nanoseconds{phase}}};
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.bring_up();
        const Instant deadline = one.now() + 300ms;
        one.run_until(deadline - 1ns);
        one.advance();
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up) << phase;
        one.run_until(deadline + bfd::kTickLength);
        const SessionSnapshot s = one.snapshot(one.handle(0));
        ASSERT_EQ(s.session_state, SessionState::Down) << phase;
        EXPECT_EQ(s.local_diag, Diag::ControlDetectionTimeExpired);
        ASSERT_EQ(one.sink.late_detections.size(), 1U);
        EXPECT_GE(one.sink.late_detections[0], 0ns);
        EXPECT_LT(one.sink.late_detections[0], bfd::kTickLength);
    }
}

// The instant itself is not early, were it asked exactly then.
TEST_F(Detection, JudgesAtTheDeadlineItselfWhenATickBeginsThere) {
    const Instant tick{bfd::kTickLength * 1'000'000};
    EngineBox one{{.start = tick - 300ms}};
    Peer far{one, one.handle(0), key};
    ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
    far.bring_up();
    one.run_until(tick - 1ns);
    EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up);
    one.run_until(tick);
    EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Down);
}

// The entry in the wheel is that of an earlier packet; what counts is the last one, to the
// nanosecond. req: RFC5880-6.8.4-03
TEST_F(Detection, AnEntryOfAnEarlierPacketDoesNotJudgeEarly) {
    const Instant tick{bfd::kTickLength * 1'000'000};
    for (const Nanoseconds later : {Nanoseconds{1}, Nanoseconds{500}, Nanoseconds{60'000}}) {
        EngineBox one{{.start = tick - 300ms}};
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.bring_up();
        one.run_for(later);
        far.send();
        one.run_until(tick + later - 1ns);
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up) << later.count();
        one.run_until(tick + later + bfd::kTickLength);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Down);
    }
}

// req: RFC5880-6.2-09 RFC5880-6.8.4-03 RFC5880-6.8.4-04
TEST_F(Detection, TakesInitDownToo) {
    add();
    peer.send(SessionState::Down);
    ASSERT_EQ(state(), SessionState::Init);
    const Instant deadline = box.now() + 300ms;
    expect_down_at(deadline);
    EXPECT_EQ(diag(), Diag::ControlDetectionTimeExpired);
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    EXPECT_EQ(last_sent().packet.diag, Diag::ControlDetectionTimeExpired);
}

// req: RFC5880-6.1-08 RFC5880-6.8.4-04 RFC5880-6.8.7-19 RFC5880-4.1-03
TEST_F(Detection, ThePeerIsToldAtOnce) {
    add_and_bring_up();
    peer.send();
    const Instant deadline = box.now() + 300ms;
    box.run_until(deadline + bfd::kTickLength);
    ASSERT_FALSE(last_sent().periodic);
    EXPECT_LT(last_sent().at - deadline, bfd::kTickLength);
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    EXPECT_EQ(last_sent().octets[0] & 0x1f, 1);
}

// req: RFC5880-6.8.4-01 RFC5880-6.8.4-02
TEST_F(Detection, UsesThePeersMultiplierAndTheSlowerOfBothIntervals) {
    struct Case {
        WireInterval local_rx, remote_tx;
        std::uint8_t remote_mult;
        Nanoseconds expected;
    };
    for (const Case& c :
         {Case{150ms, 100ms, 4, 600ms}, Case{100ms, 150ms, 4, 600ms}, Case{10ms, 3300us, 1, 10ms},
          Case{50ms, 50ms, 3, 150ms}, Case{1s, 50ms, 255, 255s}}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        SessionParameters p;
        p.desired_min_tx_interval = 20ms;  // ours must not matter
        p.required_min_rx_interval = c.local_rx;
        p.detect_mult = 9;
        far.says.detect_mult = c.remote_mult;
        far.says.desired_min_tx_interval = c.remote_tx;
        far.says.required_min_rx_interval = 30ms;
        ASSERT_EQ(one.add(one.handle(0), key, p), Status::Ok);
        far.bring_up();
        EXPECT_EQ(one.snapshot(one.handle(0)).detection_time, c.expected);
        const Instant deadline = one.now() + c.expected;
        one.run_until(deadline - 1ns);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up);
        one.run_until(deadline + bfd::kTickLength);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Down);
    }
}

// req: RFC5880-6.8.6-43
TEST_F(Detection, EveryAcceptedPacketRestartsIt) {
    add_and_bring_up();
    for (int i = 0; i < 50; ++i) {
        peer.send();  // the same again: the fast path
        box.run_for(300ms - 1ns);
        ASSERT_EQ(state(), SessionState::Up);
    }
    for (int i = 0; i < 50; ++i) {
        peer.says.diag = static_cast<Diag>(i % 9);
        peer.send();
        box.run_for(300ms - 1ns);
        ASSERT_EQ(state(), SessionState::Up);
    }
    for (int i = 0; i < 10; ++i) {
        peer.send_poll();
        box.run_for(300ms - 1ns);
        ASSERT_EQ(state(), SessionState::Up);
    }
    peer.send();
    expect_down_at(box.now() + 300ms);
}

// req: RFC5880-6.8.6-27 RFC5880-6.8.2-01 RFC5880-6.8.3-12
TEST_F(Detection, FollowsEveryPacketThatChangesIt) {
    add_and_bring_up();
    for (int i = 0; i < 100; ++i) {
        peer.says.detect_mult = static_cast<std::uint8_t>(1 + i * 7 % 20);
        peer.says.desired_min_tx_interval = std::chrono::milliseconds{100 + i * 37 % 400};
        peer.send();
        const Nanoseconds expected =
            peer.says.detect_mult * Nanoseconds{peer.says.desired_min_tx_interval};
        ASSERT_EQ(snapshot().detection_time, expected);
        box.run_for(expected - 1ns);
        ASSERT_EQ(state(), SessionState::Up);
    }
    peer.says.detect_mult = 10;
    peer.says.desired_min_tx_interval = 500ms;
    peer.send();
    box.run_for(10ms);
    peer.says.detect_mult = 2;
    peer.says.desired_min_tx_interval = 120ms;
    peer.send();
    expect_down_at(box.now() + 240ms);
}

// req: RFC5880-4.1-19
TEST_F(Detection, ADesiredTxOfZeroLeavesOurOwnInterval) {
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 300ms;
    add_and_bring_up(p);
    peer.says.desired_min_tx_interval = {};
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(snapshot().detection_time, 900ms);
    expect_down_at(box.now() + 900ms);
}

// Neither side names an interval: there is nothing to wait for, and nothing to loop on.
// req: RFC5880-4.1-19 RFC5880-6.8.1-12
TEST_F(Detection, ZeroOnBothSidesNeitherExpiresNorSpins) {
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = {};
    peer.says.desired_min_tx_interval = {};
    add();
    peer.bring_up();
    change(p);
    settle();
    peer.send();
    EXPECT_EQ(snapshot().detection_time, 0ns);
    box.run_for(10s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_LE(box.sink.sent.size(), 140U);
}

// req: RFC5880-6.8.4-05
TEST_F(Detection, TheLargestValuesDoNotOverflow) {
    add_and_bring_up();
    peer.says.detect_mult = 255;
    peer.says.desired_min_tx_interval = WireInterval{4294967295U};
    peer.send();
    const std::chrono::microseconds longest{1095216660225};
    EXPECT_EQ(snapshot().detection_time, longest);
    const Instant deadline = box.now() + longest;
    // Asked not to send, so that twelve days pass quickly.
    peer.says.required_min_rx_interval = {};
    peer.send();
    for (const Nanoseconds at :
         {Nanoseconds{1h}, Nanoseconds{39h}, Nanoseconds{79h}, Nanoseconds{157h}}) {
        box.run_until(deadline - longest + at);
        ASSERT_EQ(state(), SessionState::Up);
    }
    expect_down_at(deadline);
}

// req: RFC5880-6.8.3-07 RFC5880-6.8.7-32 RFC5880-4.1-20
TEST_F(Detection, AReducedRxIntervalCountsOnlyAfterTheFinal) {
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 1s;
    add_and_bring_up(p);
    p.required_min_rx_interval = 100ms;
    change(p);
    EXPECT_EQ(next_periodic().octets[18], 100'000 >> 8 & 0xff);
    EXPECT_EQ(last_sent().packet.required_min_rx_interval, 100ms);
    peer.send();
    EXPECT_EQ(snapshot().detection_time, 3s);
    box.run_for(3s - 1ns);
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(last_sent().packet.poll);
    peer.send_final();
    EXPECT_EQ(snapshot().detection_time, 300ms);
    expect_down_at(box.now() + 300ms);
}

// req: RFC5880-6.8.3-12
TEST_F(Detection, ARaisedRxIntervalCountsAtOnce) {
    add_and_bring_up();
    peer.send();
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 1s;
    change(p);
    EXPECT_EQ(snapshot().detection_time, 3s);
    expect_down_at(snapshot().last_rx + 3s);
}

// While not Up nothing waits for a Poll Sequence.
// req: RFC5880-6.8.3-12
TEST_F(Detection, AReducedRxIntervalCountsAtOnceWhileNotUp) {
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 1s;
    add(p);
    peer.send(SessionState::Down);
    ASSERT_EQ(snapshot().detection_time, 3s);
    p.required_min_rx_interval = 100ms;
    change(p);
    EXPECT_EQ(snapshot().detection_time, 300ms);
    expect_down_at(snapshot().last_rx + 300ms);
}

// req: RFC5880-6.2-15 RFC5880-6.8.4-06
TEST_F(Detection, ChangesNothingInDown) {
    add_and_bring_up();
    peer.send(SessionState::Down);
    ASSERT_EQ(diag(), Diag::NeighborSignaledSessionDown);
    forget();
    box.run_for(3s);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::NeighborSignaledSessionDown);
    EXPECT_TRUE(box.sink.state_changes.empty());
    EXPECT_TRUE(box.sink.late_detections.empty());
    for (const SessionEvent& e : box.events()) EXPECT_EQ(e.transitions, 0U);
}

// req: RFC5880-6.8.4-06
TEST_F(Detection, ChangesNothingInAdminDown) {
    add_and_bring_up();
    box.set_admin(session, true, Diag::PathDown);
    peer.send();
    forget();
    box.run_for(3s);
    EXPECT_EQ(state(), SessionState::AdminDown);
    EXPECT_EQ(diag(), Diag::PathDown);
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-6.8.1-09 RFC5880-6.8.7-30 RFC5880-4.1-16
TEST_F(Detection, ForgetsThePeersDiscriminator) {
    add();
    box.run_for(1s);
    EXPECT_EQ(last_sent().packet.your_discriminator.value, 0U);
    peer.bring_up();
    settle();
    EXPECT_EQ(next_periodic().packet.your_discriminator, peer.says.my_discriminator);
    peer.send();
    const Instant deadline = box.now() + 300ms;
    box.run_until(deadline - 1ns);
    EXPECT_EQ(snapshot().remote_discr, peer.says.my_discriminator);
    peer.says.detect_mult = 0;  // discarded: does not delay it
    EXPECT_EQ(peer.send(), DropReason::DetectMultZero);
    box.run_until(deadline + bfd::kTickLength);
    EXPECT_EQ(snapshot().remote_discr.value, 0U);
    EXPECT_EQ(last_sent().packet.your_discriminator.value, 0U);
    EXPECT_EQ(next_periodic().packet.your_discriminator.value, 0U);
}

// req: RFC5880-6.8.1-02 RFC5880-6.8.18-02
TEST_F(Detection, RemembersThePeerForADetectionTimeInEveryState) {
    for (const SessionState kept : {SessionState::Down, SessionState::AdminDown}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        far.says.required_min_rx_interval = 10s;
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.bring_up();
        if (kept == SessionState::AdminDown) one.set_admin(one.handle(0), true);
        far.send(SessionState::Down);
        const Instant deadline = one.now() + 300ms;
        one.run_until(deadline - 1ns);
        SessionSnapshot s = one.snapshot(one.handle(0));
        ASSERT_EQ(s.session_state, kept);
        EXPECT_EQ(s.remote_discr, far.says.my_discriminator);
        EXPECT_EQ(s.remote_min_rx_interval, 10s);
        one.run_until(deadline + bfd::kTickLength);
        s = one.snapshot(one.handle(0));
        EXPECT_EQ(s.remote_discr.value, 0U);
        EXPECT_EQ(s.remote_min_rx_interval, 1us);
    }
}

// req: RFC5880-6.8.18-05
TEST_F(Detection, SendsAgainWhenAPeerThatWantedNothingFallsSilent) {
    add();
    peer.says.required_min_rx_interval = {};
    peer.send(SessionState::AdminDown);
    const Instant deadline = box.now() + 300ms;
    box.take_sent();
    box.run_until(deadline - 1ns);
    EXPECT_TRUE(box.sink.sent.empty());
    box.run_for(1100ms);
    EXPECT_GE(count_periodic(), 1U);
}

// req: RFC5880-6.8.1-03
TEST_F(Detection, ASilentSessionStaysInTheTable) {
    add_and_bring_up();
    box.run_for(Nanoseconds{1h});
    EXPECT_TRUE(box.has(session));
    EXPECT_EQ(state(), SessionState::Down);
}

// Deadlines may lie behind a standstill of the worker: what arrived meanwhile is taken first.
TEST_F(Detection, APacketTakenAfterAStandstillSavesTheSession) {
    add_and_bring_up();
    peer.send();
    box.time.now += 400ms;
    peer.send();
    box.advance(400ms);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(Detection, ADownThatFollowsAStandstillSaysSo) {
    add_and_bring_up();
    peer.send();
    static_cast<void>(box.events());
    box.stall_for(400ms, 390ms);
    ASSERT_EQ(state(), SessionState::Down);
    std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].loop_gap, 390ms);
    ASSERT_EQ(box.sink.late_detections.size(), 1U);
    EXPECT_EQ(box.sink.late_detections[0], 100ms);

    peer.bring_up();
    events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].loop_gap, 0ns);
}

}  // namespace
}  // namespace tocsin::test
