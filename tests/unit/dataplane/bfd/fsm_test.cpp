#include "dataplane/bfd/fsm.hpp"

#include "one_session.hpp"

#include <string>

namespace tocsin::test {
namespace {

using enum SessionState;

/// One cell of the table: RFC 5880 6.8.6 read as "local, received -> next".
struct Cell {
    SessionState local;
    SessionState received;
    SessionState next;
    Diag diag;  ///< bfd.LocalDiag afterwards, the session having started with `None`
};

std::string cell_name(const testing::TestParamInfo<Cell>& info) {
    return std::string{bfd::name(info.param.local)} + "Receives" +
           std::string{bfd::name(info.param.received)};
}

class Reception : public OneSession, public testing::WithParamInterface<Cell> {};

// req: RFC5880-6.2-01 RFC5880-6.2-02 RFC5880-6.2-03 RFC5880-6.2-04 RFC5880-6.2-05 RFC5880-6.2-06
// req: RFC5880-6.2-07 RFC5880-6.2-08 RFC5880-6.2-10 RFC5880-6.2-11 RFC5880-6.2-12 RFC5880-6.2-13
// req: RFC5880-6.8.6-29 RFC5880-6.8.6-31 RFC5880-6.8.6-32 RFC5880-6.8.6-33 RFC5880-6.8.6-34
// req: RFC5880-6.8.6-35 RFC5880-6.8.6-36 RFC5880-6.8.6-37 RFC5880-6.8.6-21 RFC5880-2-03
// req: RFC5880-6.2-16
TEST_P(Reception, MovesTheSessionAsTheTableSays) {
    const Cell& cell = GetParam();
    ASSERT_NO_FATAL_FAILURE(drive_to(cell.local));

    peer.send(cell.received);

    EXPECT_EQ(state(), cell.next);
    EXPECT_EQ(diag(), cell.diag);
    EXPECT_EQ(snapshot().remote_session_state, cell.received);
    const std::vector<SessionEvent> events = box.events();
    if (cell.next == cell.local) {
        EXPECT_TRUE(box.sink.state_changes.empty());
        for (const SessionEvent& e : events) EXPECT_EQ(e.transitions, 0U);
    } else {
        ASSERT_EQ(box.sink.state_changes.size(), 1U);
        EXPECT_EQ(box.sink.state_changes[0].from, cell.local);
        EXPECT_EQ(box.sink.state_changes[0].to, cell.next);
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(events[0].reported_state, cell.local);
        EXPECT_EQ(events[0].now.session_state, cell.next);
        EXPECT_EQ(events[0].transitions, 1U);
        // The peer is told at once, RFC 5880 6.8.7.
        EXPECT_EQ(last_sent().at, box.now());
        EXPECT_EQ(last_sent().packet.state, cell.next);
        EXPECT_EQ(last_sent().packet.diag, cell.diag);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cell, Reception,
    testing::Values(Cell{AdminDown, AdminDown, AdminDown, Diag::AdministrativelyDown},
                    Cell{AdminDown, Down, AdminDown, Diag::AdministrativelyDown},
                    Cell{AdminDown, Init, AdminDown, Diag::AdministrativelyDown},
                    Cell{AdminDown, Up, AdminDown, Diag::AdministrativelyDown},
                    Cell{Down, AdminDown, Down, Diag::None}, Cell{Down, Down, Init, Diag::None},
                    Cell{Down, Init, Up, Diag::None}, Cell{Down, Up, Down, Diag::None},
                    Cell{Init, AdminDown, Down, Diag::NeighborSignaledSessionDown},
                    Cell{Init, Down, Init, Diag::None}, Cell{Init, Init, Up, Diag::None},
                    Cell{Init, Up, Up, Diag::None},
                    Cell{Up, AdminDown, Down, Diag::NeighborSignaledSessionDown},
                    Cell{Up, Down, Down, Diag::NeighborSignaledSessionDown},
                    Cell{Up, Init, Up, Diag::None}, Cell{Up, Up, Up, Diag::None}),
    cell_name);

class Fsm : public OneSession {};

// req: RFC5880-4.1-06
TEST_F(Fsm, NumbersTheStatesAsTheyAreOnTheWire) {
    EXPECT_EQ(static_cast<int>(AdminDown), 0);
    EXPECT_EQ(static_cast<int>(Down), 1);
    EXPECT_EQ(static_cast<int>(Init), 2);
    EXPECT_EQ(static_cast<int>(Up), 3);
    for (const SessionState s : {AdminDown, Down, Init, Up}) {
        bfd::ControlPacket out;
        bfd::ControlPacket in = peer.says;
        in.state = s;
        const bfd::ControlOctets octets = bfd::encode(in);
        EXPECT_EQ(octets[1] >> 6U, static_cast<int>(s));
        ASSERT_EQ(bfd::decode(octets, out), DropReason::None);
        EXPECT_EQ(out.state, s);
    }
}

// req: RFC5880-6.8.7-20
TEST_F(Fsm, SendsTheStateThatItIsIn) {
    for (const SessionState s : {AdminDown, Down, Init, Up}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters(), s == AdminDown), Status::Ok);
        if (s == Down) far.says.state = AdminDown;
        if (s == Init) far.send(Down);
        if (s == Up) far.bring_up();
        one.sink.sent.clear();
        far.keep_sending(2s, 200ms);
        ASSERT_FALSE(one.sink.sent.empty());
        for (const Sent& sent : one.sink.sent) EXPECT_EQ(sent.octets[1] >> 6U, static_cast<int>(s));
    }
}

// req: RFC5880-3-02
TEST_F(Fsm, NeverLeavesInitWhileThePeerDoesNotHearIt) {
    add();
    peer.says.your_discriminator = {};
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(peer.send(Down), DropReason::None);
        box.run_for(50ms);
        EXPECT_EQ(state(), Init);
    }
    for (const StateChange& change : box.sink.state_changes) EXPECT_NE(change.to, Up);
}

