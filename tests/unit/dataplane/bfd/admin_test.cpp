// What control asks of a session: RFC 5880 6.8.15 to 6.8.18.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Admin : public OneSession {};

// req: RFC5880-6.8.16-02 RFC5880-6.8.16-03 RFC5880-6.8.16-06 RFC5880-6.1-12 RFC5880-6.8.7-19
TEST_F(Admin, DisablingWorksInEveryState) {
    for (const SessionState from : {SessionState::Down, SessionState::Init, SessionState::Up}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        if (from == SessionState::Init) far.send(SessionState::Down);
        if (from == SessionState::Up) far.bring_up();
        one.take_sent();
        static_cast<void>(one.events());
        ASSERT_EQ(one.set_admin(one.handle(0), true), Status::Ok);
        const SessionSnapshot s = one.snapshot(one.handle(0));
        EXPECT_EQ(s.session_state, SessionState::AdminDown);
        EXPECT_EQ(s.local_diag, Diag::AdministrativelyDown);
        ASSERT_EQ(one.sink.sent.size(), 1U) << "told at once";
        EXPECT_EQ(one.sink.sent[0].octets[1] >> 6, 0);
        EXPECT_EQ(one.sink.sent[0].octets[0] & 0x1f, 7);
        const std::vector<SessionEvent> events = one.events();
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(events[0].reported_state, from);
        EXPECT_EQ(events[0].now.session_state, SessionState::AdminDown);
    }
}

// req: RFC5880-6.2-19
TEST_F(Admin, ADisabledSessionIsNotReportedAsDown) {
    add_and_bring_up();
    box.set_admin(session, true);
    const std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].now.session_state, SessionState::AdminDown);
    EXPECT_EQ(events[0].now.local_diag, Diag::AdministrativelyDown);
}

// req: RFC5880-6.8.16-05 RFC5880-6.8.16-03 RFC5880-6.8.7-19
TEST_F(Admin, AFailedPathMayDisableWithItsOwnDiagnostic) {
    add_and_bring_up();
    box.set_admin(session, true, Diag::PathDown);
    EXPECT_EQ(last_sent().packet.state, SessionState::AdminDown);
    EXPECT_EQ(last_sent().packet.diag, Diag::PathDown);
    // Disabling again changes the reason only.
    static_cast<void>(box.events());
    box.run_for(2s);
    box.sink.state_changes.clear();
    box.set_admin(session, true, Diag::AdministrativelyDown);
    EXPECT_EQ(diag(), Diag::AdministrativelyDown);
    EXPECT_TRUE(box.sink.state_changes.empty());
    EXPECT_EQ(next_periodic().packet.diag, Diag::AdministrativelyDown);
}

// req: RFC5880-6.8.16-01
TEST_F(Admin, EnablingGivesDownAndIsToldAtOnce) {
    add(fast_parameters(), true);
    EXPECT_EQ(state(), SessionState::AdminDown);
    box.run_for(100ms);
    box.take_sent();
    ASSERT_EQ(box.set_admin(session, false), Status::Ok);
    EXPECT_EQ(state(), SessionState::Down);
    ASSERT_EQ(box.sink.sent.size(), 1U);
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    peer.bring_up();
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(Admin, EnablingAnEnabledSessionChangesNothing) {
    add_and_bring_up();
    ASSERT_EQ(box.set_admin(session, false), Status::Ok);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(box.sink.sent.empty());
    EXPECT_TRUE(box.events().empty());
}

// req: RFC5880-6.8.6-28 RFC5880-6.2-16
TEST_F(Admin, PacketsUpdateVariablesButNothingElse) {
    add_and_bring_up();
    box.set_admin(session, true);
    box.run_for(100ms);
    forget();
    const SessionSnapshot before = snapshot();
    for (const SessionState heard :
         {SessionState::AdminDown, SessionState::Down, SessionState::Init, SessionState::Up}) {
        peer.says.my_discriminator.value += 1;
        peer.says.required_min_rx_interval += 2s;
        peer.says.demand = !peer.says.demand;
        peer.says.state = heard;
        EXPECT_EQ(peer.send_poll(), DropReason::AdminDown);
        const SessionSnapshot s = snapshot();
        EXPECT_EQ(s.session_state, SessionState::AdminDown);
        EXPECT_EQ(s.local_diag, Diag::AdministrativelyDown);
        EXPECT_EQ(s.remote_discr, peer.says.my_discriminator);
        EXPECT_EQ(s.remote_session_state, heard);
        EXPECT_EQ(s.remote_demand_mode, peer.says.demand);
        EXPECT_EQ(s.remote_min_rx_interval, peer.says.required_min_rx_interval);
        EXPECT_EQ(s.tx_interval, peer.says.required_min_rx_interval);
        EXPECT_EQ(s.rx_packets, before.rx_packets);
    }
    EXPECT_TRUE(box.sink.sent.empty()) << "no Final";
}

// req: RFC5880-6.8.16-07 RFC5880-6.8.16-08
TEST_F(Admin, GoesOnSayingAdminDown) {
    add_and_bring_up();
    box.set_admin(session, true);
    box.take_sent();
    box.run_for(600s);
    EXPECT_GE(count_periodic(), 600U);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.state, SessionState::AdminDown);
}

