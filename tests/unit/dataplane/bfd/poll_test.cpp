// Poll Sequences in both directions: RFC 5880 6.5, 6.8.3, 6.8.7.

#include "dataplane/bfd/poll.hpp"

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class PollSequence : public OneSession {
protected:
    SessionParameters with_tx(WireInterval tx) const {
        SessionParameters p = fast_parameters();
        p.desired_min_tx_interval = tx;
        return p;
    }
    SessionParameters with_rx(WireInterval rx) const {
        SessionParameters p = fast_parameters();
        p.required_min_rx_interval = rx;
        return p;
    }
};

// req: RFC5880-6.8.3-01 RFC5880-6.5-01 RFC5880-4.1-07 RFC5880-6.5-04 RFC5880-6.8.6-25
// req: RFC5880-6.5-09
TEST_F(PollSequence, AChangedTxIntervalIsPolledUntilTheFinal) {
    add_and_bring_up();
    peer.keep_sending(1s, 100ms);
    for (const Sent& s : box.take_sent()) EXPECT_FALSE(s.packet.poll) << "nothing to ask";

    change(with_tx(200ms));
    box.take_sent();  // a packet that tells of the change at once
    peer.keep_sending(2s, 100ms);
    ASSERT_GE(count_periodic(), 15U);
    for (const Sent& s : box.take_sent()) {
        EXPECT_TRUE(s.packet.poll);
        EXPECT_EQ(s.packet.desired_min_tx_interval, 200ms);
    }
    peer.send_final();
    peer.keep_sending(2s, 100ms);
    ASSERT_GE(count_periodic(), 9U) << "periodic packets go on";
    for (const Sent& s : box.sink.sent) EXPECT_FALSE(s.packet.poll);
}

// req: RFC5880-6.8.3-02
TEST_F(PollSequence, AChangedRxIntervalIsPolledUntilTheFinal) {
    add_and_bring_up();
    for (const WireInterval rx : {200ms, 50ms}) {
        change(with_rx(rx));
        box.take_sent();
        peer.keep_sending(1s, 50ms);
        ASSERT_GE(count_periodic(), 5U);
        for (const Sent& s : box.take_sent()) {
            EXPECT_TRUE(s.packet.poll);
            EXPECT_EQ(s.packet.required_min_rx_interval, rx);
        }
        peer.send_final();
        EXPECT_FALSE(next_periodic().packet.poll);
        peer.keep_sending(2s, 50ms);  // Finals to the other polls would have arrived by now
    }
}

// req: RFC5880-6.8.3-13
TEST_F(PollSequence, ALateFinalOfASequenceThatEndedDoesNotConfirmTheNextChange) {
    add_and_bring_up();
    change(with_rx(200ms));
    peer.keep_sending(500ms, 50ms);  // a round trip of that length: more polls leave meanwhile
    peer.send_final();
    EXPECT_FALSE(snapshot().poll_in_progress);
    change(with_rx(10ms));
    const Nanoseconds before = snapshot().detection_time;
    for (int i = 0; i < 9; ++i) {
        box.run_for(50ms);
        peer.send();
        peer.send_final();
        EXPECT_EQ(snapshot().detection_time, before);
        EXPECT_TRUE(snapshot().poll_in_progress);
    }
    peer.keep_sending(500ms, 50ms);
    EXPECT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    EXPECT_LT(snapshot().detection_time, before);
}

// req: RFC5880-6.8.3-03
TEST_F(PollSequence, ComingUpIsAChangeThatIsPolledAndInForceAtOnce) {
    add();
    peer.send(SessionState::Init);
    peer.says.state = SessionState::Up;
    box.take_sent();
    peer.keep_sending(3s, 100ms);
    ASSERT_EQ(state(), SessionState::Up);
    ASSERT_GE(count_periodic(), 29U);
    for (const Sent& s : box.sink.sent) {
        EXPECT_TRUE(s.packet.poll);
        EXPECT_EQ(s.packet.desired_min_tx_interval, 100ms);
    }
    for (const Nanoseconds gap : periodic_gaps()) EXPECT_LE(gap, 100ms);
}