// req: RFC5880-2-04 RFC5880-6.1-11
TEST_F(Fsm, ComesUpAgainOnlyAfterThePeerHasLeftUp) {
    add_and_bring_up();
    box.signal_path_down(session);
    for (int i = 0; i < 20; ++i) {
        peer.send(Up);
        box.run_for(10ms);
        ASSERT_EQ(state(), Down);
    }
    peer.send(Down);
    EXPECT_EQ(state(), Init);
    peer.send(Init);
    EXPECT_EQ(state(), Up);
}

// req: RFC5880-6.1-11
TEST_F(Fsm, StaysDownAfterATimeoutWhileThePeerSaysUp) {
    add_and_bring_up();
    box.run_for(1s);
    ASSERT_EQ(state(), Down);
    for (int i = 0; i < 20; ++i) {
        peer.send(Up);
        box.run_for(10ms);
        ASSERT_EQ(state(), Down);
    }
    peer.send(Down);
    EXPECT_EQ(state(), Init);
}

// req: RFC5880-6.8.6-30
TEST_F(Fsm, KeepsItsDiagnosticWhenAdminDownIsHeardWhileDown) {
    add_and_bring_up();
    box.run_for(1s);
    ASSERT_EQ(diag(), Diag::ControlDetectionTimeExpired);
    box.sink.state_changes.clear();
    peer.send(AdminDown);
    EXPECT_EQ(state(), Down);
    EXPECT_EQ(diag(), Diag::ControlDetectionTimeExpired);
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-6.8.6-33 RFC5880-6.8.6-35
TEST_F(Fsm, RepeatedPacketsWithoutEffectStayWithoutEffect) {
    ASSERT_NO_FATAL_FAILURE(drive_to(Down));
    for (int i = 0; i < 10; ++i) peer.send(Up);
    EXPECT_EQ(state(), Down);
    peer.send(Down);
    ASSERT_EQ(state(), Init);
    box.sink.state_changes.clear();
    for (int i = 0; i < 10; ++i) {
        box.run_for(250ms);  // refreshed each time, or 300 ms would have expired
        peer.send(Down);
        ASSERT_EQ(state(), Init);
    }
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5880-6.8.6-15
TEST_F(Fsm, ARestartedPeerIsBelievedAtOnce) {
    for (const bool up : {false, true}) {
        EngineBox one;
        Peer far{one, one.handle(0), key};
        ASSERT_EQ(one.add(one.handle(0), key, fast_parameters()), Status::Ok);
        far.send(Down);
        if (up) far.send(Up);
        one.run_for(up ? 200ms : 20ms);
        far.says.your_discriminator = {};
        far.says.my_discriminator = {0x55667788U};
        EXPECT_EQ(far.send(Down), DropReason::None);
        const SessionSnapshot s = one.snapshot(one.handle(0));
        EXPECT_EQ(s.session_state, up ? Down : Init);
        EXPECT_EQ(s.local_diag, up ? Diag::NeighborSignaledSessionDown : Diag::None);
        EXPECT_EQ(s.remote_discr.value, 0x55667788U);
        if (up) {
            EXPECT_EQ(one.sink.sent.back().at, one.now()) << "the peer is told at once";
            EXPECT_EQ(one.sink.sent.back().packet.your_discriminator.value, 0x55667788U);
        }
        far.says.desired_min_tx_interval = 1s;
        far.send(AdminDown);
        one.run_for(1s);
        EXPECT_EQ(one.sink.sent.back().packet.your_discriminator.value, 0x55667788U);
    }
}

TEST_F(Fsm, ClearsTheDiagnosticWhenTheSessionComesUp) {
    add_and_bring_up();
    peer.send(Down);
    ASSERT_EQ(diag(), Diag::NeighborSignaledSessionDown);
    peer.send(Down);
    EXPECT_EQ(diag(), Diag::NeighborSignaledSessionDown) << "Init is not yet a reason to forget";
    peer.send(Init);
    EXPECT_EQ(diag(), Diag::None);
}

// req: RFC5880-8-01
TEST_F(Fsm, NamesDiagnosticsAsRegistered) {
    const std::vector<std::string_view> registered{"No Diagnostic",
                                                   "Control Detection Time Expired",
                                                   "Echo Function Failed",
                                                   "Neighbor Signaled Session Down",
                                                   "Forwarding Plane Reset",
                                                   "Path Down",
                                                   "Concatenated Path Down",
                                                   "Administratively Down",
                                                   "Reverse Concatenated Path Down"};
    for (std::size_t i = 0; i < 32; ++i) {
        EXPECT_EQ(bfd::name(static_cast<Diag>(i)), i < 9 ? registered[i] : "Unassigned");
    }
}

}  // namespace
}  // namespace tocsin::test
