// When periodic packets leave: RFC 5880 6.8.2, 6.8.3, 6.8.7.

#include "transmit.hpp"

#include <algorithm>
#include <string>

namespace tocsin::test {
namespace {

class TransmitInterval : public Transmit {};

// req: RFC5880-6.1-06 RFC5880-6.1-10 RFC5880-6.8.3-04 RFC5880-6.8.3-08
TEST_F(TransmitInterval, FastWhileUpAndSlowOtherwise) {
    peer.says.required_min_rx_interval = 50ms;
    add_and_bring_up(sending_every(50ms));
    peer.keep_sending(10s, 100ms);
    expect_gaps(37'500us, 50ms);
    box.run_for(301ms);
    ASSERT_EQ(state(), SessionState::Down);
    const std::size_t from = box.sink.sent.size() - 1;
    ASSERT_FALSE(box.sink.sent[from].periodic) << "tells of Down";
    box.run_for(20s);
    for (std::size_t i = from; i < box.sink.sent.size(); ++i) {
        EXPECT_EQ(box.sink.sent[i].packet.desired_min_tx_interval, 1s);
        if (i > from) {
            EXPECT_GE(box.sink.sent[i].at - box.sink.sent[i - 1].at, 750ms);
            EXPECT_LE(box.sink.sent[i].at - box.sink.sent[i - 1].at, 1s);
        }
    }
}

// req: RFC5880-6.8.3-06 RFC5880-6.8.7-31
TEST_F(TransmitInterval, ARaisedTxIntervalWaitsForTheFinalWhileUp) {
    add_and_bring_up();
    change(sending_every(1s));
    box.take_sent();
    peer.keep_sending(5s, 100ms);
    expect_gaps(75ms, 100ms);
    for (const Sent& s : box.take_sent()) EXPECT_EQ(s.packet.desired_min_tx_interval, 1s);
    peer.send_final();
    EXPECT_EQ(snapshot().tx_interval, 1s);
    box.take_sent();
    peer.keep_sending(20s, 100ms);
    expect_gaps(750ms, 1s);
}

// Also when it is raised again before the Final of the first.
// req: RFC5880-6.8.3-06
TEST_F(TransmitInterval, ASecondRaiseWaitsForItsOwnFinal) {
    add_and_bring_up();
    change(sending_every(500ms));
    ASSERT_TRUE(next_periodic().packet.poll);
    change(sending_every(900ms));
    peer.send_final();  // may answer 500 ms or 900 ms
    EXPECT_EQ(snapshot().tx_interval, 100ms);
    peer.send();
    ASSERT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    EXPECT_EQ(snapshot().tx_interval, 900ms);
}

// req: RFC5880-6.8.3-12
TEST_F(TransmitInterval, ALoweredTxIntervalTakesEffectAtOnce) {
    peer.says.required_min_rx_interval = 10ms;
    peer.says.desired_min_tx_interval = 1s;
    add_and_bring_up(sending_every(1s));
    const Instant last = next_periodic().at;
    peer.send();
    change(sending_every(40ms));
    EXPECT_EQ(snapshot().tx_interval, 40ms);
    EXPECT_LE(next_periodic().at - last, 40ms);
    peer.send();
    box.take_sent();
    peer.keep_sending(2s, 100ms);
    expect_gaps(30ms, 40ms);
}

// req: RFC5880-6.8.7-06
TEST_F(TransmitInterval, FollowsDesiredMinTx) {
    peer.says.required_min_rx_interval = 200ms;
    add_and_bring_up();
    EXPECT_EQ(snapshot().tx_interval, 200ms);
    change(sending_every(500ms));
    settle();
    EXPECT_EQ(snapshot().tx_interval, 500ms);
    change(sending_every(100ms));
    settle();
    EXPECT_EQ(snapshot().tx_interval, 200ms);
}

// req: RFC5880-6.8.7-07 RFC5880-6.8.6-26 RFC5880-6.8.6-23 RFC5880-6.8.2-01
TEST_F(TransmitInterval, FollowsRemoteMinRxPacketByPacket) {
    peer.says.desired_min_tx_interval = 1s;
    add_and_bring_up();
    for (const WireInterval rx : {50ms, 400ms, 100ms}) {
        peer.says.required_min_rx_interval = rx;
        peer.send();
        EXPECT_EQ(snapshot().tx_interval, std::max(rx, WireInterval{100ms}));
    }
    for (int i = 0; i < 100; ++i) {
        peer.says.required_min_rx_interval = std::chrono::milliseconds{100 + i * 53 % 300};
        peer.send();
        ASSERT_EQ(snapshot().tx_interval, peer.says.required_min_rx_interval);
        next_periodic();
        const Instant last = box.sink.sent.back().at;
        peer.send();
        const Nanoseconds gap = next_periodic().at - last;
        ASSERT_GE(gap, Nanoseconds{peer.says.required_min_rx_interval} * 3 / 4);
        ASSERT_LE(gap, peer.says.required_min_rx_interval);
        peer.send();
    }
    EXPECT_EQ(state(), SessionState::Up);
}

/// Up with a peer that takes a packet a second where we would send every 50 ms.
class ASlowPeerThatBecomesFaster : public Transmit {
protected:
    void SetUp() override {
        peer.says.required_min_rx_interval = 1s;
        peer.says.desired_min_tx_interval = 1s;
        add_and_bring_up(sending_every(50ms));
        last_ = next_periodic().at;
    }
    void becomes_faster_after(Nanoseconds time) {
        box.run_until(last_ + time);
        peer.says.required_min_rx_interval = 50ms;
        peer.send();
    }
    Instant last_;  ///< packet of ours
};

// req: RFC5880-6.8.3-09
TEST_F(ASlowPeerThatBecomesFaster, IsHonouredFromTheLastPacket) {
    becomes_faster_after(20ms);
    const Nanoseconds gap = next_periodic().at - last_;
    EXPECT_LE(gap, 50ms);
    EXPECT_GE(gap, 37'500us);
}

// req: RFC5880-6.8.3-10
TEST_F(ASlowPeerThatBecomesFaster, IsSentToNowWhenItsIntervalHasAlreadyPassed) {
    becomes_faster_after(500ms);
    EXPECT_LE(next_periodic().at - (last_ + 500ms), 2 * bfd::kTickLength);
}

// req: RFC5880-6.8.7-03
TEST_F(TransmitInterval, IsNotMovedByArrivals) {
    add_and_bring_up();
    for (int i = 0; i < 5000; ++i) {
        box.run_for(1ms);
        if (i % 3 == 1) peer.says.diag = static_cast<Diag>(i % 9);
        if (i % 3 == 2) peer.says.desired_min_tx_interval += 1us;
        peer.send();
    }
    ASSERT_GE(count_periodic(), 50U);
    expect_gaps(75ms, 100ms);
    EXPECT_EQ(count_periodic(), box.sink.sent.size());
}

// req: RFC5880-6.8.7-09 RFC5880-6.8.18-04
TEST_F(TransmitInterval, NothingPeriodicWhileThePeerWantsNone) {
    add_and_bring_up();
    peer.says.required_min_rx_interval = {};
    peer.send();
    EXPECT_EQ(snapshot().tx_interval, 0s);
    peer.keep_sending(5s, 100ms);
    EXPECT_TRUE(box.sink.sent.empty());
    peer.says.required_min_rx_interval = 100ms;
    peer.send();
    EXPECT_LE(next_periodic().at - box.now(), 0ns) << "more than an interval has passed: at once";
}

// req: RFC5880-6.8.18-04 RFC5880-6.8.18-02
TEST_F(TransmitInterval, OfADownPeerIsObeyedWhileItSends) {
    add();
    peer.says.required_min_rx_interval = 5s;
    peer.says.desired_min_tx_interval = 1s;
    peer.send(SessionState::AdminDown);
    box.take_sent();
    peer.keep_sending(60s, 900ms);
    expect_gaps(3750ms, 5s);
    peer.says.required_min_rx_interval = 10s;
    peer.send();
    next_periodic(11s);
    box.take_sent();
    peer.keep_sending(200s, 900ms);
    expect_gaps(7500ms, 10s);
}

// req: RFC5880-6.8.2-02
TEST_F(TransmitInterval, IsNegotiatedForEachDirectionApart) {
    SessionParameters p = sending_every(50ms);
    p.required_min_rx_interval = 200ms;
    peer.says.desired_min_tx_interval = 100ms;
    peer.says.required_min_rx_interval = 300ms;
    peer.says.detect_mult = 5;
    add_and_bring_up(p);
    EXPECT_EQ(snapshot().tx_interval, 300ms);
    EXPECT_EQ(snapshot().detection_time, 1s);
}

std::string state_name(const testing::TestParamInfo<SessionState>& info) {
    return std::string{bfd::name(info.param)};
}

class TransmitIntervalUnlessUp : public Transmit,
                                 public testing::WithParamInterface<SessionState> {};

// req: RFC5880-6.8.3-08
TEST_P(TransmitIntervalUnlessUp, IsASecondOrMore) {
    add(sending_every(20ms), GetParam() == SessionState::AdminDown);
    peer.send(GetParam() == SessionState::Init ? SessionState::Down : SessionState::AdminDown);
    change(sending_every(30ms));
    peer.keep_sending(10s, 100ms);
    ASSERT_EQ(state(), GetParam());
    ASSERT_GE(box.sink.sent.size(), 9U);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.desired_min_tx_interval, 1s);
    change(sending_every(3s));
    EXPECT_EQ(snapshot().desired_min_tx_interval, 3s);
    EXPECT_EQ(snapshot().tx_interval, 3s) << "nothing to wait for";
}

INSTANTIATE_TEST_SUITE_P(State, TransmitIntervalUnlessUp,
                         testing::Values(SessionState::AdminDown, SessionState::Down,
                                         SessionState::Init),
                         state_name);

class IntervalsInAnyState : public Transmit, public testing::WithParamInterface<SessionState> {};

// req: RFC5880-6.8.10-01 RFC5880-6.8.11-01 RFC5880-6.8.1-12 RFC5880-4.1-20 RFC5880-6.8.18-03
TEST_P(IntervalsInAnyState, MayTakeAnyValue) {
    peer.says.desired_min_tx_interval = 4000s;
    ASSERT_NO_FATAL_FAILURE(drive_to(GetParam()));
    for (const std::uint32_t us : {1U, 0U, 4294967295U, 1'000'000U, 10'000U}) {
        SessionParameters p = sending_every(WireInterval{std::clamp(us, 5'000U, 1'500'000U)});
        p.required_min_rx_interval = WireInterval{us};
        change(p);
        box.run_for(3s);
        ASSERT_EQ(state(), GetParam());
        EXPECT_EQ(last_sent().packet.required_min_rx_interval.count(), us);
    }
}

INSTANTIATE_TEST_SUITE_P(State, IntervalsInAnyState,
                         testing::Values(SessionState::AdminDown, SessionState::Down,
                                         SessionState::Init, SessionState::Up),
                         state_name);

}  // namespace
}  // namespace tocsin::test
