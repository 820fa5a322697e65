// An initiator of S-BFD: RFC 7880 7.3 to 7.5.

#include "dataplane/bfd/reflector.hpp"
#include "one_session.hpp"

#include <deque>

namespace tocsin::test {
namespace {

using bfd::ControlPacket;
using bfd::EventCause;

SessionParameters asking(Nanoseconds interval = 50ms) {
    SessionParameters p;
    p.desired_min_tx_interval = std::chrono::duration_cast<WireInterval>(interval);
    p.required_min_rx_interval = p.desired_min_tx_interval;
    p.min_ttl = 1;
    p.match_source = true;
    return p;
}

/// An initiator, and a reflector that answers what it is asked after `delay`, unless `silent`.
class InitiatorOf : public OneSession {
protected:
    explicit InitiatorOf(const EngineBox::Setup& setup = {}) : OneSession(sbfd_key(), setup) {
        demand_mode = true;
        peer.says.my_discriminator = {key.instance};
        peer.says.state = SessionState::Up;
        peer.says.required_min_rx_interval = 10ms;
        table.set({.discriminator = {key.instance}});
    }

    /// Virtual time goes on; what is sent meanwhile is answered.
    void run_answered(Nanoseconds span) {
        const Instant end = box.now() + span;
        while (true) {
            for (; seen < box.sink.sent.size(); ++seen) {
                const Sent& s = box.sink.sent[seen];
                if (silent) continue;
                under_way.push_back({s.at + delay, {s.octets.begin(), s.octets.end()}});
            }
            const Instant due = box.engine().next_due(end);
            const Instant next =
                under_way.empty() ? due : std::min(due, std::max(under_way.front().at, box.now()));
            if (next >= end) break;
            box.run_until(std::max(next, box.now()));
            if (!under_way.empty() && under_way.front().at <= box.now()) {
                std::vector<std::uint8_t> octets = under_way.front().octets;
                under_way.pop_front();
                const auto answer = bfd::reflect(octets, {}, table);
                ASSERT_EQ(answer.reason, DropReason::None);
                EXPECT_EQ(peer.send_octets(octets), DropReason::None);
            } else if (due == next) {
                box.run_until(box.now() + bfd::kTickLength);
            }
        }
        box.run_until(end);
    }
    void forget_sent() {
        forget();
        seen = 0;
    }
    /// The answer to the last request, with what the test has changed about it.
    ControlPacket response() {
        ControlPacket out = peer.says;
        if (box.sink.sent.empty()) return out;
        const ControlPacket& request = box.sink.sent.back().packet;
        out.detect_mult = request.detect_mult;
        out.desired_min_tx_interval = request.desired_min_tx_interval;
        return out;
    }
    DropReason respond() { return peer.send(response()); }

