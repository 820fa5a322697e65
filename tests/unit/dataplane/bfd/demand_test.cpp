// Demand mode of the peer: we cease periodic transmission. RFC 5880 6.5, 6.6, 6.8.6, 6.8.7, 6.8.17.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class RemoteDemand : public OneSession {
protected:
    /// Up on both sides, the peer in Demand mode, us silent.
    void quiet() {
        add_and_bring_up();
        peer.says.demand = true;
        peer.send();
        box.run_for(10ms);
        forget();
    }
    /// A Poll Sequence runs whose packets satisfy `has`, and we are silent again after the Final.
    template <class Predicate>
    void expect_poll(Predicate has) {
        box.take_sent();
        peer.keep_sending(1s, 100ms);
        ASSERT_GE(count_periodic(), 9U) << "repeated until F";
        for (const Sent& s : box.take_sent()) {
            EXPECT_TRUE(s.packet.poll);
            EXPECT_TRUE(has(s.packet));
        }
        peer.send_final();
        box.take_sent();
        peer.keep_sending(3s, 100ms);
        EXPECT_TRUE(box.sink.sent.empty()) << "silent again";
        EXPECT_EQ(state(), SessionState::Up);
    }
};

// req: RFC5880-6.6-02 RFC5880-6.8.6-39 RFC5880-6.8.7-10
TEST_F(RemoteDemand, SilencesUs) {
    add_and_bring_up();
    peer.says.demand = true;
    peer.send();
    box.take_sent();
    peer.keep_sending(20 * 100ms, 100ms);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_EQ(snapshot().tx_interval, 0s);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.6-40 RFC5880-6.8.14-02
TEST_F(RemoteDemand, EndsWithTheBit) {
    quiet();
    peer.keep_sending(2s, 100ms);
    ASSERT_TRUE(box.sink.sent.empty());
    peer.says.demand = false;
    peer.send();
    EXPECT_LE(next_periodic().at - box.now(), 100ms);
    peer.keep_sending(1s, 100ms);
    EXPECT_GE(count_periodic(), 10U);
}

// req: RFC5880-6.8-03 RFC5880-6.8.6-40
TEST_F(RemoteDemand, NeedsTheBitAndBothStatesUp) {
    struct Case {
        SessionState local, remote;
        bool demand, silent;
    };
    using enum SessionState;
    for (const Case& c : {Case{Up, Up, true, true}, Case{Up, Up, false, false},
                          Case{Up, Init, true, false}, Case{Down, Up, true, false},
                          Case{Init, Down, true, false}, Case{Down, AdminDown, true, false},
                          Case{Down, Up, false, false}, Case{AdminDown, Up, true, false}}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters(), c.local == AdminDown), Status::Ok);
        if (c.local == Up) {
            far.send(Init);
            one.run_for(100ms);
            far.says.state = Up;
            far.send_final();
        }
        far.says.demand = c.demand;
        far.send(c.remote);
        if (c.local == Init) far.send(c.remote);
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, c.local);
        one.run_for(10ms);
        one.take_sent();
        far.keep_sending(3s, 100ms);
        EXPECT_EQ(one.sink.sent.empty(), c.silent)
            << bfd::name(c.local) << ' ' << bfd::name(c.remote) << ' ' << c.demand;
    }
}

// req: RFC5880-6.8.6-38
TEST_F(RemoteDemand, IsJudgedByTheStateThatThePacketLedTo) {
    add();
    peer.send(SessionState::Down);
    ASSERT_EQ(state(), SessionState::Init);
    peer.says.demand = true;
    peer.send(SessionState::Up);
    ASSERT_EQ(state(), SessionState::Up);
    // Coming Up is a change that the peer must confirm; then silence.
    peer.keep_sending(1s, 100ms);
    EXPECT_TRUE(last_sent().packet.poll);
    EXPECT_EQ(last_sent().packet.state, SessionState::Up);
    peer.send_final();
    box.take_sent();
    peer.keep_sending(3s, 100ms);
    EXPECT_TRUE(box.sink.sent.empty());
}

// A session of 1 s changes no interval when it comes Up, but the peer must still learn of it.
// req: RFC5880-6.6-13 RFC5880-6.8.6-38
TEST_F(RemoteDemand, ComingUpIsToldEvenWhenNoIntervalChanges) {
    SessionParameters p;
    p.desired_min_tx_interval = 1s;
    peer.says.desired_min_tx_interval = 1s;
    add(p);
    peer.send(SessionState::Down);
    peer.says.demand = true;
    peer.send(SessionState::Up);
    ASSERT_EQ(state(), SessionState::Up);
    box.run_for(1s);
    ASSERT_FALSE(box.sink.sent.empty());
    EXPECT_EQ(last_sent().packet.state, SessionState::Up);
    EXPECT_TRUE(last_sent().packet.poll);
    peer.send_final();
    box.take_sent();
    peer.keep_sending(10s, 1s);
    EXPECT_TRUE(box.sink.sent.empty());
}

