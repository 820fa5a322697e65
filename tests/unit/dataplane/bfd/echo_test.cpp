// The Echo function beside Control packets: when Echo packets leave, what comes back, and what
// their absence means. RFC 5880 5, 6.4, 6.8.5, 6.8.8, 6.8.9.

#include "dataplane/bfd/echo.hpp"

#include "dataplane/base/bytes.hpp"
#include "one_session.hpp"

#include <map>

namespace tocsin::test {
namespace {

class Echo : public OneSession {
protected:
    Echo() : OneSession{v4_key(), {.echo = true}} {
        peer.says.required_min_echo_rx_interval = 50ms;
    }

    static SessionParameters echoing(WireInterval interval = 50ms) {
        SessionParameters p = fast_parameters();
        p.desired_min_echo_tx_interval = interval;
        return p;
    }
    /// Up, Echo active, the Poll Sequence of the sedate interval past.
    void echo(const SessionParameters& p = echoing()) {
        add(p);
        peer.bring_up();
        keep_alive(3s);
        ASSERT_EQ(state(), SessionState::Up);
        ASSERT_GT(snapshot().echo_tx_interval, 0s);
        forget();
    }
    /// What a peer's forwarding plane makes of an Echo packet.
    ReceivedPacket looped(const SentEcho& sent) const {
        ReceivedPacket p;
        p.payload = sent.octets.data();
        p.payload_length = static_cast<std::uint16_t>(sent.octets.size());
        p.source = key.local.data();
        p.destination = key.local.data();
        p.port = key.port;
        p.type = SessionType::Echo;
        p.family = key.family;
        p.ttl = 254;
        return p;
    }
    DropReason loop(const SentEcho& sent) { return box.receive_echo(looped(sent)); }

    /// Control packets every 100 ms with Finals where they are asked for; Echo packets come back
    /// `round_trip` after they left.
    void keep_alive(Nanoseconds span, Nanoseconds round_trip = 1ms) {
        const Instant end = box.now() + span;
        while (box.now() < end) {
            box.run_for(1ms);
            for (const SentEcho& e : box.take_echoes()) {
                flying.push_back(e);
                gaps.push_back(e.at - last_echo);
                last_echo = e.at;
            }
            while (!flying.empty() && flying.front().at + round_trip <= box.now()) {
                EXPECT_EQ(loop(flying.front()), DropReason::None);
                flying.erase(flying.begin());
            }
            control();
        }
    }
    void control() {
        const bool polled = !box.sink.sent.empty() && box.sink.sent.back().packet.poll;
        if (polled && snapshot().poll_in_progress) {
            peer.send_final();
            last_control = box.now();
        } else if (box.now() - last_control >= 100ms) {
            peer.send();
            last_control = box.now();
        }
    }
    std::size_t echoes_in(Nanoseconds span) {
        box.take_echoes();
        std::size_t n = 0;
        for (const Instant end = box.now() + span; box.now() < end;) {
            box.run_for(1ms);
            control();
            for (const SentEcho& e : box.take_echoes()) {
                static_cast<void>(loop(e));
                ++n;
            }
        }
        return n;
    }

