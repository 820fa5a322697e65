// The engine on its wheel: far and wrapping deadlines, standstills, small budgets, restless peers.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Deadlines : public OneSession {};

TEST_F(Deadlines, BeyondTheHorizonAreKept) {
    SessionParameters p;
    p.desired_min_tx_interval = 30s;
    p.required_min_rx_interval = 50s;
    peer.says.required_min_rx_interval = 30s;
    peer.says.desired_min_tx_interval = 50s;
    add(p);
    peer.bring_up();
    settle();
    ASSERT_EQ(snapshot().tx_interval, 30s);
    peer.send();
    const Instant deadline = box.now() + 150s;
    box.run_until(deadline - 1ns);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_GE(count_periodic(), 4U);
    for (const Nanoseconds gap : periodic_gaps()) {
        EXPECT_GE(gap, 22500ms);
        EXPECT_LE(gap, 30s);
    }
    box.run_until(deadline + bfd::kTickLength);
    EXPECT_EQ(state(), SessionState::Down);
}

TEST_F(Deadlines, BeyondTheOrderOfTicksAreKept) {
    // 45 hours and 80 hours: more than half a turn, and more than one.
    for (const std::uint8_t mult : {41, 73}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.says.required_min_rx_interval = 4000s;
        far.says.desired_min_tx_interval = 4000s;
        far.says.detect_mult = mult;
        far.bring_up();
        const Instant deadline = one.now() + mult * 4000s;
        one.run_until(deadline - 1ns);
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up);
        one.run_until(deadline + bfd::kTickLength);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Down);
        Instant last{};
        for (const Sent& s : one.sink.sent) {
            if (s.periodic && last != Instant{}) {
                EXPECT_LE(s.at - last, 4000s);
            }
            last = s.at;
        }
    }
}

TEST_F(Deadlines, SurviveTheWrapOfTicks) {
    const Instant wrap{bfd::kTickLength * (1LL << 32)};
    for (const Nanoseconds before : {Nanoseconds{50ms}, Nanoseconds{250ms}, Nanoseconds{1s}}) {
        EngineBox one{{.start = wrap - before}};
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.bring_up();
        one.sink.sent.clear();
        far.keep_sending(5s, 100ms);
        ASSERT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up);
        ASSERT_GE(one.sink.sent.size(), 49U);
        for (std::size_t i = 1; i < one.sink.sent.size(); ++i) {
            EXPECT_GE(one.sink.sent[i].at - one.sink.sent[i - 1].at, 75ms);
            EXPECT_LE(one.sink.sent[i].at - one.sink.sent[i - 1].at, 100ms);
        }
        far.send();
        const Instant deadline = one.now() + 300ms;
        one.run_until(deadline - 1ns);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up);
        one.run_until(deadline + bfd::kTickLength);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Down);
    }
}

TEST_F(Deadlines, ASilenceOfManyHoursDoesNotDelayTheNextPacket) {
    // Asked not to send for so long that ticks have turned half round, nearly once, and once.
    for (const Nanoseconds silence : {Nanoseconds{50h}, Nanoseconds{78h}}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.says.required_min_rx_interval = {};
        far.says.desired_min_tx_interval = 4000s;
        far.says.detect_mult = 255;
        far.bring_up();
        one.take_sent();
        one.run_for(silence);
        ASSERT_TRUE(one.sink.sent.empty());
        far.says.required_min_rx_interval = 100ms;
        far.send();
        one.run_for(100ms);
        EXPECT_GE(one.sink.sent.size(), 1U);
    }
}