// req: RFC5880-6.2-18
TEST_F(Admin, AdminDownOfThePeerKeepsUsDown) {
    add_and_bring_up();
    peer.says.state = SessionState::AdminDown;
    peer.send();
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::NeighborSignaledSessionDown);
    forget();
    peer.keep_sending(10s, 100ms);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_TRUE(box.sink.state_changes.empty());
    peer.bring_up();
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.15-01 RFC5880-6.8.7-19 RFC5880-4.1-03
TEST_F(Admin, AForwardingPlaneResetTakesTheSessionDown) {
    add_and_bring_up();
    ASSERT_EQ(box.signal_path_down(session, Diag::ForwardingPlaneReset), Status::Ok);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(last_sent().at, box.now());
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    EXPECT_EQ(last_sent().octets[0] & 0x1f, 4);
}

TEST_F(Admin, APathDownSignalSparesSessionsThatAreDownAlready) {
    add();
    box.signal_path_down(session);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::None);
    box.set_admin(session, true);
    box.signal_path_down(session);
    EXPECT_EQ(state(), SessionState::AdminDown);
    EXPECT_EQ(diag(), Diag::AdministrativelyDown);
    box.set_admin(session, false);
    peer.send(SessionState::Down);
    ASSERT_EQ(state(), SessionState::Init);
    box.signal_path_down(session);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::PathDown);
}

// req: RFC5880-6.8.17-01 RFC5880-6.8.17-02
TEST_F(Admin, AConcatenatedFailureIsToldWithoutGoingDown) {
    add_and_bring_up();
    for (const Diag d : {Diag::ConcatenatedPathDown, Diag::ReverseConcatenatedPathDown}) {
        box.take_sent();
        ASSERT_EQ(box.set_concatenated_diag(session, d), Status::Ok);
        const Sent next = next_periodic();
        EXPECT_EQ(next.packet.diag, d);
        EXPECT_EQ(next.packet.state, SessionState::Up);
        EXPECT_EQ(box.sink.sent[0].packet.diag, d);
        EXPECT_FALSE(next.packet.poll) << "not needed without Demand mode";
        peer.keep_sending(100 * 100ms, 100ms);
        EXPECT_EQ(state(), SessionState::Up);
    }
    EXPECT_TRUE(box.sink.state_changes.empty());
    box.set_concatenated_diag(session, Diag::None);
    EXPECT_EQ(diag(), Diag::None);
}

// req: RFC5880-6.8.17-04
TEST_F(Admin, AFailureOverwritesTheConcatenatedDiagnostic) {
    add_and_bring_up();
    box.set_concatenated_diag(session, Diag::ConcatenatedPathDown);
    box.run_for(1s);
    ASSERT_EQ(state(), SessionState::Down);
    EXPECT_EQ(diag(), Diag::ControlDetectionTimeExpired);
    peer.bring_up();
    EXPECT_EQ(diag(), Diag::None);
    EXPECT_EQ(last_sent().packet.diag, Diag::None);
}

