// RFC 7419: each common interval is negotiated as such and kept, in virtual time.

#include "engine_pair.hpp"
#include "one_session.hpp"

#include <algorithm>

namespace tocsin::test {
namespace {

SessionParameters of(WireInterval interval, std::uint8_t detect_mult = 3) {
    SessionParameters p;
    p.desired_min_tx_interval = interval;
    p.required_min_rx_interval = interval;
    p.detect_mult = detect_mult;
    return p;
}

class CommonIntervals : public testing::TestWithParam<WireInterval> {
protected:
    static std::vector<Nanoseconds> gaps(const std::vector<Sent>& packets) {
        std::vector<Nanoseconds> out;
        const Sent* before = nullptr;
        for (const Sent& s : packets) {
            if (!s.periodic) continue;
            if (before != nullptr) out.push_back(s.at - before->at);
            before = &s;
        }
        return out;
    }
    EnginePair pair;
};

// req: RFC7419-3-01 RFC7419-3-02 RFC7419-3-03 RFC7419-3-04 RFC7419-3-05 RFC7419-3-06
// req: RFC7419-3-07 RFC7419-3-08 RFC7419-3-11 RFC7419-3-12 RFC7419-3-13
TEST_P(CommonIntervals, IsAdvertisedExactlyAndKeptWithinTheJitter) {
    const WireInterval interval = GetParam();
    ASSERT_EQ(pair.add_a(of(interval)), Status::Ok);
    ASSERT_EQ(pair.add_b(of(interval)), Status::Ok);
    pair.run_for(3s + 10 * Nanoseconds{interval});
    ASSERT_TRUE(pair.both(SessionState::Up));
    ASSERT_FALSE(pair.state_a().poll_in_progress);
    pair.seen_a.clear();
    pair.run_for(400 * Nanoseconds{interval});
    EXPECT_EQ(pair.state_a().tx_interval, interval);
    EXPECT_EQ(pair.state_b().detection_time, 3 * Nanoseconds{interval});
    EXPECT_EQ(pair.state_a().down_count, 0U);
    ASSERT_GE(pair.seen_a.size(), 400U);
    for (const Sent& s : pair.seen_a) {
        ASSERT_EQ(s.packet.desired_min_tx_interval, interval);
        ASSERT_EQ(s.packet.required_min_rx_interval, interval);
        ASSERT_EQ(s.packet.detect_mult, 3) << "no multiplier stands in for an interval";
    }
    for (const Nanoseconds gap : gaps(pair.seen_a)) {
        ASSERT_GE(gap, Nanoseconds{interval} * 3 / 4);
        ASSERT_LE(gap, Nanoseconds{interval});
    }
}

// req: RFC7419-3-09
TEST_P(CommonIntervals, TakesEveryMultiplier) {
    const WireInterval interval = GetParam();
    for (const std::uint8_t mult : {1, 2, 9, 100, 255}) {
        EnginePair two;
        ASSERT_EQ(two.add_a(of(interval, mult)), Status::Ok);
        ASSERT_EQ(two.add_b(of(interval)), Status::Ok);
        two.run_for(3s + 4 * Nanoseconds{interval});
        ASSERT_TRUE(two.both(SessionState::Up));
        EXPECT_EQ(two.seen_a.back().packet.detect_mult, mult);
        EXPECT_EQ(two.state_b().detection_time, mult * Nanoseconds{interval});
    }
}

// req: RFC7419-A-01
TEST_P(CommonIntervals, IsASecondWhileNotUp) {
    const WireInterval interval = GetParam();
    EngineBox box;
    ASSERT_EQ(box.add(box.handle(0), v4_key(), of(interval)), Status::Ok);
    Peer peer{box, box.handle(0), v4_key()};
    peer.says.desired_min_tx_interval = 1s;
    box.run_for(5s);
    peer.send(SessionState::Down);
    ASSERT_EQ(box.snapshot(box.handle(0)).session_state, SessionState::Init);
    box.run_for(2s);
    const WireInterval expected = std::max(interval, WireInterval{1'000'000});
    ASSERT_GE(box.sink.sent.size(), 2U);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.desired_min_tx_interval, expected);
}

INSTANTIATE_TEST_SUITE_P(Rfc7419, CommonIntervals,
                         testing::Values(WireInterval{3'300}, WireInterval{10'000},
                                         WireInterval{20'000}, WireInterval{50'000},
                                         WireInterval{100'000}, WireInterval{1'000'000},
                                         WireInterval{10'000'000}),
                         [](const auto& i) { return std::to_string(i.param.count()) + "us"; });
INSTANTIATE_TEST_SUITE_P(Others, CommonIntervals,
                         testing::Values(WireInterval{1'000}, WireInterval{7'000},
                                         WireInterval{33'000}, WireInterval{200'000},
                                         WireInterval{300'000}),
                         [](const auto& i) { return std::to_string(i.param.count()) + "us"; });

class SlowestCommon : public testing::Test {
protected:
    EnginePair pair;
};

// req: RFC7419-A-02 RFC5882-4.3.2.2-02
TEST_F(SlowestCommon, TimersOfAnUpPairGoTo2550SecondsAndBackWithoutAFlap) {
    ASSERT_EQ(pair.add_a(of(50ms)), Status::Ok);
    ASSERT_EQ(pair.add_b(of(50ms)), Status::Ok);
    pair.run_for(4s);
    ASSERT_TRUE(pair.both(SessionState::Up));
    ASSERT_EQ(pair.a.set_parameters(pair.handle_a, of(10s, 255)), Status::Ok);
    ASSERT_EQ(pair.b.set_parameters(pair.handle_b, of(10s, 255)), Status::Ok);
    pair.run_for(60s);
    EXPECT_EQ(pair.state_a().detection_time, 2550s);
    EXPECT_EQ(pair.state_b().detection_time, 2550s);

    // The peer is away for 40 minutes: nobody minds.
    pair.cut = true;
    pair.run_for(40min);
    EXPECT_TRUE(pair.both(SessionState::Up));
    pair.cut = false;
    pair.run_for(20s);
    ASSERT_EQ(pair.a.set_parameters(pair.handle_a, of(50ms)), Status::Ok);
    ASSERT_EQ(pair.b.set_parameters(pair.handle_b, of(50ms)), Status::Ok);
    pair.run_for(60s);
    EXPECT_EQ(pair.state_a().detection_time, 150ms);
    EXPECT_EQ(pair.state_a().down_count, 0U);
    EXPECT_EQ(pair.state_b().down_count, 0U);
}

// req: RFC7419-A-02
TEST_F(SlowestCommon, DetectsAfter2550Seconds) {
    ASSERT_EQ(pair.add_a(of(10s, 255)), Status::Ok);
    ASSERT_EQ(pair.add_b(of(10s, 255)), Status::Ok);
    pair.run_for(100s);
    ASSERT_TRUE(pair.both(SessionState::Up));
    pair.cut = true;
    const Instant last = pair.state_a().last_rx;
    pair.run_for(last + 2550s - pair.a.now() - 2ms);
    EXPECT_EQ(pair.state_a().session_state, SessionState::Up);
    pair.run_for(4ms);
    EXPECT_EQ(pair.state_a().session_state, SessionState::Down);
}

// req: RFC7419-A-03
TEST(NineHundredMilliseconds, AreDetectedWith100MillisecondsAndAMultiplierOfNine) {
    EnginePair pair;
    ASSERT_EQ(pair.add_a(of(100ms, 9)), Status::Ok);
    ASSERT_EQ(pair.add_b(of(100ms, 9)), Status::Ok);
    pair.run_for(4s);
    ASSERT_TRUE(pair.both(SessionState::Up));
    pair.cut = true;
    const Instant last = pair.state_a().last_rx;
    pair.run_for(last + 900ms - pair.a.now() - 2ms);
    EXPECT_EQ(pair.state_a().session_state, SessionState::Up);
    pair.run_for(4ms);
    EXPECT_EQ(pair.state_a().session_state, SessionState::Down);
}

class OddPeer : public OneSession {};

// req: RFC7419-2-01 RFC7419-2-02
TEST_F(OddPeer, IsNotSentToFasterThanItAskedForNorByAnotherMultiplier) {
    peer.says.required_min_rx_interval = 20ms;
    add(of(10ms, 3));
    peer.says.desired_min_tx_interval = 1s;
    peer.bring_up();
    settle();
    peer.keep_sending(10s, 500ms);
    ASSERT_GE(periodic_gaps().size(), 400U);
    for (const Nanoseconds gap : periodic_gaps()) EXPECT_GE(gap, 15ms);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.detect_mult, 3);
}

// req: RFC7419-B-01
TEST_F(OddPeer, ItsPollsAreAnsweredWhateverTheyOffer) {
    add_and_bring_up();
    for (const WireInterval offered : {33ms, 200ms, 300ms, 7777ms}) {
        peer.says.desired_min_tx_interval = offered;
        peer.says.required_min_rx_interval = offered;
        box.take_sent();
        peer.send_poll();
        ASSERT_EQ(box.sink.sent.size(), 1U) << "at once";
        EXPECT_TRUE(last_sent().packet.final);
        EXPECT_EQ(state(), SessionState::Up);
        EXPECT_EQ(snapshot().tx_interval, std::max<WireInterval>(offered, 100ms));
    }
}

}  // namespace
}  // namespace tocsin::test
