// What leaves and when: RFC 5880 6.1, 6.8.2, 6.8.3, 6.8.7.

#include "one_session.hpp"

#include <array>
#include <set>

namespace tocsin::test {
namespace {

class Transmit : public OneSession {
protected:
    void expect_gaps(Nanoseconds from, Nanoseconds to) const {
        const std::vector<Nanoseconds> gaps = periodic_gaps();
        ASSERT_FALSE(gaps.empty());
        for (const Nanoseconds g : gaps) {
            EXPECT_GE(g, from);
            EXPECT_LE(g, to);
        }
    }
};

// req: RFC5880-6.1-01 RFC5880-6.1-04 RFC5880-6.8.1-04 RFC5880-6.8.1-08 RFC5880-6.8.1-10
// req: RFC5880-6.8.1-11 RFC5880-6.8.1-13 RFC5880-6.8.1-15 RFC5881-3-03 RFC5880-6.8.3-08
TEST_F(Transmit, ANewSessionSendsSlowlyToASilentPeer) {
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 10ms;
    add(p);
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
    SessionParameters p = fast_parameters();
    p.passive = true;
    add(p);
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
    SessionParameters p = fast_parameters();
    p.passive = true;
    add_and_bring_up(p);
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
    SessionParameters p = fast_parameters();
    p.passive = true;
    add(p);
    box.run_for(10s);
    ASSERT_TRUE(box.sink.sent.empty());
    p.passive = false;
    change(p);
    box.run_for(2s);
    EXPECT_GE(count_periodic(), 1U);
    p.passive = true;
    change(p);
    box.take_sent();
    box.run_for(10s);
    EXPECT_TRUE(box.sink.sent.empty());
}

// req: RFC5880-6.1-06 RFC5880-6.1-10 RFC5880-6.8.3-04 RFC5880-6.8.3-08
TEST_F(Transmit, FastWhileUpAndSlowOtherwise) {
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 50ms;
    peer.says.required_min_rx_interval = 50ms;
    add_and_bring_up(p);
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

// req: RFC5880-6.8.3-08
TEST_F(Transmit, IsSlowInEveryStateButUp) {
    for (const SessionState s : {SessionState::AdminDown, SessionState::Down, SessionState::Init}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        SessionParameters p = fast_parameters();
        p.desired_min_tx_interval = 20ms;
        ASSERT_EQ(one.add(one.handle(0), key, p, s == SessionState::AdminDown), Status::Ok);
        far.says.state = s == SessionState::Init ? SessionState::Down : SessionState::AdminDown;
        far.send();
        p.desired_min_tx_interval = 30ms;
        ASSERT_EQ(one.set_parameters(one.handle(0), p), Status::Ok);
        far.keep_sending(10s, 100ms);
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, s);
        ASSERT_GE(one.sink.sent.size(), 9U);
        for (const Sent& sent : one.sink.sent) EXPECT_EQ(sent.packet.desired_min_tx_interval, 1s);
        p.desired_min_tx_interval = 3s;
        ASSERT_EQ(one.set_parameters(one.handle(0), p), Status::Ok);
        EXPECT_EQ(one.snapshot(one.handle(0)).desired_min_tx_interval, 3s);
        EXPECT_EQ(one.snapshot(one.handle(0)).tx_interval, 3s) << "nothing to wait for";
    }
}

// req: RFC5880-6.8.3-06 RFC5880-6.8.7-31
TEST_F(Transmit, ARaisedTxIntervalWaitsForTheFinalWhileUp) {
    add_and_bring_up();
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 1s;
    change(p);
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
TEST_F(Transmit, ASecondRaiseWaitsForItsOwnFinal) {
    add_and_bring_up();
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 500ms;
    change(p);
    ASSERT_TRUE(next_periodic().packet.poll);
    p.desired_min_tx_interval = 900ms;
    change(p);
    peer.send_final();  // may answer 500 ms or 900 ms
    EXPECT_EQ(snapshot().tx_interval, 100ms);
    peer.send();
    ASSERT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    EXPECT_EQ(snapshot().tx_interval, 900ms);
}

// req: RFC5880-6.8.3-12
TEST_F(Transmit, ALoweredTxIntervalTakesEffectAtOnce) {
    peer.says.required_min_rx_interval = 10ms;
    peer.says.desired_min_tx_interval = 1s;
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 1s;
    add_and_bring_up(p);
    const Instant last = next_periodic().at;
    peer.send();
    p.desired_min_tx_interval = 40ms;
    change(p);
    EXPECT_EQ(snapshot().tx_interval, 40ms);
    EXPECT_LE(next_periodic().at - last, 40ms);
    peer.send();
    box.take_sent();
    peer.keep_sending(2s, 100ms);
    expect_gaps(30ms, 40ms);
}

// req: RFC5880-6.8.7-06
TEST_F(Transmit, TheIntervalFollowsDesiredMinTx) {
    peer.says.required_min_rx_interval = 200ms;
    add_and_bring_up();
    EXPECT_EQ(snapshot().tx_interval, 200ms);
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 500ms;
    change(p);
    settle();
    EXPECT_EQ(snapshot().tx_interval, 500ms);
    p.desired_min_tx_interval = 100ms;
    change(p);
    settle();
    EXPECT_EQ(snapshot().tx_interval, 200ms);
}

// req: RFC5880-6.8.7-07 RFC5880-6.8.6-26 RFC5880-6.8.6-23 RFC5880-6.8.2-01
TEST_F(Transmit, TheIntervalFollowsRemoteMinRxPacketByPacket) {
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

// req: RFC5880-6.8.3-09
TEST_F(Transmit, AFasterPeerIsHonouredFromTheLastPacket) {
    peer.says.required_min_rx_interval = 1s;
    peer.says.desired_min_tx_interval = 1s;
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 50ms;
    add_and_bring_up(p);
    const Instant last = next_periodic().at;
    box.run_until(last + 20ms);
    peer.says.required_min_rx_interval = 50ms;
    peer.send();
    const Nanoseconds gap = next_periodic().at - last;
    EXPECT_LE(gap, 50ms);
    EXPECT_GE(gap, 37'500us);
}

// req: RFC5880-6.8.3-10
TEST_F(Transmit, AnIntervalThatHasAlreadyPassedMeansNow) {
    peer.says.required_min_rx_interval = 1s;
    peer.says.desired_min_tx_interval = 1s;
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = 50ms;
    add_and_bring_up(p);
    const Instant last = next_periodic().at;
    box.run_until(last + 500ms);
    peer.says.required_min_rx_interval = 50ms;
    peer.send();
    EXPECT_LE(next_periodic().at - (last + 500ms), 2 * bfd::kTickLength);
}

// req: RFC5880-6.8.7-03
TEST_F(Transmit, ArrivalsDoNotMoveTheSchedule) {
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
TEST_F(Transmit, NothingPeriodicWhileThePeerWantsNone) {
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
TEST_F(Transmit, ADownPeersIntervalIsObeyedWhileItSends) {
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
TEST_F(Transmit, DirectionsAreNegotiatedApart) {
    SessionParameters p;
    p.desired_min_tx_interval = 50ms;
    p.required_min_rx_interval = 200ms;
    peer.says.desired_min_tx_interval = 100ms;
    peer.says.required_min_rx_interval = 300ms;
    peer.says.detect_mult = 5;
    add_and_bring_up(p);
    EXPECT_EQ(snapshot().tx_interval, 300ms);
    EXPECT_EQ(snapshot().detection_time, 1s);
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

// req: RFC5880-6.8.10-01 RFC5880-6.8.11-01 RFC5880-6.8.1-12 RFC5880-4.1-20 RFC5880-6.8.18-03
TEST_F(Transmit, IntervalsMayTakeAnyValueInAnyState) {
    for (const SessionState s :
         {SessionState::AdminDown, SessionState::Down, SessionState::Init, SessionState::Up}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        far.says.desired_min_tx_interval = 4000s;
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters(), s == SessionState::AdminDown),
                  Status::Ok);
        if (s == SessionState::Init) far.send(SessionState::Down);
        if (s == SessionState::Up) far.bring_up();
        SessionParameters p = fast_parameters();
        for (const std::uint32_t us : {1U, 0U, 4294967295U, 1'000'000U, 10'000U}) {
            p.required_min_rx_interval = WireInterval{us};
            p.desired_min_tx_interval = WireInterval{std::clamp(us, 5'000U, 1'500'000U)};
            ASSERT_EQ(one.set_parameters(one.handle(0), p), Status::Ok);
            one.run_for(3s);
            ASSERT_EQ(one.snapshot(one.handle(0)).session_state, s);
            EXPECT_EQ(one.sink.sent.back().packet.required_min_rx_interval.count(), us);
        }
        expect_well_formed(one.sink.sent);
    }
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
        ASSERT_EQ(
            many.add(many.handle(i), v4_key(static_cast<std::uint8_t>(i + 2)), fast_parameters()),
            Status::Ok);
        peers.emplace_back(many, many.handle(i), v4_key(static_cast<std::uint8_t>(i + 2)));
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

// req: RFC5880-6.8.7-02
TEST_F(Transmit, GatheredSessionsLeaveTogetherAndEachWithinItsOwnJitter) {
    constexpr std::uint8_t kSessions = 40;
    std::array<std::size_t, 2> instants{};
    for (const bool gather : {false, true}) {
        EngineBox many{{.slots = kSessions, .gather = gather}};
        SessionParameters p = fast_parameters();
        p.desired_min_tx_interval = 50ms;
        for (std::uint8_t i = 0; i < kSessions; ++i) {
            const SessionKey k = v4_key(static_cast<std::uint8_t>(i + 2));
            ASSERT_EQ(many.add(many.handle(i), k, p), Status::Ok);
            Peer one{many, many.handle(i), k};
            one.says.required_min_rx_interval = 50ms;
            one.says.desired_min_tx_interval = 10s;
            one.bring_up();
            many.run_for(1'234us);
            one.send_final();
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

TEST_F(Transmit, LeisureIsThatOfTheShortestDetectionTime) {
    EngineBox many{{.slots = 4, .gather = true}};
    EXPECT_EQ(many.engine().leisure(), 0U) << "nobody to wait for";
    const auto come_up = [&](std::uint8_t i, WireInterval interval) {
        SessionParameters p = fast_parameters();
        p.required_min_rx_interval = interval;
        const SessionKey k = v4_key(static_cast<std::uint8_t>(i + 2));
        ASSERT_EQ(many.add(many.handle(i), k, p), Status::Ok);
        Peer one{many, many.handle(i), k};
        one.says.desired_min_tx_interval = interval;
        one.bring_up();
        one.send_final();
        ASSERT_EQ(many.snapshot(many.handle(i)).detection_time, 3 * Nanoseconds{interval});
    };
    come_up(0, 300ms);
    EXPECT_EQ(many.engine().leisure(), 2U);
    come_up(1, 100ms);
    EXPECT_EQ(many.engine().leisure(), 1U);
    come_up(2, 50ms);
    EXPECT_EQ(many.engine().leisure(), 0U);
    many.remove(many.handle(2), true);
    EXPECT_EQ(many.engine().leisure(), 1U);
    many.run_for(400ms);
    EXPECT_EQ(many.engine().leisure(), 2U) << "its peer fell silent";
    many.set_admin(many.handle(0), true);
    many.run_for(1s);
    EXPECT_EQ(many.engine().leisure(), 0U);
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