TEST_F(Deadlines, AStandstillLongerThanTheHorizonSendsOncePerSession) {
    for (std::uint8_t i = 0; i < 8; ++i) {
        ASSERT_EQ(
            box.add(box.handle(i), v4_key(static_cast<std::uint8_t>(i + 2)), fast_parameters()),
            Status::Ok);
    }
    Peer far{box, box.handle(3), v4_key(5)};
    far.bring_up();
    box.run_for(200ms);
    for (const Nanoseconds stall : {Nanoseconds{3s}, Nanoseconds{60s}, Nanoseconds{29h}}) {
        box.take_sent();
        far.send();
        const Instant until = box.now() + stall;
        box.stall_for(stall, stall);
        std::array<int, 8> sent{};
        for (const Sent& s : box.sink.sent) {
            EXPECT_EQ(s.at, until);
            sent[s.slot.value] += s.periodic ? 1 : 0;
        }
        for (std::size_t i = 0; i < 8; ++i) EXPECT_LE(sent[i], 1) << "no burst to catch up";
        box.take_sent();
        box.run_for(10s);
        for (std::uint32_t i = 0; i < 8; ++i) {
            const auto n = std::count_if(box.sink.sent.begin(), box.sink.sent.end(),
                                         [&](const Sent& s) { return s.slot.value == i; });
            EXPECT_GE(n, 10) << "session " << i << " goes on";
            EXPECT_LE(n, 15);
        }
    }
}

// A machine that was suspended over the weekend.
TEST_F(Deadlines, AStandstillLongerThanTheOrderOfTicksIsCaughtUpWith) {
    for (const Nanoseconds stall : {Nanoseconds{40h}, Nanoseconds{79h}}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.bring_up();
        one.run_for(200ms);
        one.take_sent();
        one.stall_for(stall, stall);
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Down);
        EXPECT_LE(one.sink.sent.size(), 9U);
        one.run_for(2s);
        one.take_sent();
        one.run_for(10s);
        EXPECT_GE(one.sink.sent.size(), 10U);
        EXPECT_LE(one.sink.sent.size(), 14U);
        far.bring_up();
        EXPECT_EQ(one.snapshot(one.handle(0)).session_state, SessionState::Up);
    }
}

TEST_F(Deadlines, SmallBudgetsOnlyDelay) {
    constexpr std::uint32_t kSessions = 500;
    EngineBox many{{.slots = kSessions}};
    std::vector<Peer> peers;
    for (std::uint32_t i = 0; i < kSessions; ++i) {
        SessionKey k = v4_key();
        k.remote[2] = static_cast<std::uint8_t>(i >> 8U);
        k.remote[3] = static_cast<std::uint8_t>(i);
        ASSERT_EQ(many.add(many.handle(i), k, fast_parameters()), Status::Ok);
        peers.emplace_back(many, many.handle(i), k);
    }
    for (Peer& p : peers) p.bring_up();
    many.take_sent();
    // All detections fall on one tick; packets of every second session arrive between the turns.
    many.time.now += 299ms;
    while (!many.engine().advance(many.now(), {}, 64, many.sink)) {
    }
    many.time.now += 2ms;
    std::size_t turns = 0;
    std::uint32_t heard = 0;
    bool more = true;
    while (more) {
        more = !many.engine().advance(many.now(), {}, 3, many.sink);
        ++turns;
        for (int i = 0; i < 8 && heard < kSessions; ++i) peers[heard++].send();
    }
    EXPECT_GE(turns, 100U);
    for (std::uint32_t i = 0; i < kSessions; ++i) {
        const SessionSnapshot s = many.snapshot(many.handle(i));
        if (s.last_rx < many.now()) {
            EXPECT_EQ(s.session_state, SessionState::Down);
        }
    }
    EXPECT_GE(many.engine().sessions_up(), 300U) << "heard before they were judged";
}

TEST_F(Deadlines, NextDueIsNeverLateAndNothingIsDueBeforeIt) {
    add_and_bring_up();
    for (int i = 0; i < 2000; ++i) {
        const Instant due = box.engine().next_due(box.now() + 1s);
        ASSERT_GT(due, box.now());
        box.time.now = due - 1ns;
        const std::size_t before = box.sink.sent.size();
        box.advance();
        ASSERT_EQ(box.sink.sent.size(), before);
        ASSERT_EQ(state(), SessionState::Up);
        box.time.now = due;
        box.advance();
        if (i % 2 == 0) peer.send();
    }
    // With a limit in the very tick of the next deadline.
    for (int i = 0; i < 50; ++i) {
        peer.send();
        const Instant due = box.engine().next_due(box.now() + 1s);
        ASSERT_EQ(box.engine().next_due(due), due);
        ASSERT_EQ(box.engine().next_due(due + 1ns), due);
        ASSERT_EQ(box.engine().next_due(due + bfd::kTickLength - 1ns), due);
        ASSERT_EQ(box.engine().next_due(due - 1ns), due - 1ns);
        box.run_until(due);
    }
}