// req: RFC5880-4.1-04
TEST_F(Admin, OnlyTheTwoConcatenatedDiagnosticsAreTakenAndOnlyWhileUp) {
    add();
    box.set_concatenated_diag(session, Diag::ConcatenatedPathDown);
    EXPECT_EQ(diag(), Diag::None);
    peer.bring_up();
    for (int d = 0; d < 32; ++d) {
        if (d == 6 || d == 8) continue;
        box.set_concatenated_diag(session, static_cast<Diag>(d));
        EXPECT_EQ(diag(), Diag::None) << d;
    }
}

// req: RFC5880-6.8.18-01
TEST_F(Admin, HoldingASessionInAdminDownPreventsIt) {
    add(fast_parameters(), true);
    for (int i = 0; i < 600; ++i) {
        peer.send(i % 2 == 0 ? SessionState::Down : SessionState::Init);
        box.run_for(100ms);
        ASSERT_EQ(state(), SessionState::AdminDown);
    }
}

// req: RFC5880-6.8.1-01
TEST_F(Admin, VariablesSurviveAFailure) {
    SessionParameters p = fast_parameters();
    p.detect_mult = 7;
    p.required_min_rx_interval = 120ms;
    add_and_bring_up(p);
    box.run_for(1s);
    ASSERT_EQ(state(), SessionState::Down);
    peer.bring_up();
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_EQ(last_sent().packet.detect_mult, 7);
    EXPECT_EQ(last_sent().packet.required_min_rx_interval, 120ms);
    EXPECT_EQ(last_sent().packet.desired_min_tx_interval, 100ms);
    EXPECT_EQ(last_sent().packet.my_discriminator, session.local_discr);
    EXPECT_EQ(snapshot().up_count, 2U);
    EXPECT_EQ(snapshot().down_count, 1U);
}

TEST_F(Admin, AddRefusesWhatDoesNotFit) {
    add();
    EXPECT_EQ(box.add(session, v4_key(9), fast_parameters()), Status::SlotTaken);
    EXPECT_EQ(box.add(box.handle(0, 2), v4_key(9), fast_parameters()), Status::SlotTaken);
    EXPECT_EQ(box.add(box.handle(1), key, fast_parameters()), Status::KeyExists);
    EXPECT_EQ(box.add({Slot{8}, box.codec.encode({Slot{0}, WorkerId{}, 1})}, v4_key(9), {}),
              Status::NoSuchSession)
        << "beyond capacity";
    EXPECT_EQ(box.add({Slot{1}, box.handle(2).local_discr}, v4_key(9), {}), Status::NoSuchSession)
        << "halves disagree";
    EXPECT_EQ(box.add({Slot{1}, {}}, v4_key(9), {}), Status::NoSuchSession) << "zero";
    EXPECT_EQ(box.add({Slot{1}, box.codec.encode({Slot{1}, WorkerId{1}, 1})}, v4_key(9), {}),
              Status::NoSuchSession)
        << "another worker's";
    EXPECT_EQ(box.engine().sessions(), 1U);
}

TEST_F(Admin, CommandsToSessionsThatAreNotThereAreRefused) {
    add();
    for (const bfd::SessionHandle h :
         {box.handle(1), box.handle(0, 2), bfd::SessionHandle{Slot{0}, {}},
          bfd::SessionHandle{Slot{1000}, session.local_discr}}) {
        EXPECT_EQ(box.set_parameters(h, fast_parameters()), Status::NoSuchSession);
        EXPECT_EQ(box.set_admin(h, true), Status::NoSuchSession);
        EXPECT_EQ(box.signal_path_down(h), Status::NoSuchSession);
        EXPECT_EQ(box.set_concatenated_diag(h, Diag::None), Status::NoSuchSession);
        EXPECT_EQ(box.engine().headers_changed(h, box.now()), Status::NoSuchSession);
        EXPECT_EQ(box.remove(h), Status::NoSuchSession);
        EXPECT_FALSE(box.has(h));
    }
    EXPECT_EQ(state(), SessionState::Down);
}

}  // namespace
}  // namespace tocsin::test