    struct UnderWay {
        Instant at;
        std::vector<std::uint8_t> octets;
    };
    bfd::ReflectorTable table;
    std::deque<UnderWay> under_way;
    std::size_t seen = 0;
    Nanoseconds delay = 1ms;
    bool silent = false;
};

class SbfdInitiator : public InitiatorOf {};

// req: RFC7880-6.2-01 RFC7880-7.3-01 RFC7880-7.3.1-04 RFC7880-7.3.2-01 RFC7880-7.3.2-02
// req: RFC7880-7.3.2-04 RFC7880-7.3.2-06 RFC7880-7.3.2-07
TEST_F(SbfdInitiator, TheFirstRequestHasAllThatAReflectorNeeds) {
    add(asking());
    const Sent first = next_periodic();
    ControlPacket expected;
    expected.state = SessionState::Down;
    expected.demand = true;
    expected.detect_mult = 3;
    expected.my_discriminator = session.local_discr;
    expected.your_discriminator = {0xc6336401};
    expected.desired_min_tx_interval = 1s;
    EXPECT_EQ(first.packet, expected);
}

// req: RFC7880-7.3.3-01 RFC7880-7.3.1-02 RFC7880-7.3.1-04
TEST_F(SbfdInitiator, OneAnswerTakesItUpWithOneEvent) {
    add(asking());
    run_answered(1500ms);
    EXPECT_EQ(state(), SessionState::Up);
    std::size_t ups = 0;
    for (const auto& e : box.events()) ups += (e.causes & unsigned(EventCause::State)) != 0 ? 1 : 0;
    EXPECT_EQ(ups, 1U);
    EXPECT_EQ(last_sent().packet.state, SessionState::Up);
    EXPECT_EQ(snapshot().remote_discr, Discriminator{0xc6336401});
    EXPECT_TRUE(snapshot().demand_mode);
}

// req: RFC7880-7.3.2-02 RFC7880-7.3.2-03 RFC7880-7.3.2-04 RFC7880-7.3.2-06 RFC7880-7.3.2-07
TEST_F(SbfdInitiator, AsksOnAndOnWhileUp) {
    add(asking());
    run_answered(2s);
    forget_sent();
    run_answered(600s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
    for (const Nanoseconds gap : periodic_gaps()) {
        EXPECT_GE(gap, 37ms);
        EXPECT_LE(gap, 50ms + bfd::kTickLength);
    }
    EXPECT_GT(count_periodic(), 12'000U);
    for (const Sent& s : box.sink.sent) {
        ASSERT_TRUE(s.packet.demand);
        ASSERT_EQ(s.packet.your_discriminator, Discriminator{0xc6336401});
        ASSERT_EQ(s.packet.required_min_rx_interval, 0us);
        ASSERT_EQ(s.packet.required_min_echo_rx_interval, 0us);
    }
}

// req: RFC7880-7.3.1-02
TEST_F(SbfdInitiator, HasTwoStatesOfItsOwn) {
    struct Step {
        SessionState from;
        SessionState heard;
        SessionState to;
    };
    using enum SessionState;
    for (const Step& step : {Step{Down, AdminDown, Down}, Step{Down, Up, Up}, Step{Up, Up, Up},
                             Step{Up, AdminDown, Down}}) {
        EngineBox other;
        ASSERT_EQ(other.add(other.handle(0), key, asking()), Status::Ok);
        Peer p{other, other.handle(0), key};
        p.says.my_discriminator = {key.instance};
        if (step.from == Up) p.send(Up);
        ASSERT_EQ(other.snapshot(other.handle(0)).session_state, step.from);
        EXPECT_EQ(p.send(step.heard), DropReason::None);
        EXPECT_EQ(other.snapshot(other.handle(0)).session_state, step.to);
    }
}

// req: RFC7880-7.3.1-03
TEST_F(SbfdInitiator, NothingComesOfStatesThatNoReflectorIsIn) {
    add(asking());
    next_periodic();
    for (const SessionState s : {SessionState::Down, SessionState::Init}) {
        EXPECT_EQ(peer.send(s), DropReason::InitiatorState);
        EXPECT_EQ(state(), SessionState::Down);
    }
    EXPECT_EQ(snapshot().rx_packets, 0U);
    peer.send(SessionState::Up);
    for (const SessionState s : {SessionState::Down, SessionState::Init}) {
        EXPECT_EQ(peer.send(s), DropReason::InitiatorState);
        EXPECT_EQ(state(), SessionState::Up);
    }
}

// req: RFC7880-7.3.3-08 RFC7880-A-01
TEST_F(SbfdInitiator, ARequestIsNoResponse) {
    add(asking());
    next_periodic();
    peer.says.demand = true;
    EXPECT_EQ(peer.send(), DropReason::InitiatorDemandSet);
    EXPECT_EQ(state(), SessionState::Down);
    const bfd::ControlOctets own = last_sent().octets;
    EXPECT_NE(peer.send_octets({own.begin(), own.end()}), DropReason::None) << "our own";
    EXPECT_EQ(state(), SessionState::Down);
}

// req: RFC7880-7.3.3-02 RFC7880-7.3.3-03
TEST_F(SbfdInitiator, AdminDownIsNoLossAndSlowsItDown) {
    add(asking());
    run_answered(3s);
    static_cast<void>(box.events());
    table.set({.discriminator = {key.instance}, .in_service = false});
    run_answered(60ms);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::NeighborSignaledSessionDown);
    EXPECT_EQ(snapshot().remote_session_state, SessionState::AdminDown);
    const auto events = box.events();
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().down_diag, Diag::NeighborSignaledSessionDown);
    const Instant last = last_sent().at;
    forget_sent();
    run_answered(10s);
    ASSERT_FALSE(box.sink.sent.empty());
    EXPECT_GE(box.sink.sent.front().at - last, 750ms - bfd::kTickLength) << "none in between";
    for (const Nanoseconds gap : periodic_gaps()) EXPECT_GE(gap, 750ms);
    EXPECT_EQ(snapshot().rx_packets > 5, true) << "still asked, still answered";
    table.set({.discriminator = {key.instance}});
    run_answered(2s);
    EXPECT_EQ(state(), SessionState::Up);
    forget_sent();
    run_answered(1s);
    EXPECT_GE(count_periodic(), 19U) << "fast again";
}

// req: RFC7880-7.3.3-04 RFC7880-7.4-01 RFC7880-7.3.1-04 RFC7880-7.3.2-04
TEST_F(SbfdInitiator, DeclaresLossWhenDetectMultRequestsWereNotAnswered) {
    add(asking());
    run_answered(3s);
    const Instant heard = snapshot().last_rx;
    silent = true;
    under_way.clear();
    Instant down{};
    for (const Instant end = box.now() + 1s; box.now() < end && down == Instant{};) {
        box.run_for(1ms);
        if (state() == SessionState::Down) down = box.now();
    }
    // The first that is missing left at most an interval after the last one that was answered.
    EXPECT_GE(down - heard, 3 * 50ms);
    EXPECT_LE(down - heard, 4 * 50ms + 2ms);
    EXPECT_EQ(snapshot().detection_time, Nanoseconds{0}) << "nothing to expect any more";
    EXPECT_EQ(diag(), Diag::ControlDetectionTimeExpired);
    forget_sent();
    box.run_for(60s);
    ASSERT_GT(count_periodic(), 50U);
    for (const Sent& s : box.sink.sent) {
        ASSERT_EQ(s.packet.state, SessionState::Down);
        ASSERT_EQ(s.packet.diag, Diag::ControlDetectionTimeExpired);
        ASSERT_EQ(s.packet.your_discriminator, Discriminator{0xc6336401});
        ASSERT_TRUE(s.packet.demand);
    }
}

// req: RFC7880-7.3.3-06 RFC7880-7.3.3-07
TEST_F(SbfdInitiator, ALongWayIsNoLoss) {
    delay = 400ms;
    add(asking());
    run_answered(10s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().up_count, 1U);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// req: RFC7880-7.3.3-07
TEST_F(SbfdInitiator, AWayThatGetsLongerIsNoLoss) {
    for (int run = 0; run < 20; ++run) {
        delay = 0ms;
        if (run == 0) add(asking());
        run_answered(2s + run * 7ms);
        ASSERT_EQ(state(), SessionState::Up);
        delay = 120ms;
        run_answered(2s);
        ASSERT_EQ(snapshot().down_count, 0U) << run;
    }
}

// req: RFC7880-7.3.2-08 RFC7880-8.2-02
TEST_F(SbfdInitiator, AsksNoOftenerThanTheReflectorCanTake) {
    table.set({.discriminator = {key.instance}, .required_min_rx_interval = 500ms});
    add(asking());
    run_answered(3s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().tx_interval, 500ms);
    forget_sent();
    run_answered(60s);
    for (const Nanoseconds gap : periodic_gaps()) {
        EXPECT_GE(gap, 375ms);
        EXPECT_LE(gap, 500ms + bfd::kTickLength);
    }
    EXPECT_EQ(snapshot().down_count, 0U);
    EXPECT_GE(snapshot().detection_time, 3 * 500ms);
    table.set({.discriminator = {key.instance}, .required_min_rx_interval = 10ms});
    run_answered(1s);
    EXPECT_EQ(snapshot().tx_interval, 50ms);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// req: RFC7880-7.5-01 RFC7880-7.5-02
TEST_F(SbfdInitiator, PollsForChangedTimers) {
    add(asking());
    run_answered(3s);
    ASSERT_FALSE(snapshot().poll_in_progress);
    change(asking(1s));
    EXPECT_TRUE(snapshot().poll_in_progress);
    forget_sent();
    run_answered(5s);
    EXPECT_TRUE(box.sink.sent.front().packet.poll);
    EXPECT_FALSE(last_sent().packet.poll);
    EXPECT_FALSE(snapshot().poll_in_progress);
    EXPECT_EQ(snapshot().tx_interval, 1s);
    change(asking(20ms));
    run_answered(5s);
    EXPECT_EQ(snapshot().tx_interval, 20ms);
    EXPECT_EQ(snapshot().down_count, 0U) << "faster is no reason to fail";
    EXPECT_LE(snapshot().detection_time, 81ms);
}

// req: RFC7880-7.5-04 RFC7880-7.5-02
TEST_F(SbfdInitiator, AnswersAPollOfTheReflectorWithItsNextRequest) {
    add(asking());
    run_answered(3s);
    forget_sent();
    peer.says = response();
    const std::size_t before = box.sink.sent.size();
    ASSERT_EQ(peer.send_poll(), DropReason::None);
    EXPECT_EQ(box.sink.sent.size(), before) << "not at once: that would be answered at once";
    const Sent final = next_periodic();
    EXPECT_TRUE(final.packet.final);
    EXPECT_FALSE(final.packet.poll);
    EXPECT_FALSE(next_periodic().packet.final);
    // While we poll ourselves: one after the other, never both.
    change(asking(1s));
    ASSERT_EQ(peer.send_poll(), DropReason::None);
    const Sent both = next_periodic();
    EXPECT_TRUE(both.packet.final);
    EXPECT_FALSE(both.packet.poll);
    EXPECT_TRUE(next_periodic().packet.poll);
    ControlPacket p_and_f = peer.says;
    p_and_f.poll = p_and_f.final = true;
    static_cast<void>(peer.send(p_and_f));
    box.run_for(200ms);
}

// req: RFC7880-7.1-03 RFC7880-7.1-05 RFC7880-7.1-06 RFC7881-2-06 RFC7881-4-03 RFC7881-4-04
TEST_F(SbfdInitiator, TakesOnlyWhatItsEntityAnswers) {
    add(asking());
    peer.send();
    ASSERT_EQ(state(), SessionState::Up);
    ASSERT_EQ(peer.send(), DropReason::None);
    const Peer good = peer;
    const auto refused = [&](DropReason reason) {
        EXPECT_EQ(peer.send(), reason);
        peer.says.diag = Diag::PathDown;  // not in the steady state either
        EXPECT_EQ(peer.send(), reason);
        peer = good;
    };
    peer.link ^= 1;  // to another port
    refused(DropReason::WrongInstance);
    peer.instance ^= 1;  // of another entity
    refused(DropReason::WrongInstance);
    peer.destination[3] = 77;
    refused(DropReason::DestinationMismatch);
    peer.source[3] = 77;
    refused(DropReason::SourceMismatch);
    peer.says.your_discriminator = {};
    peer.says.state = SessionState::AdminDown;
    refused(DropReason::NoSession);
    peer.says.your_discriminator = {key.instance};
    refused(DropReason::YourDiscriminatorUnknown);
    for (const SessionKey& bare : {v4_key(), multi_hop_key(), vxlan_key()}) {
        peer.type = bare.type;
        peer.port = bare.type == SessionType::MultiHop ? PortId{3} : bare.port;
        refused(DropReason::SessionType);
    }
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC7880-7.1-06 RFC7880-9-01 RFC7881-4-05
TEST_F(SbfdInitiator, AResponseOpensNoOtherSession) {
    ASSERT_EQ(box.add(box.handle(1), v4_key(), fast_parameters()), Status::Ok);
    Peer classical{box, box.handle(1), v4_key()};
    classical.bring_up();
    peer.says.your_discriminator = box.handle(1).local_discr;
    EXPECT_EQ(peer.send(SessionState::AdminDown), DropReason::SessionType);
    EXPECT_EQ(box.snapshot(box.handle(1)).session_state, SessionState::Up);
    EXPECT_EQ(classical.send(), DropReason::None);
}

// req: RFC7880-7.3.2-04 RFC7880-4.2-04
TEST_F(SbfdInitiator, AnEntityMayHaveTheDiscriminatorOfASession) {
    key.instance = session.local_discr.value;
    peer = Peer{box, session, key};
    peer.says.my_discriminator = session.local_discr;
    add(asking());
    EXPECT_EQ(peer.send(SessionState::Up), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(SbfdInitiator, TheSteadyStateIsTheSame) {
    add(asking());
    run_answered(3s);
    const std::uint64_t before = box.engine().steady_packets();
    const std::uint64_t answered = snapshot().rx_packets;
    run_answered(10s);
    EXPECT_EQ(box.engine().steady_packets() - before, snapshot().rx_packets - answered);
}

TEST_F(SbfdInitiator, TheTtlOfAResponseCountsIfAskedFor) {
    SessionParameters p = asking();
    p.min_ttl = 250;
    add(p);
    peer.ttl = 250;
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(peer.send(), DropReason::None);
    peer.ttl = 249;
    EXPECT_EQ(peer.send(), DropReason::TtlTooLow);
    p.min_ttl = 1;
    change(p);
    EXPECT_EQ(peer.send(), DropReason::None);
}

TEST_F(SbfdInitiator, IsSilentWhileItIsDisabledAndWhenItIsDeleted) {
    add(asking());
    run_answered(3s);
    ASSERT_EQ(box.set_admin(session, true), Status::Ok);
    under_way.clear();
    forget_sent();
    run_answered(100h);
    EXPECT_TRUE(box.sink.sent.empty()) << "a reflector keeps no state: nobody is to be told";
    ASSERT_EQ(box.set_admin(session, false), Status::Ok);
    run_answered(3s);
    EXPECT_EQ(state(), SessionState::Up);
    forget_sent();
    ASSERT_EQ(box.remove(session), Status::Ok);
    box.run_for(1s);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_FALSE(box.has(session));
    EXPECT_EQ(box.deleted().size(), 1U);
}

TEST_F(SbfdInitiator, ADetectMultOfOneStandsForOneRequest) {
    SessionParameters p = asking();
    p.detect_mult = 1;
    add(p);
    run_answered(60s);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().down_count, 0U);
    EXPECT_EQ(snapshot().detection_time, 100ms);
}

TEST_F(SbfdInitiator, TheLongestIntervalHasNoOverflow) {
    SessionParameters p = asking();
    p.desired_min_tx_interval = WireInterval{0xffffffffU};
    p.detect_mult = 255;
    add(p);
    run_answered(2s);
    peer.says.detect_mult = 255;
    peer.send(SessionState::Up);
    EXPECT_GT(snapshot().detection_time, 300h);
}

class CongestedInitiator : public InitiatorOf {
protected:
    CongestedInitiator() : InitiatorOf(EngineBox::Setup{.congestion_control = true}) {}
};

// req: RFC7880-8.2-01
TEST_F(CongestedInitiator, BacksOffWhileResponsesAreMissingAndComesBack) {
    SessionParameters p = asking();
    p.detect_mult = 10;
    p.congestion_doublings = 4;
    add(p);
    run_answered(30s);
    ASSERT_EQ(snapshot().tx_interval, 50ms) << "no loss";
    // Every other response is lost.
    for (int i = 0; i < 4000 && snapshot().congestion_factor < 4; ++i) {
        silent = i % 2 == 0;
        run_answered(50ms);
    }
    EXPECT_GE(snapshot().congestion_factor, 4);
    EXPECT_EQ(state(), SessionState::Up);
    silent = false;
    run_answered(2s);  // a Poll Sequence
    EXPECT_GE(snapshot().tx_interval, 200ms);
    run_answered(3600s);
    EXPECT_EQ(snapshot().congestion_factor, 1);
    EXPECT_EQ(snapshot().tx_interval, 50ms);
}

}  // namespace
}  // namespace tocsin::test