// req: RFC5880-6.5-02 RFC5880-6.8.7-11 RFC5880-4.1-08 RFC5880-6.8.6-41
TEST_F(PollSequence, APollIsAnsweredAtOnceAndLeavesTheScheduleAlone) {
    add_and_bring_up();
    const Instant last = next_periodic().at;
    box.take_sent();
    box.run_until(last + 1ms);
    EXPECT_EQ(peer.send_poll(), DropReason::None);
    ASSERT_EQ(box.sink.sent.size(), 1U);
    EXPECT_EQ(last_sent().at, box.now());
    EXPECT_TRUE(last_sent().packet.final);
    EXPECT_FALSE(last_sent().packet.poll);
    EXPECT_FALSE(last_sent().periodic);
    for (int i = 0; i < 30; ++i) {
        box.run_for(2ms);
        peer.send_poll();
    }
    EXPECT_EQ(count_periodic(), 0U);
    const Nanoseconds gap = next_periodic().at - last;
    EXPECT_GE(gap, 75ms);
    EXPECT_LE(gap, 100ms);
}

// req: RFC5880-6.8.7-22 RFC5880-6.8.6-41 RFC5880-4.1-08
TEST_F(PollSequence, EachPollGetsOneFinalAndNothingElseDoes) {
    add_and_bring_up();
    for (int i = 0; i < 100; ++i) {
        box.run_for(50ms);
        peer.send();
        if (i % 10 == 0) {
            peer.send_poll();
            peer.send_poll();  // a duplicate
        }
    }
    const auto finals = std::count_if(box.sink.sent.begin(), box.sink.sent.end(),
                                      [](const Sent& s) { return s.packet.final; });
    EXPECT_EQ(finals, 20);
}

// req: RFC5880-6.8.7-12 RFC5880-6.8.6-42
TEST_F(PollSequence, TheFinalShowsTheStateThatThePacketLedTo) {
    add();
    box.run_for(10ms);
    box.take_sent();
    peer.says.my_discriminator = {0x01020304U};

    peer.says.state = SessionState::Up;  // no effect in Down
    peer.send_poll();
    ASSERT_TRUE(last_sent().packet.final);
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    EXPECT_EQ(last_sent().packet.your_discriminator.value, 0x01020304U);

    peer.says.state = SessionState::Down;
    peer.says.my_discriminator = {0x05060708U};
    peer.send_poll();
    ASSERT_TRUE(last_sent().packet.final);
    EXPECT_EQ(last_sent().packet.state, SessionState::Init);
    EXPECT_EQ(last_sent().packet.your_discriminator.value, 0x05060708U);

    peer.says.state = SessionState::Init;
    peer.send_poll();
    ASSERT_TRUE(last_sent().packet.final);
    EXPECT_EQ(last_sent().packet.state, SessionState::Up);
    EXPECT_EQ(last_sent().packet.desired_min_tx_interval, 100ms);

    peer.says.state = SessionState::Down;
    peer.send_poll();
    ASSERT_TRUE(last_sent().packet.final);
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    EXPECT_EQ(last_sent().packet.diag, Diag::NeighborSignaledSessionDown);
    EXPECT_EQ(last_sent().at, box.now());
}

// req: RFC5880-6.5-05 RFC5880-6.8.7-21
TEST_F(PollSequence, PollAndFinalNeverGoTogether) {
    add_and_bring_up();
    change(with_tx(150ms));
    std::size_t polls = 0;
    std::size_t finals = 0;
    for (int i = 0; i < 200; ++i) {
        box.run_for(20ms);
        peer.send_poll();
    }
    for (const Sent& s : box.sink.sent) {
        EXPECT_FALSE(s.packet.poll && s.packet.final);
        polls += s.packet.poll ? 1U : 0U;
        finals += s.packet.final ? 1U : 0U;
        EXPECT_EQ(s.packet.poll, s.periodic);
    }
    EXPECT_GE(polls, 20U);
    EXPECT_EQ(finals, 200U);
}

// req: RFC5880-6.5-03
TEST_F(PollSequence, APacketWithPollAndFinalEndsOursAndIsAnswered) {
    add_and_bring_up();
    change(with_tx(150ms));
    ASSERT_TRUE(next_periodic().packet.poll);
    box.take_sent();
    bfd::ControlPacket both = peer.says;
    both.poll = both.final = true;
    EXPECT_EQ(peer.send(both), DropReason::None);
    EXPECT_FALSE(snapshot().poll_in_progress);
    ASSERT_EQ(box.sink.sent.size(), 1U);
    EXPECT_TRUE(last_sent().packet.final);
    EXPECT_FALSE(next_periodic().packet.poll);
}