// req: RFC5880-6.5-08 RFC5880-6.8.7-10 RFC5880-6.6-13
TEST_F(RemoteDemand, AChangedTxIntervalIsPolled) {
    quiet();
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 90ms;
    change(p);
    expect_poll([](const bfd::ControlPacket& c) { return c.desired_min_tx_interval == 90ms; });
}

// req: RFC5880-6.6-13
TEST_F(RemoteDemand, AChangedRxIntervalIsPolled) {
    quiet();
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 150ms;
    change(p);
    expect_poll([](const bfd::ControlPacket& c) { return c.required_min_rx_interval == 150ms; });
}

// req: RFC5880-6.6-13 RFC5880-6.8.12-03
TEST_F(RemoteDemand, AChangedMultiplierIsPolled) {
    quiet();
    SessionParameters p = fast_parameters();
    p.detect_mult = 5;
    change(p);
    expect_poll([](const bfd::ControlPacket& c) { return c.detect_mult == 5; });
}

// req: RFC5880-6.6-13
TEST_F(RemoteDemand, AChangedEchoIntervalIsPolled) {
    quiet();
    SessionParameters p = fast_parameters();
    p.required_min_echo_rx_interval = 50ms;
    change(p);
    expect_poll(
        [](const bfd::ControlPacket& c) { return c.required_min_echo_rx_interval == 50ms; });
}

// req: RFC5880-6.6-13 RFC5880-6.8.3-13 RFC5880-6.8.3-14
TEST_F(RemoteDemand, ChangesWhileAPollIsUnansweredAreToldByOneMore) {
    quiet();
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 150ms;
    change(p);
    ASSERT_TRUE(next_periodic().packet.poll);
    for (int i = 1; i <= 10; ++i) {
        p.detect_mult = static_cast<std::uint8_t>(3 + i);
        p.required_min_rx_interval = std::chrono::milliseconds{100 + 5 * i};
        change(p);
        peer.send();
        EXPECT_TRUE(next_periodic().packet.poll);
    }
    peer.send_final();
    peer.keep_sending(3s, 100ms);  // as long as Finals of the first may be under way
    expect_poll([&](const bfd::ControlPacket& c) {
        return c.detect_mult == 13 && c.required_min_rx_interval == 150ms &&
               c.desired_min_tx_interval == 150ms;
    });
}

// req: RFC5880-6.6-13
TEST_F(RemoteDemand, ANewDiscriminatorOfThePeerIsReflectedByAPoll) {
    quiet();
    peer.says.my_discriminator = {0x31323334U};
    peer.send();
    expect_poll(
        [](const bfd::ControlPacket& c) { return c.your_discriminator.value == 0x31323334U; });
}

// What the peer cannot see is not polled.
TEST_F(RemoteDemand, AChangeThatIsNotInThePacketIsNotPolled) {
    quiet();
    SessionParameters p = fast_parameters();
    p.match_source = true;
    change(p);
    peer.keep_sending(1s, 100ms);
    EXPECT_TRUE(box.sink.sent.empty());
}

// req: RFC5880-6.8.17-03 RFC5880-6.6-13
TEST_F(RemoteDemand, AConcatenatedFailureIsPolled) {
    quiet();
    box.set_concatenated_diag(session, Diag::ConcatenatedPathDown);
    expect_poll([](const bfd::ControlPacket& c) { return c.diag == Diag::ConcatenatedPathDown; });
}

// req: RFC5880-6.8.7-13
TEST_F(RemoteDemand, PollsOfThePeerAreAnswered) {
    quiet();
    for (int i = 0; i < 3; ++i) {
        peer.send_poll();
        ASSERT_EQ(box.sink.sent.size(), 1U);
        EXPECT_TRUE(last_sent().packet.final);
        EXPECT_EQ(last_sent().at, box.now());
        box.take_sent();
        box.run_for(100ms);
    }
}

// req: RFC5880-6.6-10
TEST_F(RemoteDemand, SwitchesWithoutEffectOnTheState) {
    add_and_bring_up();
    for (int i = 0; i < 100; ++i) {
        peer.says.demand = i % 2 == 0;
        peer.send();
        box.run_for(120ms);
        EXPECT_EQ(count_periodic() == 0, peer.says.demand);
        box.take_sent();
    }
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-6.8.6-40
TEST_F(RemoteDemand, EndsWhenWeGoDown) {
    quiet();
    peer.send();
    box.run_for(301ms);
    ASSERT_EQ(state(), SessionState::Down) << "we still listen to periodic packets";
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    box.run_for(2s);
    EXPECT_GE(count_periodic(), 2U);
}

// A second change during the sequence waits, and is not forgotten in the silence.
TEST_F(RemoteDemand, AQueuedSequenceFollows) {
    quiet();
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 150ms;
    change(p);
    ASSERT_TRUE(next_periodic().packet.poll);
    p.required_min_rx_interval = 160ms;
    change(p);
    peer.send_final();
    EXPECT_TRUE(snapshot().poll_in_progress);
    peer.send();
    expect_poll([](const bfd::ControlPacket& c) { return c.required_min_rx_interval == 160ms; });
}

}  // namespace
}  // namespace tocsin::test