    std::vector<SentEcho> flying;
    std::vector<Nanoseconds> gaps;
    Instant last_echo{};
    Instant last_control{};
};

// req: RFC5880-6.1-05 RFC5880-6.8.9-03 RFC5880-6.8.9-04 RFC5880-6.8.9-05 RFC9747-3-02
TEST_F(Echo, LeavesAtTheSlowerOfBothIntervalsLessJitter) {
    echo(echoing(20ms));
    EXPECT_EQ(snapshot().echo_tx_interval, 50ms);
    gaps.clear();
    keep_alive(60s);
    ASSERT_GT(gaps.size(), 1000U);
    const auto [least, most] = std::minmax_element(gaps.begin() + 1, gaps.end());
    EXPECT_GE(*least, 37500us);
    EXPECT_LE(*most, 50ms);
    EXPECT_LT(*least, 39ms) << "spread over all that jitter allows";
    EXPECT_GT(*most, 48ms);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// req: RFC5880-6.8.9-01 RFC5880-6.8-01 RFC9747-3-05
TEST_F(Echo, NoneUnlessUp) {
    using enum SessionState;
    for (const SessionState s : {AdminDown, Down, Init}) {
        EngineBox one{{.echo = true}};
        Peer far{one, one.handle(0), key};
        far.says.required_min_echo_rx_interval = 50ms;
        ASSERT_EQ(one.add(one.handle(0), key, echoing(), s == AdminDown), Status::Ok);
        far.send(Down);
        if (s == Down) {
            far.send(AdminDown);
            one.run_for(10ms);
        }
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, s) << bfd::name(s);
        far.keep_sending(3s, 100ms);
        EXPECT_TRUE(one.sink.echoes.empty()) << bfd::name(s);
    }
}

// req: RFC5880-6.8.9-02 RFC5880-6.8.6-24 RFC5880-3.2-03 RFC9747-3-05
TEST_F(Echo, OnlyWhileThePeerAllowsIt) {
    peer.says.required_min_echo_rx_interval = 0s;
    add_and_bring_up(echoing());
    EXPECT_EQ(echoes_in(2s), 0U);
    peer.says.required_min_echo_rx_interval = 50ms;
    peer.send();
    EXPECT_GE(echoes_in(2s), 35U);
    peer.says.required_min_echo_rx_interval = 0s;
    peer.send();
    EXPECT_EQ(echoes_in(2s), 0U);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.9-04
TEST_F(Echo, FollowsThePeerToAnotherInterval) {
    echo();
    peer.says.required_min_echo_rx_interval = 200ms;
    peer.send();
    box.take_echoes();
    gaps.clear();
    keep_alive(10s);
    for (std::size_t i = 1; i < gaps.size(); ++i) EXPECT_GE(gaps[i], 150ms);
    EXPECT_EQ(snapshot().echo_tx_interval, 200ms);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.13-01 RFC5880-6.8.9-03 RFC5880-3.2-03
TEST_F(Echo, StartsAndStopsAtAnyTimeWithoutAnEventOfState) {
    add_and_bring_up(fast_parameters());
    EXPECT_EQ(echoes_in(1s), 0U) << "allowed, but not wished";
    for (int i = 0; i < 5; ++i) {
        change(echoing());
        EXPECT_GE(echoes_in(1s), 15U);
        change(fast_parameters());
        EXPECT_EQ(echoes_in(1s), 0U);
    }
    EXPECT_EQ(snapshot().down_count, 0U);
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-6.1-09 RFC5880-6.8.16-04 RFC9747-3-03
TEST_F(Echo, CeasesWhenTheSessionIsNoLongerUp) {
    echo();
    peer.send(SessionState::Down);
    EXPECT_EQ(echoes_in(2s), 0U);
}

// req: RFC5880-6.8.16-04
TEST_F(Echo, CeasesWhenTheSessionIsDisabled) {
    echo();
    ASSERT_EQ(box.set_admin(session, true), Status::Ok);
    box.take_echoes();
    box.run_for(2s);
    EXPECT_TRUE(box.sink.echoes.empty());
    ASSERT_EQ(box.remove(session, true), Status::Ok);
    box.run_for(2s);
    EXPECT_TRUE(box.sink.echoes.empty());
}

// req: RFC5880-6.8.3-11 RFC9747-3-04 RFC5880-6.4-03
TEST_F(Echo, MakesControlPacketsSedateByAPollSequence) {
    add(echoing());
    peer.bring_up();
    ASSERT_EQ(snapshot().required_min_rx_interval, 1s);
    Sent said = next_periodic();
    EXPECT_TRUE(said.packet.poll);
    EXPECT_EQ(said.packet.required_min_rx_interval, 1s);
    keep_alive(3s);
    EXPECT_EQ(snapshot().detection_time, 3s) << "the peer may send so rarely";
    forget();
    peer.says.required_min_echo_rx_interval = 0s;
    peer.send();
    said = next_periodic();
    EXPECT_TRUE(said.packet.poll);
    EXPECT_EQ(said.packet.required_min_rx_interval, 100ms) << "the configured one again";
    EXPECT_EQ(snapshot().detection_time, 3s) << "not before the peer has confirmed it";
    keep_alive(3s);
    EXPECT_EQ(snapshot().detection_time, 300ms);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC9747-3-04
TEST_F(Echo, DemandModeNeedsNoSedateInterval) {
    demand_mode = true;
    SessionParameters p = echoing();
    p.demand_mode = true;
    echo(p);
    EXPECT_TRUE(snapshot().demand_mode);
    EXPECT_EQ(snapshot().required_min_rx_interval, 100ms);
}

// req: RFC5880-6.8.5-01 RFC5880-6.8.5-02 RFC5880-6.8.8-02
TEST_F(Echo, AsManyMissingAsDetectMultEndTheSession) {
    echo();
    keep_alive(1s);
    const Instant lost = last_echo;
    box.take_echoes();
    while (state() == SessionState::Up && box.now() - lost < 1s) {
        box.run_for(1ms);
        control();
    }
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::EchoFunctionFailed);
    EXPECT_LE(box.now() - lost, 4 * 50ms + 2ms);
    EXPECT_GE(box.now() - lost, 3 * 37500us);
}

TEST_F(Echo, FewerMissingDoNot) {
    echo();
    int n = 0;
    for (const Instant end = box.now() + 30s; box.now() < end;) {
        box.run_for(1ms);
        control();
        for (const SentEcho& e : box.take_echoes()) {
            if (++n % 3 == 0) static_cast<void>(loop(e));
        }
    }
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// Longer than the interval, but everything comes back.
TEST_F(Echo, AnEvenDelayIsNoLoss) {
    echo();
    keep_alive(30s, 80ms);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_NEAR(static_cast<double>(snapshot().echo_round_trip.last), 80e6, 2e6);
}

// req: RFC5880-9-06
TEST_F(Echo, AloneDoesNotHoldASessionUp) {
    echo();
    const Instant last = box.now();
    while (state() == SessionState::Up && box.now() - last < 10s) {
        box.run_for(1ms);
        for (const SentEcho& e : box.take_echoes()) static_cast<void>(loop(e));
    }
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::ControlDetectionTimeExpired);
    EXPECT_LE(box.now() - last, 3s + 110ms);
}

// What could not leave cannot come back: a full queue of ours takes nothing Down.
TEST_F(Echo, WhatDidNotLeaveIsNotMissed) {
    echo();
    box.sink.can_send = false;
    box.take_echoes();
    for (int i = 0; i < 20; ++i) {
        box.run_for(100ms);
        peer.send();
    }
    EXPECT_EQ(state(), SessionState::Up);
    box.sink.can_send = true;
    keep_alive(2s);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(Echo, AStandstillOfOursIsNoFailure) {
    echo();
    keep_alive(1s);
    box.time.now += 900ms;
    for (const SentEcho& e : flying) EXPECT_EQ(loop(e), DropReason::None);
    peer.send();
    box.advance(900ms);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-5-01 RFC5880-6.8.8-01
TEST_F(Echo, EachReturnIsCreditedToItsOwnSession) {
    echo();
    const bfd::SessionHandle other = box.handle(3);
    Peer second{box, other, v4_key(9)};
    second.says.required_min_echo_rx_interval = 50ms;
    ASSERT_EQ(box.add(other, v4_key(9), echoing()), Status::Ok);
    second.bring_up();
    const SessionSnapshot before = snapshot();
    std::map<std::uint32_t, std::uint64_t> sent;
    for (const Instant end = box.now() + 100ms; box.now() < end;) {
        box.run_for(1ms);
        for (const SentEcho& e : box.take_echoes()) {
            EXPECT_EQ(loop(e), DropReason::None);
            ++sent[e.slot.value];
        }
    }
    EXPECT_GE(sent[0], 1U);
    EXPECT_GE(sent[3], 1U);
    EXPECT_EQ(snapshot().echo_rx_packets - before.echo_rx_packets, sent[0]);
    EXPECT_EQ(box.snapshot(other).echo_rx_packets, sent[3]);
}

// req: RFC5880-5-02
TEST_F(Echo, WhatWasNotSentLikeThisDoesNotCount) {
    echo();
    for (int i = 0; i < 100 && box.sink.echoes.empty(); ++i) box.run_for(1ms);
    ASSERT_FALSE(box.sink.echoes.empty());
    const SentEcho sent = box.sink.echoes.back();
    const std::uint64_t counted = snapshot().echo_rx_packets;
    for (std::size_t bit = 0; bit < sent.octets.size() * 8; ++bit) {
        SentEcho bad = sent;
        bad.octets[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_NE(loop(bad), DropReason::None) << "bit " << bit;
    }
    SentEcho guessed = sent;  // another sequence, the old tag
    store_be32(&guessed.octets[bfd::kEchoSequenceOffset],
               load_be32(&sent.octets[bfd::kEchoSequenceOffset]));
    guessed.octets[bfd::kEchoTagOffset] ^= 1U;
    EXPECT_EQ(loop(guessed), DropReason::EchoForged);
    EXPECT_EQ(snapshot().echo_rx_packets, counted);
    EXPECT_EQ(loop(sent), DropReason::None) << "the bad ones took nothing away";
    EXPECT_EQ(snapshot().echo_rx_packets, counted + 1);
}

TEST_F(Echo, WhatCameBackOnceDoesNotComeBackTwice) {
    echo();
    std::vector<SentEcho> all;
    for (const Instant end = box.now() + 500ms; box.now() < end;) {
        box.run_for(1ms);
        control();
        for (const SentEcho& e : box.take_echoes()) {
            EXPECT_EQ(loop(e), DropReason::None);
            all.push_back(e);
        }
    }
    ASSERT_GE(all.size(), 5U);
    for (const SentEcho& e : all) EXPECT_EQ(loop(e), DropReason::EchoSequence);
    // Nor can a recording hold a dead path: the session ends while it is played.
    for (const Instant end = box.now() + 1s; box.now() < end;) {
        box.run_for(10ms);
        control();
        for (const SentEcho& e : all) static_cast<void>(loop(e));
    }
    EXPECT_EQ(state(), SessionState::Down);
}

TEST_F(Echo, ChecksOfTheArrivalComeBeforeTheDigest) {
    echo();
    for (int i = 0; i < 100 && box.sink.echoes.empty(); ++i) box.run_for(1ms);
    const SentEcho sent = box.sink.echoes.back();
    ReceivedPacket p = looped(sent);
    p.port = PortId{5};
    EXPECT_EQ(box.receive_echo(p), DropReason::WrongPort);
    p = looped(sent);
    p.ttl = 253;
    EXPECT_EQ(box.receive_echo(p), DropReason::EchoTtl);
    p = looped(sent);
    p.family = AddressFamily::V6;
    EXPECT_EQ(box.receive_echo(p), DropReason::SessionType);
    p = looped(sent);
    p.payload_length = 39;
    EXPECT_EQ(box.receive_echo(p), DropReason::EchoNotOurs);
    SentEcho foreign = sent;
    store_be32(&foreign.octets[bfd::kEchoDiscriminatorOffset], 0x12345678);
    EXPECT_EQ(loop(foreign), DropReason::EchoNotOurs);
    foreign = sent;
    foreign.octets[0] = 0x20;
    EXPECT_EQ(loop(foreign), DropReason::EchoNotOurs);
    change(fast_parameters());
    EXPECT_EQ(loop(sent), DropReason::EchoInactive);
}

// req: RFC5880-9-07
TEST_F(Echo, MayHaveLostOneHopAndNoMore) {
    echo();
    for (int i = 0; i < 100 && box.sink.echoes.empty(); ++i) box.run_for(1ms);
    const SentEcho sent = box.sink.echoes.back();
    for (int ttl = 0; ttl <= 253; ++ttl) {
        ReceivedPacket p = looped(sent);
        p.ttl = static_cast<std::uint8_t>(ttl);
        EXPECT_EQ(box.receive_echo(p), DropReason::EchoTtl);
    }
    EXPECT_EQ(loop(sent), DropReason::None);
}

TEST_F(Echo, RoundTripsAreMeasured) {
    echo();
    keep_alive(5s, 7ms);
    const bfd::EchoRoundTrip t = snapshot().echo_round_trip;
    EXPECT_NEAR(static_cast<double>(t.last), 7e6, 1e6);
    EXPECT_NEAR(static_cast<double>(t.average), 7e6, 1e6);
    keep_alive(2s, 20ms);
    EXPECT_NEAR(static_cast<double>(snapshot().echo_round_trip.most), 20e6, 1e6);
    EXPECT_LE(snapshot().echo_round_trip.least, t.least);
    EXPECT_EQ(snapshot().echo_tx_packets - snapshot().echo_rx_packets, flying.size());
}

// req: RFC5880-6.4-01 RFC5880-6.4-02
TEST_F(Echo, WillingnessToLoopIsSaidWhetherOrNotWeSend) {
    SessionParameters p = fast_parameters();
    p.required_min_echo_rx_interval = 30ms;
    add_and_bring_up(p);
    EXPECT_EQ(next_periodic().packet.required_min_echo_rx_interval, 30ms);
    EXPECT_EQ(echoes_in(1s), 0U);
    p.required_min_echo_rx_interval = 0s;
    p.desired_min_echo_tx_interval = 50ms;
    change(p);
    EXPECT_EQ(next_periodic().packet.required_min_echo_rx_interval, 0s);
    EXPECT_GE(echoes_in(1s), 15U);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5883-3-01 RFC5883-3-02
TEST_F(Echo, IsNotForSeveralHops) {
    const bfd::SessionHandle far = box.handle(2);
    SessionParameters p = echoing();
    p.required_min_echo_rx_interval = 50ms;
    p.min_ttl = 1;
    Peer distant{box, far, multi_hop_key()};
    distant.says.required_min_echo_rx_interval = 50ms;
    ASSERT_EQ(box.add(far, multi_hop_key(), p), Status::Ok);
    distant.bring_up();
    ASSERT_EQ(box.snapshot(far).session_state, SessionState::Up);
    forget();
    distant.keep_sending(2s, 100ms);
    EXPECT_TRUE(box.sink.echoes.empty());
    ASSERT_FALSE(box.sink.sent.empty());
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.required_min_echo_rx_interval, 0s);
}

TEST_F(Echo, NeedsRoom) {
    EngineBox plain;
    EXPECT_EQ(plain.add(plain.handle(0), key, echoing()), Status::NoRoomForEcho);
    ASSERT_EQ(plain.add(plain.handle(0), key, fast_parameters()), Status::Ok);
    EXPECT_EQ(plain.set_parameters(plain.handle(0), echoing()), Status::NoRoomForEcho);
}

TEST_F(Echo, ASlotThatIsUsedAgainBeginsAnew) {
    echo();
    ASSERT_EQ(box.remove(session, true), Status::Ok);
    const bfd::SessionHandle next = box.handle(0, 2);
    ASSERT_EQ(box.add(next, key, fast_parameters()), Status::Ok);
    EXPECT_EQ(box.snapshot(next).echo_tx_packets, 0U);
    box.take_echoes();
    box.run_for(1s);
    EXPECT_TRUE(box.sink.echoes.empty());
}

TEST(EchoPacket, SurvivesTheWay) {
    const bfd::EchoSecret secret{1, 2, 3};
    const bfd::EchoPacket packet{
        .local_discr = {0xa1b2c3d4}, .sequence = 77, .departure = Instant{123456789ns}};
    const bfd::EchoOctets octets = bfd::encode_echo(packet, secret);
    ASSERT_TRUE(bfd::looks_like_echo(octets));
    EXPECT_TRUE(bfd::echo_is_ours(octets, secret));
    EXPECT_FALSE(bfd::echo_is_ours(octets, bfd::EchoSecret{1, 2, 4}));
    const bfd::EchoPacket out = bfd::decode_echo(octets, secret);
    EXPECT_EQ(out.local_discr, packet.local_discr);
    EXPECT_EQ(out.sequence, packet.sequence);
    EXPECT_EQ(out.departure, packet.departure);
    EXPECT_NE(octets[0] >> 5U, 1) << "no Control packet";
}

}  // namespace
}  // namespace tocsin::test