// req: RFC5880-6.5-06 RFC5880-6.5-07
TEST_F(PollSequence, PollsRideOnScheduledPacketsOnly) {
    add_and_bring_up();
    WireInterval rx = 100ms;
    for (int i = 0; i < 100; ++i) {
        const Instant last = next_periodic().at;
        const Instant due = box.engine().next_due(box.now() + 1s);
        box.run_for(30ms);
        peer.send();
        forget();
        rx = rx == 100ms ? 120ms : 100ms;
        change(with_rx(rx));
        std::size_t extra = 0;
        for (const Sent& s : box.sink.sent) {
            EXPECT_FALSE(s.packet.poll) << "off the schedule";
            ++extra;
        }
        EXPECT_LE(extra, 1U);
        const Sent first = next_periodic();
        EXPECT_TRUE(first.packet.poll);
        EXPECT_GE(first.at - last, 75ms);
        EXPECT_LE(first.at - last, 100ms) << "the change does not put the packet off";
        EXPECT_GE(first.at, due);
        peer.send_final();
    }
}

// req: RFC5880-6.5-10
TEST_F(PollSequence, AFinalThatNobodyAskedForEndsNothing) {
    add_and_bring_up();
    box.run_for(200ms);
    EXPECT_EQ(peer.send_final(), DropReason::None);
    EXPECT_EQ(snapshot().last_rx, box.now());
    change(with_tx(150ms));
    EXPECT_TRUE(next_periodic().packet.poll) << "an earlier Final is not an answer";
    EXPECT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    EXPECT_FALSE(next_periodic().packet.poll);
}

// A Final that arrives before any packet with P has left answers something else.
// req: RFC5880-6.5-10
TEST_F(PollSequence, AFinalBeforeTheFirstPollIsNoAnswer) {
    add_and_bring_up();
    change(with_tx(150ms));
    peer.send_final();
    EXPECT_TRUE(snapshot().poll_in_progress);
    EXPECT_TRUE(next_periodic().packet.poll);
}

// req: RFC5880-6.8.3-05
TEST_F(PollSequence, AFinalCarriesNewValuesBeforeTheyArePolled) {
    add_and_bring_up();
    change(with_rx(70ms));
    box.take_sent();
    peer.send_poll();
    ASSERT_TRUE(last_sent().packet.final);
    EXPECT_EQ(last_sent().packet.required_min_rx_interval, 70ms);
    EXPECT_TRUE(next_periodic().packet.poll);
}

// req: RFC5880-6.8.3-13
TEST_F(PollSequence, TwoChangesInOneCallNeedOneSequence) {
    add_and_bring_up();
    SessionParameters p = with_tx(200ms);
    p.required_min_rx_interval = 250ms;
    change(p);
    const Sent first = next_periodic();
    EXPECT_TRUE(first.packet.poll);
    EXPECT_EQ(first.packet.desired_min_tx_interval, 200ms);
    EXPECT_EQ(first.packet.required_min_rx_interval, 250ms);
    peer.send_final();
    EXPECT_FALSE(snapshot().poll_in_progress);
    peer.keep_sending(2s, 100ms);
    box.take_sent();
    peer.keep_sending(2s, 100ms);
    for (const Sent& s : box.sink.sent) EXPECT_FALSE(s.packet.poll);
}

// req: RFC5880-6.8.3-13 RFC5880-6.8.3-14
TEST_F(PollSequence, AChangeDuringASequenceWaitsForASeparator) {
    add_and_bring_up();
    change(with_tx(200ms));
    ASSERT_TRUE(next_periodic().packet.poll);
    SessionParameters p = with_tx(200ms);
    p.required_min_rx_interval = 150ms;
    change(p);
    EXPECT_TRUE(next_periodic().packet.poll) << "the first goes on";
    // Packets with F clear before the Final separate nothing.
    peer.send();
    EXPECT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    // No packet with F clear: the next sequence must wait, and another Final is not one.
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(next_periodic().packet.poll);
        peer.send_final();
    }
    peer.send();
    EXPECT_TRUE(next_periodic().packet.poll) << "the second begins";
    peer.send_final();
    EXPECT_FALSE(next_periodic().packet.poll);
    EXPECT_FALSE(snapshot().poll_in_progress);
}