TEST_F(Deadlines, NextDueSaysNowWhileABudgetWasTooSmall) {
    for (std::uint8_t i = 0; i < 8; ++i) {
        const SessionKey k = v4_key(static_cast<std::uint8_t>(i + 2));
        ASSERT_EQ(box.add(box.handle(i), k, fast_parameters()), Status::Ok);
        Peer{box, box.handle(i), k}.send(SessionState::Down);
    }
    box.time.now += 301ms;
    ASSERT_FALSE(box.engine().advance(box.now(), {}, 1, box.sink));
    EXPECT_LE(box.engine().next_due(box.now() + 1s), box.now());
    EXPECT_LE(box.engine().next_due(box.now() + 1ns), box.now());
}

// A peer that changes its intervals in every packet, as often as it can. Wheel memory is bounded:
// an overflow would be a crash under a sanitizer, or a session that is never served again.
TEST_F(Deadlines, ARestlessPeerCannotExhaustTheWheel) {
    constexpr std::uint32_t kSessions = 64;
    EngineBox many{{.slots = kSessions}};
    std::vector<Peer> peers;
    for (std::uint8_t i = 0; i < kSessions; ++i) {
        const SessionKey k = v4_key(static_cast<std::uint8_t>(i + 2));
        SessionParameters p = fast_parameters();
        p.desired_min_tx_interval = WireInterval{1000};
        p.required_min_rx_interval = WireInterval{1000};
        ASSERT_EQ(many.add(many.handle(i), k, p), Status::Ok);
        peers.emplace_back(many, many.handle(i), k);
        peers.back().bring_up();
    }
    for (int step = 0; step < 300; ++step) {
        // The armed entry goes far out; then each packet asks for less than any jitter of the one
        // before.
        for (std::uint32_t i = 1; i < kSessions; ++i) {
            peers[i].says.desired_min_tx_interval = 1s;
            peers[i].says.required_min_rx_interval = 2s;
            peers[i].send();
        }
        many.run_for(1500us);
        for (std::uint32_t i = 1; i < kSessions; ++i) {
            for (const std::uint32_t ms : {1400, 980, 690, 480, 340, 240, 170, 120, 80, 1}) {
                peers[i].says.required_min_rx_interval = std::chrono::milliseconds{ms};
                peers[i].says.desired_min_tx_interval = std::chrono::milliseconds{ms + 1};
                peers[i].send();
            }
        }
        many.run_for(1500us);
        peers[0].send();
        many.take_sent();
    }
    EXPECT_EQ(many.snapshot(many.handle(0)).session_state, SessionState::Up);
    // Afterwards everybody is served as before.
    for (int step = 0; step < 40; ++step) {
        for (Peer& p : peers) p.send();
        many.run_for(50ms);
    }
    many.take_sent();
    for (Peer& p : peers) {
        p.says.required_min_rx_interval = p.says.desired_min_tx_interval = 100ms;
        p.says.detect_mult = 3;
        p.send();
    }
    many.run_for(2500ms);
    std::array<int, kSessions> sent{};
    for (const Sent& s : many.sink.sent) ++sent[s.slot.value];
    for (const int n : sent) EXPECT_GE(n, 2);
}

