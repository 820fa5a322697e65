// Unaffiliated Echo: a session with our own packets, which any router sends back. RFC 9747.

#include "auth_keys.hpp"
#include "dataplane/base/bytes.hpp"
#include "one_session.hpp"

namespace tocsin::test {
namespace {

constexpr std::uint32_t kSourcePort = 50'001;

SessionKey looped_key(std::uint32_t source_port = kSourcePort) {
    SessionKey key;
    key.type = SessionType::Echo;
    key.family = AddressFamily::V4;
    key.port = {0};
    key.instance = source_port;
    return key;
}

class LoopedSession : public OneSession {
protected:
    LoopedSession() : OneSession{looped_key(), {.key_chains = 1}} {}

    static SessionParameters every(WireInterval interval) {
        SessionParameters p;
        p.desired_min_tx_interval = interval;
        return p;
    }
    [[nodiscard]] static ReceivedPacket arrival(const std::vector<std::uint8_t>& octets,
                                                std::uint8_t ttl = 254) {
        static constexpr std::array<std::uint8_t, 4> kOwn{192, 0, 2, 1};
        ReceivedPacket p;
        p.payload = octets.data();
        p.payload_length = static_cast<std::uint16_t>(octets.size());
        p.source = kOwn.data();
        p.destination = kOwn.data();
        p.instance = kSourcePort;
        p.port = {0};
        p.type = SessionType::Echo;
        p.family = AddressFamily::V4;
        p.ttl = ttl;
        return p;
    }
    DropReason loop(const Sent& s) { return box.receive(arrival(s.whole)); }
    /// A router sends back what it gets, 2 ms later.
    void route(Nanoseconds span) {
        for (const Instant end = box.now() + span; box.now() < end;) {
            box.run_for(1ms);
            for (const Sent& s : box.take_sent()) {
                if (s.periodic) gaps.push_back(s.at - last);
                if (s.periodic) last = s.at;
                seen.push_back(s);
                flying.push_back(s);
            }
            while (!flying.empty() && flying.front().at + 2ms <= box.now()) {
                EXPECT_EQ(loop(flying.front()), DropReason::None);
                flying.erase(flying.begin());
            }
        }
    }
    void come_up(const SessionParameters& p = every(50ms)) {
        add(p);
        route(3s);
        ASSERT_EQ(state(), SessionState::Up);
        seen.clear();
        gaps.clear();
    }