// Whatever is changed while a poll goes unanswered: one more sequence, with the last values.
// req: RFC5880-6.8.3-13 RFC5880-6.8.3-14
TEST_F(PollSequence, ManyChangesDuringASequenceNeedOneMore) {
    add_and_bring_up();
    change(with_tx(200ms));
    ASSERT_TRUE(next_periodic().packet.poll);
    SessionParameters p = fast_parameters();
    for (int i = 1; i <= 20; ++i) {  // the peer is heard, but answers nothing
        p.desired_min_tx_interval = std::chrono::milliseconds{200 + 10 * i};
        p.required_min_rx_interval = std::chrono::milliseconds{300 - 10 * i};
        p.detect_mult = static_cast<std::uint8_t>(3 + i % 5);
        p.required_min_echo_rx_interval = std::chrono::milliseconds{i};
        p.passive = i % 2 == 0;
        change(p);
        peer.send();
        EXPECT_TRUE(next_periodic().packet.poll);
    }
    EXPECT_EQ(state(), SessionState::Up);
    peer.send_final();  // of the first
    EXPECT_FALSE(next_periodic().packet.poll);
    peer.keep_sending(3s, 100ms);  // as long as Finals of the first may be under way
    const Sent second = next_periodic();
    EXPECT_TRUE(second.packet.poll);
    EXPECT_EQ(second.packet.desired_min_tx_interval, p.desired_min_tx_interval);
    EXPECT_EQ(second.packet.required_min_rx_interval, p.required_min_rx_interval);
    EXPECT_EQ(second.packet.detect_mult, p.detect_mult);
    EXPECT_EQ(second.packet.required_min_echo_rx_interval, p.required_min_echo_rx_interval);
    peer.send_final();
    box.take_sent();
    peer.keep_sending(5s, 100ms);
    for (const Sent& s : box.sink.sent) EXPECT_FALSE(s.packet.poll) << "nothing is left to ask";
    EXPECT_EQ(snapshot().tx_interval, p.desired_min_tx_interval);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// What no Poll Sequence is needed for takes effect at once, also while one goes unanswered.
// req: RFC5880-6.8.12-02 RFC5882-4.3-01
TEST_F(PollSequence, TheMultiplierEchoAndTheCBitGoOutWithThePolls) {
    add_and_bring_up();
    SessionParameters p = with_tx(200ms);
    change(p);
    ASSERT_TRUE(next_periodic().packet.poll);
    EXPECT_FALSE(last_sent().packet.control_plane_independent);
    p.detect_mult = 9;
    p.required_min_echo_rx_interval = 70ms;
    p.control_plane_independent = true;
    change(p);
    const Sent next = next_periodic();
    EXPECT_TRUE(next.packet.poll);
    EXPECT_EQ(next.packet.detect_mult, 9);
    EXPECT_EQ(next.packet.required_min_echo_rx_interval, 70ms);
    EXPECT_TRUE(next.packet.control_plane_independent);
    p.control_plane_independent = false;
    change(p);
    EXPECT_FALSE(next_periodic().packet.control_plane_independent);
    EXPECT_EQ(state(), SessionState::Up);
}

// The separator may be the last packet again, byte for byte.
// req: RFC5880-6.8.3-14
TEST_F(PollSequence, ASeparatorMayEqualThePacketBeforeIt) {
    add_and_bring_up();
    for (int i = 0; i < 3; ++i) peer.send();
    change(with_tx(200ms));
    ASSERT_TRUE(next_periodic().packet.poll);
    SessionParameters p = with_tx(200ms);
    p.required_min_rx_interval = 150ms;
    change(p);
    peer.send();
    peer.send_final();
    EXPECT_FALSE(next_periodic().packet.poll);
    peer.send();
    EXPECT_TRUE(next_periodic().packet.poll);
}

// A round trip later the sequences can be told apart too, 6.8.3 choice 2: a peer that answers with
// nothing but Finals does not hold the second one off for ever.
TEST_F(PollSequence, TheSeparatorIsNotWaitedForForEver) {
    add_and_bring_up();
    change(with_tx(200ms));
    next_periodic();
    SessionParameters p = with_tx(200ms);
    p.required_min_rx_interval = 150ms;
    change(p);
    next_periodic();
    peer.send_final();
    const Instant ended = box.now();
    while (!next_periodic().packet.poll) {
        peer.send_final();
        ASSERT_LT(box.now() - ended, 3s);
    }
    EXPECT_GE(box.now() - ended, 1s);
}

// On a path longer than the interval several P are under way; their Finals come one after the
// other, with packets of the peer's own between them. None of them may confirm what was changed
// after the first. req: RFC5880-6.8.3-13
TEST_F(PollSequence, LateFinalsOfOneSequenceDoNotEndTheNext) {
    add_and_bring_up();
    peer.says.detect_mult = 20;  // silence on the way is not the matter here
    peer.send();
    SessionParameters p = with_rx(200ms);
    change(p);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(next_periodic().packet.poll);
    peer.send_final();  // to the first of four
    EXPECT_FALSE(snapshot().poll_in_progress);
    p.required_min_rx_interval = 50ms;
    change(p);
    for (int i = 0; i < 3; ++i) {
        peer.send();
        EXPECT_FALSE(next_periodic().packet.poll) << "Finals are still on their way";
        peer.send_final();
        EXPECT_TRUE(snapshot().poll_in_progress);
        EXPECT_EQ(snapshot().detection_time, 20 * 200ms) << "not yet confirmed";
    }
    box.run_for(500ms);
    peer.send();
    EXPECT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    EXPECT_EQ(snapshot().detection_time, 20 * 100ms);
}

// A Final to a Poll from before the session came Up must not end the sequence that came with Up.
// req: RFC5880-6.8.3-13
TEST_F(PollSequence, AStaleFinalDoesNotConfirmTheRateOfANewUp) {
    add_and_bring_up();
    peer.send(SessionState::Down);  // Down: back to 1 s, which is polled
    ASSERT_EQ(state(), SessionState::Down);
    ASSERT_TRUE(next_periodic().packet.poll);
    peer.send(SessionState::Down);
    peer.send(SessionState::Init);
    ASSERT_EQ(state(), SessionState::Up);
    peer.says.state = SessionState::Up;
    peer.send_final();  // to the Poll sent while Down
    EXPECT_TRUE(snapshot().poll_in_progress);
    peer.send();
    EXPECT_TRUE(next_periodic().packet.poll);
    peer.send_final();
    EXPECT_FALSE(snapshot().poll_in_progress);
}

// req: RFC5880-6.8.7-09
TEST_F(PollSequence, APollIsAnsweredEvenWhenNoPeriodicPacketsAreWanted) {
    add_and_bring_up();
    peer.says.required_min_rx_interval = {};
    peer.send();
    forget();
    for (int i = 0; i < 50; ++i) {
        box.run_for(100ms);
        peer.send();
    }
    EXPECT_TRUE(box.sink.sent.empty());
    peer.send_poll();
    ASSERT_EQ(box.sink.sent.size(), 1U);
    EXPECT_TRUE(last_sent().packet.final);
    EXPECT_EQ(last_sent().at, box.now());
}

// Cell by cell: what each occurrence makes of each state of a sequence.
TEST(PollTable, FollowsEveryOccurrence) {
    using enum bfd::Poll;
    struct Row {
        bfd::Poll at, wanted, sent, final, final_clear, abandoned;
        bool sends;
    };
    for (const Row& r : {
             Row{Idle, Requested, Idle, Idle, Idle, Idle, false},
             Row{Requested, Requested, Active, Requested, Requested, Requested, true},
             Row{Active, ActiveAgain, Active, Idle, Active, Separating, true},
             Row{ActiveAgain, ActiveAgain, ActiveAgain, Separating, ActiveAgain, Separating, true},
             Row{Separating, Separating, Separating, Separating, Requested, Separating, false},
         }) {
        EXPECT_EQ(bfd::on_poll_wanted(r.at), r.wanted);
        EXPECT_EQ(bfd::on_poll_sent(r.at), r.sent);
        EXPECT_EQ(bfd::on_final(r.at), r.final);
        EXPECT_EQ(bfd::on_final_clear(r.at), r.final_clear);
        EXPECT_EQ(bfd::on_abandoned(r.at), r.abandoned);
        EXPECT_EQ(bfd::sends_poll(r.at), r.sends);
    }
}

}  // namespace
}  // namespace tocsin::test
