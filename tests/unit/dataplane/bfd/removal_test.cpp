// Deletion: AdminDown until the peer has heard it, then the slot is free. RFC 5880 6.8.16.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Removal : public OneSession {};

// req: RFC5880-6.8.16-07 RFC5882-8-04
TEST_F(Removal, TellsADeafPeerForItsDetectionTimeAndEnds) {
    add_and_bring_up();
    ASSERT_EQ(box.remove(session), Status::Ok);
    const Instant removed = box.now();
    EXPECT_EQ(last_sent().at, removed);
    EXPECT_EQ(box.engine().sessions(), 1U);
    EXPECT_EQ(box.engine().sessions_up(), 0U);
    box.run_until(removed + 300ms);
    EXPECT_TRUE(box.deleted().empty()) << "the peer's Detection Time is 300 ms";
    box.run_until(removed + 3s - 1ms);
    EXPECT_TRUE(box.deleted().empty()) << "AdminDown comes once a second now, three are due";
    EXPECT_GE(count_periodic(), 2U);
    for (const Sent& s : box.sink.sent) {
        EXPECT_EQ(s.packet.state, SessionState::AdminDown);
        EXPECT_EQ(s.packet.diag, Diag::AdministrativelyDown);
    }
    box.run_until(removed + 3s + bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
    EXPECT_EQ(box.engine().sessions(), 0U);
    box.take_sent();
    box.run_for(5s);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_TRUE(box.deleted().empty());
}

// req: RFC5880-6.8.16-07 RFC5882-8-03
TEST_F(Removal, EndsEarlyWhenHeardButNotBeforeThePeersDetectionTime) {
    add_and_bring_up();
    ASSERT_EQ(box.remove(session), Status::Ok);
    const Instant removed = box.now();
    box.run_for(20ms);
    EXPECT_EQ(peer.send(SessionState::Up), DropReason::AdminDown) << "not yet heard";
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::AdminDown) << "heard";
    box.run_until(removed + 300ms - 1ns);
    EXPECT_TRUE(box.deleted().empty());
    box.run_until(removed + 300ms + bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
}

TEST_F(Removal, EndsAtOnceWhenHeardLate) {
    add_and_bring_up();
    ASSERT_EQ(box.remove(session), Status::Ok);
    box.run_for(1s);
    EXPECT_TRUE(box.deleted().empty());
    peer.send(SessionState::Down);
    box.run_for(2 * bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
}

TEST_F(Removal, DoesNotLingerWhenNobodyListens) {
    add();
    box.run_for(2s);
    ASSERT_EQ(box.remove(session), Status::Ok);
    box.run_for(2 * bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
}

TEST_F(Removal, DoesNotLingerWhenThePeerWantsNothing) {
    add_and_bring_up();
    peer.says.required_min_rx_interval = {};
    peer.send();
    ASSERT_EQ(box.remove(session), Status::Ok);
    box.run_for(2 * bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
    EXPECT_TRUE(box.sink.sent.empty());
}

// req: RFC5880-6.8.16-07
TEST_F(Removal, OfASlowSessionLastsItsOwnDetectionTime) {
    SessionParameters p;
    p.desired_min_tx_interval = 10s;
    peer.says.required_min_rx_interval = 20s;
    peer.says.desired_min_tx_interval = 100s;
    add(p);
    peer.bring_up();
    box.run_for(100ms);
    ASSERT_EQ(box.remove(session), Status::Ok);
    const Instant removed = box.now();
    box.run_until(removed + 60s - 1ms);
    EXPECT_TRUE(box.deleted().empty());
    box.run_until(removed + 60s + bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
}

TEST_F(Removal, IsCappedForManySlowPackets) {
    SessionParameters p = fast_parameters();
    p.detect_mult = 255;
    p.desired_min_tx_interval = 10ms;
    peer.says.required_min_rx_interval = 10ms;
    add_and_bring_up(p);
    ASSERT_EQ(box.remove(session), Status::Ok);
    const Instant removed = box.now();
    box.run_until(removed + 10s - 1ms);
    EXPECT_TRUE(box.deleted().empty());
    box.run_until(removed + 10s + bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
}

TEST_F(Removal, DoesNotWaitForHoursBecauseThePeerWantsFewPackets) {
    peer.says.required_min_rx_interval = std::chrono::hours{1};
    add(fast_parameters());
    peer.bring_up();
    box.run_for(100ms);
    ASSERT_EQ(box.remove(session), Status::Ok);
    const Instant removed = box.now();
    EXPECT_EQ(last_sent().at, removed) << "it is told at once all the same";
    box.run_until(removed + 60s + bfd::kTickLength);
    EXPECT_EQ(box.deleted(), std::vector{session});
}

TEST_F(Removal, OnceIsEnough) {
    add_and_bring_up();
    ASSERT_EQ(box.remove(session), Status::Ok);
    EXPECT_EQ(box.remove(session), Status::Ok);
    EXPECT_EQ(box.set_admin(session, false), Status::NoSuchSession);
    EXPECT_EQ(box.set_parameters(session, {}), Status::NoSuchSession);
    EXPECT_EQ(box.signal_path_down(session), Status::NoSuchSession);
    EXPECT_EQ(box.set_concatenated_diag(session, Diag::None), Status::NoSuchSession);
    box.run_for(5s);
    EXPECT_EQ(box.deleted().size(), 1U);
}

TEST_F(Removal, ImmediateIsSilentAndFreesTheSlot) {
    add_and_bring_up();
    ASSERT_EQ(box.remove(session, true), Status::Ok);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_FALSE(box.has(session));
    EXPECT_EQ(box.engine().sessions(), 0U);
    EXPECT_EQ(box.engine().sessions_up(), 0U);
    EXPECT_TRUE(box.deleted().empty());
    EXPECT_TRUE(box.events().empty());
    box.run_for(5s);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_TRUE(box.deleted().empty());
}

TEST_F(Removal, ImmediateCutsALingeringOneShort) {
    add_and_bring_up();
    box.remove(session);
    ASSERT_EQ(box.remove(session, true), Status::Ok);
    EXPECT_FALSE(box.has(session));
    box.take_sent();
    box.run_for(5s);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_TRUE(box.deleted().empty());
}

// req: RFC5882-8-05
TEST_F(Removal, TheSlotIsTakenUntilControlWasTold) {
    add_and_bring_up();
    box.remove(session);
    ASSERT_EQ(box.add(box.handle(1), key, fast_parameters()), Status::Ok);
    box.remove(box.handle(1));
    ASSERT_EQ(box.add(box.handle(2), key, fast_parameters()), Status::Ok);
    EXPECT_EQ(box.add(box.handle(0, 2), v4_key(9), fast_parameters()), Status::SlotTaken);
    EXPECT_EQ(box.deleted(), (std::vector{session, box.handle(1)})) << "in the order it happened";
    EXPECT_EQ(box.add(box.handle(0, 2), v4_key(9), fast_parameters()), Status::Ok);
    EXPECT_EQ(box.add(box.handle(1, 2), v4_key(10), fast_parameters()), Status::Ok);
    EXPECT_TRUE(box.deleted().empty());
}

// Its AdminDown would take the new session Down at the peer, to whom both are one.
TEST_F(Removal, AddingTheKeyAgainEndsTheLingering) {
    add_and_bring_up();
    box.remove(session);
    const bfd::SessionHandle next = box.handle(1);
    ASSERT_EQ(box.add(next, key, fast_parameters()), Status::Ok);
    EXPECT_EQ(box.deleted(), std::vector{session});
    EXPECT_FALSE(box.has(session));
    EXPECT_EQ(box.engine().sessions(), 1U);
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::YourDiscriminatorUnknown);
    box.take_sent();

    Peer fresh{box, {}, key};
    fresh.says.my_discriminator = {0x77777777U};
    EXPECT_EQ(fresh.send(SessionState::Down), DropReason::None);
    fresh.says.your_discriminator = next.local_discr;
    EXPECT_EQ(fresh.send(SessionState::Init), DropReason::None);
    fresh.says.state = SessionState::Up;
    fresh.keep_sending(5s, 100ms);
    EXPECT_EQ(box.snapshot(next).session_state, SessionState::Up);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.my_discriminator, next.local_discr);
    EXPECT_TRUE(box.deleted().empty()) << "told once";

    // The key belongs to the new session, also after all that was left of the old one is gone.
    fresh.says.your_discriminator = {};
    EXPECT_EQ(fresh.send(SessionState::Down), DropReason::None);
    EXPECT_EQ(box.snapshot(next).session_state, SessionState::Down);
    EXPECT_EQ(box.add(box.handle(2), key, fast_parameters()), Status::KeyExists);
}

TEST_F(Removal, ALingeringSessionHasNoEvents) {
    add_and_bring_up();
    box.remove(session);
    peer.says.my_discriminator = {5};
    peer.send(SessionState::Up);
    EXPECT_TRUE(box.events().empty());
}

// req: RFC5880-6.8.6-12
TEST_F(Removal, AReusedSlotKnowsNothingOfTheSessionBefore) {
    add_and_bring_up();
    peer.says.detect_mult = 9;
    peer.send();
    box.set_concatenated_diag(session, Diag::ConcatenatedPathDown);
    box.remove(session, true);  // with an event still queued
    const bfd::SessionHandle next = box.handle(0, 2);
    ASSERT_EQ(box.add(next, v4_key(9), fast_parameters()), Status::Ok);
    EXPECT_TRUE(box.events().empty());
    const SessionSnapshot s = box.snapshot(next);
    EXPECT_EQ(s.session_state, SessionState::Down);
    EXPECT_EQ(s.local_diag, Diag::None);
    EXPECT_EQ(s.remote_discr.value, 0U);
    EXPECT_EQ(s.remote_detect_mult, 0);
    EXPECT_EQ(s.up_count, 0U);
    EXPECT_EQ(s.rx_packets, 0U);
    EXPECT_EQ(s.last_rx, Instant{});
    EXPECT_EQ(peer.send(), DropReason::YourDiscriminatorUnknown);
    box.take_sent();
    box.run_for(10s);
    for (const Sent& sent : box.sink.sent) {
        EXPECT_EQ(sent.packet.state, SessionState::Down);
        EXPECT_EQ(sent.packet.my_discriminator, next.local_discr);
    }
    for (const Nanoseconds gap : periodic_gaps())
        EXPECT_GE(gap, 750ms) << "no entry left behind fires";
    // An event queued before is delivered for the new session only when it has something to say.
    Peer far{box, next, v4_key(9)};
    far.send(SessionState::Down);
    EXPECT_EQ(box.events().size(), 1U);
}

// Slots come and go; every one is told of once.
TEST_F(Removal, ManyLifetimesInOneSlot) {
    for (std::uint32_t generation = 1; generation <= 500; ++generation) {
        const bfd::SessionHandle h = box.handle(0, generation);
        ASSERT_EQ(box.add(h, key, fast_parameters()), Status::Ok);
        Peer far{box, h, key};
        far.bring_up();
        box.run_for(10ms);
        ASSERT_EQ(box.remove(h), Status::Ok);
        box.run_for(1s);
        far.send(SessionState::Down);
        box.run_for(1ms);
        ASSERT_EQ(box.deleted(), std::vector{h});
        static_cast<void>(box.events());
        box.take_sent();
    }
    EXPECT_EQ(box.engine().sessions(), 0U);
}

}  // namespace
}  // namespace tocsin::test