    std::vector<Sent> flying;
    std::vector<Sent> seen;
    std::vector<Nanoseconds> gaps;
    Instant last{};
};

// req: RFC9747-1-01 RFC9747-2-01 RFC9747-2-06 RFC9747-3-01
TEST_F(LoopedSession, ComesUpThroughTheStatesOfItsOwnPackets) {
    add(every(50ms));
    route(3s);
    ASSERT_EQ(box.sink.state_changes.size(), 2U);
    EXPECT_EQ(box.sink.state_changes[0].to, SessionState::Init);
    EXPECT_EQ(box.sink.state_changes[1].to, SessionState::Up);
    route(60s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// req: RFC9747-2-03 RFC9747-2-13 RFC9747-2-14 RFC9747-2-17 RFC9747-2-18 RFC9747-2-25 RFC9747-2-28
// req: RFC9747-5-04
TEST_F(LoopedSession, AllFieldsAreDefinite) {
    SessionParameters p = every(50ms);
    p.required_min_echo_rx_interval = 50ms;  // for others; says nothing here
    p.detect_mult = 7;
    add(p);
    route(3s);
    ASSERT_GT(seen.size(), 20U);
    for (const Sent& s : seen) {
        ASSERT_EQ(s.whole.size(), 24U);
        EXPECT_EQ(s.octets[0] >> 5U, 1);
        EXPECT_EQ(s.packet.desired_min_tx_interval, 1s);
        EXPECT_EQ(s.packet.required_min_rx_interval, 1s);
        EXPECT_EQ(s.packet.required_min_echo_rx_interval, 0s);
        EXPECT_EQ(s.packet.detect_mult, 7);
        EXPECT_EQ(s.packet.my_discriminator, session.local_discr);
        EXPECT_FALSE(s.packet.poll || s.packet.final || s.packet.demand);
    }
}

// req: RFC9747-2-29 RFC9747-2-30 RFC9747-2-31 RFC9747-2-08
TEST_F(LoopedSession, YourDiscriminatorIsZeroAndThenOurOwn) {
    add(every(50ms));
    box.run_for(1s);
    ASSERT_FALSE(box.sink.sent.empty());
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.your_discriminator.value, 0U);
    ASSERT_EQ(loop(Sent{box.sink.sent.back()}), DropReason::None);
    EXPECT_EQ(box.sink.sent.back().packet.your_discriminator, session.local_discr);
    // From now on by Your Discriminator alone, wherever it seems to come from.
    const std::vector<std::uint8_t> octets = box.sink.sent.back().whole;
    ReceivedPacket p = arrival(octets);
    static constexpr std::array<std::uint8_t, 4> kElsewhere{198, 51, 100, 1};
    p.source = kElsewhere.data();
    EXPECT_EQ(box.receive(p), DropReason::None);
}

// req: RFC9747-2-07
TEST_F(LoopedSession, AtFirstTheSourcePortTellsTheSessions) {
    add(every(50ms));
    const bfd::SessionHandle other = box.handle(1);
    ASSERT_EQ(box.add(other, looped_key(50'002), every(50ms)), Status::Ok);
    box.run_for(1s);
    for (const Sent& s : box.take_sent()) {
        ReceivedPacket p = arrival(s.whole);
        p.instance = s.slot.value == 0 ? 50'002 : kSourcePort;
        EXPECT_NE(box.receive(p), DropReason::None) << "the other session's port";
        p.instance = s.slot.value == 0 ? kSourcePort : 50'002;
        EXPECT_EQ(box.receive(p), DropReason::None);
    }
    EXPECT_NE(state(), SessionState::Down);
    EXPECT_NE(box.snapshot(other).session_state, SessionState::Down);
    box.take_sent();
}

// req: RFC9747-2-11 RFC9747-2-12
TEST_F(LoopedSession, OneHopAndNoOther) {
    add(every(50ms));
    box.run_for(1s);
    const Sent s = box.take_sent().back();
    for (int ttl = 0; ttl <= 255; ++ttl) {
        if (ttl == 254) continue;
        EXPECT_EQ(box.receive(arrival(s.whole, static_cast<std::uint8_t>(ttl))),
                  DropReason::EchoTtl);
    }
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(loop(s), DropReason::None);
}

// req: RFC9747-2-15 RFC9747-2-16 RFC9747-2-19 RFC9747-2-20 RFC9747-2-23
TEST_F(LoopedSession, TheProvisionedIntervalRunsAndTheFieldsMeanNothing) {
    come_up();
    EXPECT_EQ(snapshot().detection_time, 150ms) << "not three seconds";
    EXPECT_EQ(snapshot().tx_interval, 50ms);
    route(20s);
    ASSERT_GT(gaps.size(), 300U);
    for (std::size_t i = 1; i < gaps.size(); ++i) {
        EXPECT_GE(gaps[i], 37500us);
        EXPECT_LE(gaps[i], 50ms);
    }
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC9747-2-22 RFC9747-2-24
TEST_F(LoopedSession, SlowUntilUpAndAfterDown) {
    add(every(50ms));
    box.run_for(20s);
    std::vector<Nanoseconds> slow = periodic_gaps();
    ASSERT_GE(slow.size(), 18U);
    for (const Nanoseconds g : slow) EXPECT_GE(g, 750ms);
    box.take_sent();
    route(5s);
    ASSERT_EQ(state(), SessionState::Up);
    box.run_for(1s);
    ASSERT_EQ(state(), SessionState::Down);
    box.take_sent();
    box.run_for(20s);
    slow = periodic_gaps();
    ASSERT_GE(slow.size(), 18U);
    for (const Nanoseconds g : slow) EXPECT_GE(g, 750ms);
}

// req: RFC9747-2-26 RFC9747-2-27
TEST_F(LoopedSession, MissingPacketsEndItWithTheDiagnosticOfEcho) {
    come_up();
    const Instant heard = snapshot().last_rx;
    box.run_until(heard + 149ms);
    EXPECT_EQ(state(), SessionState::Up);
    box.run_until(heard + 151ms);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::EchoFunctionFailed);
    box.take_sent();
    flying.clear();
    route(5s);
    EXPECT_EQ(state(), SessionState::Up) << "and comes back";
}

// req: RFC9747-2-02
TEST_F(LoopedSession, DisabledItIsSilentAndNeverSaysAdminDown) {
    come_up();
    ASSERT_EQ(box.set_admin(session, true), Status::Ok);
    box.run_for(5s);
    EXPECT_TRUE(box.sink.sent.empty());
    ASSERT_EQ(box.set_admin(session, false), Status::Ok);
    flying.clear();
    seen.clear();
    route(5s);
    EXPECT_EQ(state(), SessionState::Up);
    for (const Sent& s : seen) EXPECT_NE(s.packet.state, SessionState::AdminDown);
    ASSERT_EQ(box.remove(session), Status::Ok);
    box.run_for(1s);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_EQ(box.deleted().size(), 1U);
}

// req: RFC9747-2-04
TEST_F(LoopedSession, PacketsPassTheChecksOfControlPackets) {
    come_up();
    box.run_for(60ms);
    const Sent good = box.take_sent().back();
    const auto with = [&](std::size_t at, std::uint8_t octet) {
        std::vector<std::uint8_t> octets = good.whole;
        octets[at] = octet;
        return box.receive(arrival(octets));
    };
    EXPECT_EQ(with(0, 0x40), DropReason::Version);
    EXPECT_EQ(with(2, 0), DropReason::DetectMultZero);
    EXPECT_EQ(with(3, 23), DropReason::LengthTooShort);
    EXPECT_EQ(with(3, 25), DropReason::LengthBeyondPayload);
    EXPECT_EQ(with(1, good.octets[1] | bfd::kMultipointBit), DropReason::Multipoint);
    EXPECT_EQ(with(1, good.octets[1] | bfd::kAuthenticationBit), DropReason::LengthTooShort);
    std::vector<std::uint8_t> foreign = good.whole;
    store_be32(&foreign[bfd::kMyDiscriminatorOffset], 0x01020304);
    EXPECT_EQ(box.receive(arrival(foreign)), DropReason::EchoNotOurs);
    EXPECT_EQ(loop(good), DropReason::None);
}

// req: RFC9747-2-05 RFC9747-5-02 RFC9747-5-03
TEST_F(LoopedSession, AuthenticationHoldsWhereItIsConfigured) {
    for (const bfd::AuthType type : kTypes) {
        const bfd::AuthKeys keyed = keys(type, {test::key(1, "secret")});
        ASSERT_EQ(box.set_keys(1, keyed), Status::Ok);
        SessionParameters p = every(50ms);
        p.key_chain = 1;
        ASSERT_EQ(box.add(session, key, p), Status::Ok);
        flying.clear();
        route(5s);
        EXPECT_EQ(state(), SessionState::Up) << static_cast<int>(type);
        for (int i = 0; i < 100 && box.sink.sent.empty(); ++i) box.run_for(1ms);
        const Sent good = box.sink.sent.back();
        std::vector<std::uint8_t> bad = good.whole;
        bad.back() ^= 1U;
        EXPECT_NE(box.receive(arrival(bad)), DropReason::None);
        std::vector<std::uint8_t> bare(good.whole.begin(), good.whole.begin() + 24);
        bare[3] = 24;
        bare[1] &= static_cast<std::uint8_t>(~bfd::kAuthenticationBit);
        EXPECT_EQ(box.receive(arrival(bare)), DropReason::AuthMissing);
        box.take_sent();
        ASSERT_EQ(box.remove(session, true), Status::Ok);
    }
}

// req: RFC9747-4-01 RFC9747-4-03
TEST_F(LoopedSession, StandsBesideOtherSessionsAndIsNeverTakenForOne) {
    come_up();
    const bfd::SessionHandle plain = box.handle(1);
    Peer far{box, plain, v4_key()};
    ASSERT_EQ(box.add(plain, v4_key(), fast_parameters()), Status::Ok);
    far.bring_up();
    ASSERT_EQ(box.snapshot(plain).session_state, SessionState::Up);
    far.send();
    ASSERT_NE(plain.local_discr, session.local_discr);
    // The neighbour's steady packet, played to the Echo port, refreshes nothing.
    const bfd::ControlOctets steady = bfd::encode(far.says);
    const std::vector<std::uint8_t> octets{steady.begin(), steady.end()};
    box.run_for(50ms);
    const Instant heard = box.snapshot(plain).last_rx;
    EXPECT_EQ(box.receive(arrival(octets)), DropReason::SessionType);
    EXPECT_EQ(box.snapshot(plain).last_rx, heard);
    // Nor does a looped packet count where Control packets arrive.
    for (int i = 0; i < 100 && box.sink.sent.empty(); ++i) box.run_for(1ms);
    ReceivedPacket p = arrival(box.sink.sent.back().whole, 255);
    p.type = SessionType::SingleHop;
    p.instance = 0;
    EXPECT_NE(box.receive(p), DropReason::None);
    box.take_sent();
}

TEST_F(LoopedSession, AnotherIntervalTakesEffectAtOnceWithoutAFlap) {
    come_up(every(1s));
    for (const WireInterval w : {WireInterval{50ms}, WireInterval{800ms}, WireInterval{10ms}}) {
        change(every(w));
        EXPECT_EQ(snapshot().tx_interval, w);
        EXPECT_EQ(snapshot().detection_time, 3 * Nanoseconds{w});
        EXPECT_FALSE(snapshot().poll_in_progress);
        route(5s);
    }
    EXPECT_EQ(snapshot().down_count, 0U);
}

}  // namespace
}  // namespace tocsin::test
