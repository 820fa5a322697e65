// What leaves, and who is silent: RFC 5880 6.1, 6.8.1, 6.8.7.

#include "transmit.hpp"

namespace tocsin::test {
namespace {

// req: RFC5880-6.1-01 RFC5880-6.1-04 RFC5880-6.8.1-04 RFC5880-6.8.1-08 RFC5880-6.8.1-10
// req: RFC5880-6.8.1-11 RFC5880-6.8.1-13 RFC5880-6.8.1-15 RFC5881-3-03 RFC5880-6.8.3-08
TEST_F(Transmit, ANewSessionSendsSlowlyToASilentPeer) {
    add(sending_every(10ms));
    box.run_for(600s);
    ASSERT_GE(count_periodic(), 600U);
    EXPECT_LE(count_periodic(), 801U);
    expect_gaps(750ms, 1s);
    EXPECT_LE(box.sink.sent[0].at - Instant{10s}, 1s);
    for (const Sent& s : box.sink.sent) {
        EXPECT_EQ(s.packet.state, SessionState::Down);
        EXPECT_EQ(s.packet.diag, Diag::None);
        EXPECT_EQ(s.packet.your_discriminator.value, 0U);
        EXPECT_EQ(s.packet.desired_min_tx_interval, 1s);
        EXPECT_FALSE(s.packet.poll);
    }
    EXPECT_EQ(snapshot().tx_packets, box.sink.sent.size());
}

// req: RFC5880-6.8.1-05 RFC5880-6.8.1-04 RFC5880-6.8.1-10 RFC5880-6.8.1-13 RFC5880-6.8.1-15
TEST_F(Transmit, VariablesStartAsTheRfcSays) {
    add();
    const SessionSnapshot s = snapshot();
    EXPECT_EQ(s.session_state, SessionState::Down);
    EXPECT_EQ(s.remote_session_state, SessionState::Down);
    EXPECT_EQ(s.local_diag, Diag::None);
    EXPECT_EQ(s.remote_discr.value, 0U);
    EXPECT_EQ(s.remote_min_rx_interval, 1us);
    EXPECT_EQ(s.desired_min_tx_interval, 1s);
    EXPECT_EQ(s.required_min_rx_interval, 100ms);
    EXPECT_FALSE(s.remote_demand_mode);
    EXPECT_EQ(s.detection_time, 0ns);
    EXPECT_EQ(s.detect_mult, 3);
}

// req: RFC5880-6.1-02
TEST_F(Transmit, APassiveSessionIsSilentUntilItIsSpokenTo) {
    add(passive());
    box.run_for(60s);
    EXPECT_TRUE(box.sink.sent.empty());
    peer.send(SessionState::Down);
    EXPECT_FALSE(box.sink.sent.empty());
    EXPECT_EQ(last_sent().packet.state, SessionState::Init);
    box.take_sent();
    peer.keep_sending(2s, 100ms);
    EXPECT_GE(count_periodic(), 2U);
}

// req: RFC5880-6.8.7-08
TEST_F(Transmit, APassiveSessionThatLostItsPeerIsSilentAgain) {
    add_and_bring_up(passive());
    peer.send();
    const Instant deadline = box.now() + 300ms;
    box.run_until(deadline - 1ns);
    forget();
    box.run_for(60s);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_TRUE(box.sink.sent.empty());
    peer.send(SessionState::Down);
    EXPECT_EQ(state(), SessionState::Init);
    EXPECT_FALSE(box.sink.sent.empty());
}

TEST_F(Transmit, BecomingActiveOrPassiveTakesEffectAtOnce) {
    add(passive());
    box.run_for(10s);
    ASSERT_TRUE(box.sink.sent.empty());
    change(fast_parameters());
    box.run_for(2s);
    EXPECT_GE(count_periodic(), 1U);
    change(passive());
    box.take_sent();
    box.run_for(10s);
    EXPECT_TRUE(box.sink.sent.empty());
}

// req: RFC5880-6.8.7-17
TEST_F(Transmit, AChangeOfStateDoesNotWaitForThePeriodicPacket) {
    peer.says.desired_min_tx_interval = 1s;
    add();
    next_periodic();
    box.run_for(300ms);
    box.take_sent();
    peer.send(SessionState::Down);
    ASSERT_EQ(box.sink.sent.size(), 1U);
    EXPECT_EQ(last_sent().at, box.now());
    EXPECT_EQ(last_sent().packet.state, SessionState::Init);
    EXPECT_FALSE(last_sent().packet.poll);
    const Instant told = box.now();
    const Nanoseconds gap = next_periodic().at - told;
    EXPECT_GE(gap, 750ms - bfd::kTickLength);
    EXPECT_LE(gap, 1s);
}

// req: RFC5880-6.8.7-17 RFC5880-6.8.12-02 RFC5880-6.8.12-01 RFC5880-6.8.7-27 RFC5880-6.8.1-17
TEST_F(Transmit, ANewMultiplierIsSentWithoutAPoll) {
    add_and_bring_up();
    SessionParameters p = fast_parameters();
    for (const std::uint8_t mult : {7, 255, 1, 3}) {
        box.take_sent();
        p.detect_mult = mult;
        change(p);
        const Sent next = next_periodic();
        EXPECT_EQ(next.packet.detect_mult, mult);
        for (const Sent& s : box.sink.sent) {
            EXPECT_EQ(s.octets[2], mult);
            EXPECT_FALSE(s.packet.poll);
        }
        peer.send();
    }
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.10-02 RFC5880-3-03 RFC5880-6.8.7-32
TEST_F(Transmit, NewValuesAreInTheNextPacketAndTheSessionStaysUp) {
    add_and_bring_up();
    SessionParameters p = fast_parameters();
    p.required_min_rx_interval = 150ms;
    change(p);
    box.run_for(100ms);
    ASSERT_FALSE(box.sink.sent.empty());
    EXPECT_EQ(box.sink.sent[0].packet.required_min_rx_interval, 150ms);
    p.desired_min_tx_interval = 90ms;
    box.take_sent();
    change(p);
    box.run_for(100ms);
    EXPECT_EQ(box.sink.sent.at(0).packet.desired_min_tx_interval, 90ms);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-4.1-21 RFC5880-6.8.7-33 RFC5880-6.8.13-02
TEST_F(Transmit, TheEchoReceiveIntervalIsSentAsConfigured) {
    SessionParameters p = fast_parameters();
    add_and_bring_up(p);
    for (const WireInterval echo : {0ms, 50ms, 0ms}) {
        p.required_min_echo_rx_interval = echo;
        change(p);
        EXPECT_EQ(next_periodic().packet.required_min_echo_rx_interval, echo);
        peer.send();
    }
}

// req: RFC5880-4.1-09
TEST_F(Transmit, TheCBitIsSentAsConfigured) {
    SessionParameters p = fast_parameters();
    add_and_bring_up(p);
    for (const bool independent : {true, false}) {
        p.control_plane_independent = independent;
        change(p);
        box.take_sent();
        peer.keep_sending(500ms, 100ms);
        peer.send_poll();
        ASSERT_FALSE(box.sink.sent.empty());
        for (const Sent& s : box.sink.sent) {
            EXPECT_EQ(s.packet.control_plane_independent, independent);
        }
    }
}

// req: RFC5880-6.8.7-29 RFC5880-4.1-15 RFC5880-6.8.7-18 RFC5880-6.8.7-26 RFC5880-4.1-12
// req: RFC5880-6.8.7-24 RFC5880-4.1-10 RFC5880-6.8.7-28 RFC5880-6.8.7-34 RFC5880-4.1-02
// req: RFC5880-6.8.7-16 RFC5880-6.8.7-25
TEST_F(Transmit, HundredSessionsSendWellFormedPacketsUnderTheirOwnDiscriminators) {
    EngineBox many{{.slots = 100}};
    std::vector<Peer> peers;
    for (std::uint8_t i = 0; i < 100; ++i) {
        const SessionKey k = v4_key(static_cast<std::uint8_t>(i + 2));
        ASSERT_EQ(many.add(many.handle(i), k, fast_parameters()), Status::Ok);
        peers.emplace_back(many, many.handle(i), k);
    }
    many.run_for(2s);
    for (Peer& p : peers) p.bring_up();
    for (Peer& p : peers) p.says.demand = true;  // of the peer, not ours
    for (Peer& p : peers) p.send_poll();
    many.run_for(2s);
    many.set_admin(many.handle(5), true);
    many.run_for(2s);
    ASSERT_GE(many.sink.sent.size(), 500U);
    expect_well_formed(many.sink.sent);
    for (const Sent& s : many.sink.sent) {
        EXPECT_EQ(s.packet.my_discriminator, many.handle(s.slot.value).local_discr);
    }
}

TEST_F(Transmit, APacketThatCouldNotLeaveGoesOutWhenTheHeadersAreKnown) {
    box.sink.can_send = false;
    add();
    box.run_for(3s);
    EXPECT_GE(box.sink.refused.size(), 3U);
    EXPECT_EQ(snapshot().tx_packets, 0U);
    box.sink.can_send = true;
    ASSERT_EQ(box.engine().headers_changed(session, box.now()), Status::Ok);
    box.run_for(2 * bfd::kTickLength);
    EXPECT_EQ(box.sink.sent.size(), 1U);
    EXPECT_EQ(snapshot().tx_packets, 1U);
    // Known headers that change again bring nothing forward.
    ASSERT_EQ(box.engine().headers_changed(session, box.now()), Status::Ok);
    box.run_for(700ms);
    EXPECT_EQ(box.sink.sent.size(), 1U);
}

}  // namespace
}  // namespace tocsin::test