// A link that every session of a full engine is on goes and comes back twice within a second.
TEST_F(Deadlines, AllSessionsAreFastAgainAfterTheSecondFlapWithinASecond) {
    constexpr std::uint32_t kSessions = 10'000;
    EngineBox many{{.slots = kSessions}};
    SessionParameters p = fast_parameters();
    p.desired_min_tx_interval = p.required_min_rx_interval = 50ms;
    std::vector<Peer> peers;
    for (std::uint32_t i = 0; i < kSessions; ++i) {
        SessionKey k = v4_key();
        k.remote[2] = static_cast<std::uint8_t>(i >> 8U);
        k.remote[3] = static_cast<std::uint8_t>(i);
        ASSERT_EQ(many.add(many.handle(i), k, p), Status::Ok);
        peers.emplace_back(many, many.handle(i), k);
        peers.back().says.desired_min_tx_interval = 50ms;
        peers.back().says.required_min_rx_interval = 50ms;
        peers.back().bring_up();
    }
    many.run_for(100ms);
    for (int flap = 0; flap < 2; ++flap) {
        for (Peer& far : peers) ASSERT_EQ(many.signal_path_down(far.session), Status::Ok);
        many.run_for(100ms);
        for (Peer& far : peers) far.bring_up();
        many.run_for(100ms);
        for (Peer& far : peers) far.send();
    }
    many.take_sent();
    many.run_for(102ms);
    std::vector<int> sent(kSessions);
    for (const Sent& s : many.sink.sent) ++sent[s.slot.value];
    EXPECT_EQ(std::ranges::count_if(sent, [](int n) { return n < 2; }), 0)
        << "sessions that their peers take for dead";
}

// An entry that may not be moved once more: what leaves with it is as late as it is.
TEST_F(Deadlines, CountsAsLateWhatHasNoEntryOfItsOwnInTime) {
    add_and_bring_up();
    peer.says.required_min_rx_interval = peer.says.desired_min_tx_interval = 2s;
    peer.send();
    box.run_for(200ms);
    box.advance();
    for (std::uint32_t ms = 2000; ms > 1200; ms -= 4) {  // until none of its moves is left
        peer.says.required_min_rx_interval = std::chrono::milliseconds{ms};
        peer.send();
    }
    peer.says.required_min_rx_interval = 100ms;
    peer.send();
    const Instant asked = box.now();
    forget();
    const Nanoseconds waited = next_periodic().at - asked;
    ASSERT_GT(waited, 100ms) << "nothing was late";
    ASSERT_EQ(box.sink.late_transmissions.size(), 1U);
    EXPECT_GE(box.sink.late_transmissions.front(), waited - 2 * bfd::kTickLength);
    EXPECT_LE(box.sink.late_transmissions.front(), waited + 2 * bfd::kTickLength);
}

// Sessions that come and go faster than the wheel turns are refused with Busy, not believed in.
TEST_F(Deadlines, ChurnIsRefusedBeforeTheWheelIsFull) {
    std::uint32_t generation = 1;
    std::size_t added = 0;
    Status status = Status::Ok;
    while (status == Status::Ok && added < 100'000) {
        const bfd::SessionHandle h = box.handle(0, generation++);
        status = box.add(h, key, fast_parameters());
        if (status != Status::Ok) break;
        ++added;
        Peer far{box, h, key};
        far.bring_up();
        ASSERT_EQ(box.remove(h, true), Status::Ok);
    }
    EXPECT_EQ(status, Status::Busy);
    EXPECT_GE(added, 1000U);
    EXPECT_EQ(box.engine().sessions(), 0U);
    box.run_for(3s);
    EXPECT_EQ(box.add(box.handle(0, generation), key, fast_parameters()), Status::Ok) << "later";
    forget();
}

// The first packets of sessions that start together are spread.
TEST_F(Deadlines, SessionsThatStartTogetherDoNotSendTogether) {
    constexpr std::uint32_t kSessions = 10'000;
    EngineBox many{{.slots = kSessions}};
    for (std::uint32_t i = 0; i < kSessions; ++i) {
        SessionKey k = v4_key();
        k.remote[2] = static_cast<std::uint8_t>(i >> 8U);
        k.remote[3] = static_cast<std::uint8_t>(i);
        ASSERT_EQ(many.add(many.handle(i), k, fast_parameters()), Status::Ok);
    }
    many.run_for(1s);
    ASSERT_GE(many.sink.sent.size(), kSessions);
    std::vector<int> per_millisecond(1001);
    for (const Sent& s : many.sink.sent) {
        ++per_millisecond[static_cast<std::size_t>((s.at - Instant{10s}) / 1ms)];
    }
    EXPECT_LE(*std::max_element(per_millisecond.begin(), per_millisecond.end()), 1000);
}

}  // namespace
}  // namespace tocsin::test
