// Sessions of pseudowires, RFC 5885: which packets are theirs.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

SessionKey pseudowire_key(AddressFamily family, std::uint32_t label = 300) {
    SessionKey key;
    key.type = SessionType::Vccv;
    key.port = port_in_key(key.type, {});
    key.family = family;
    key.instance = label;
    return key;
}

class PseudowireSession : public OneSession, public testing::WithParamInterface<AddressFamily> {
protected:
    PseudowireSession() : OneSession(pseudowire_key(GetParam())) {
        if (GetParam() == AddressFamily::None) return;
        peer.source = {198, 51, 100, 1};
        peer.destination = {127, 1, 2, 3};
    }
};

// req: RFC5885-3.1-05 RFC5885-3.1-06 RFC5885-3.1-08 RFC5885-3.1-09
TEST_P(PseudowireSession, IsFoundByItsLabel) {
    add();
    EXPECT_EQ(next_periodic().packet.your_discriminator, Discriminator{}) << "unasked";
    peer.says.your_discriminator = {};
    peer.instance = 301;
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::NoSession);
    peer.instance = 300;
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::None);
    EXPECT_EQ(state(), SessionState::Init);
    EXPECT_EQ(last_sent().packet.your_discriminator, peer.says.my_discriminator);
    peer.says.your_discriminator = session.local_discr;
    EXPECT_EQ(peer.send(SessionState::Init), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5885-3.1-05 RFC5885-3.2-13
TEST_P(PseudowireSession, OurDiscriminatorDoesNotOpenItFromElsewhere) {
    add_and_bring_up();
    peer.send();
    const Peer good = peer;
    peer.instance = 301;
    EXPECT_EQ(peer.send(), DropReason::WrongInstance);
    peer = good;
    for (const auto family : {AddressFamily::None, AddressFamily::V4, AddressFamily::V6}) {
        if (family == key.family) continue;
        peer.family = family;
        EXPECT_EQ(peer.send(), DropReason::SessionType) << "another payload of the channel";
    }
    peer = good;
    for (const auto type : {SessionType::SingleHop, SessionType::MultiHop, SessionType::Mpls}) {
        peer.type = type;
        peer.port = type == SessionType::MultiHop ? PortId{3} : port_in_key(type, PortId{3});
        EXPECT_EQ(peer.send(), DropReason::SessionType);
    }
    peer = good;
    EXPECT_EQ(peer.send(), DropReason::None);
}

TEST_P(PseudowireSession, HasASteadyState) {
    add_and_bring_up();
    peer.send();
    const std::uint64_t before = box.engine().steady_packets();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(box.engine().steady_packets(), before + 5);
}

// req: RFC5885-3.1-14
TEST_P(PseudowireSession, GoesDownWhenNothingIsHeard) {
    add_and_bring_up();
    box.run_for(1s);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(last_sent().packet.state, SessionState::Down);
    EXPECT_EQ(last_sent().packet.diag, Diag::ControlDetectionTimeExpired);
}

// req: RFC5885-3.1-15
TEST_P(PseudowireSession, GoesDownWhenThePeerSaysSo) {
    add_and_bring_up();
    peer.says.diag = Diag::ControlDetectionTimeExpired;
    peer.send(SessionState::Down);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(last_sent().packet.diag, Diag::NeighborSignaledSessionDown);
}

// req: RFC5885-3.1-13
TEST_P(PseudowireSession, HasTheStateMachineOfAnyOther) {
    for (const auto local :
         {SessionState::AdminDown, SessionState::Down, SessionState::Init, SessionState::Up}) {
        for (const auto received :
             {SessionState::AdminDown, SessionState::Down, SessionState::Init, SessionState::Up}) {
            drive_to(local);
            peer.send(received);
            EXPECT_EQ(state(), bfd::on_receive(local, received));
            box.remove(session, true);
        }
    }
}

// req: RFC5885-3.3-07
TEST_P(PseudowireSession, TellsOfACircuitByDiagnostics) {
    add_and_bring_up();
    ASSERT_EQ(box.set_concatenated_diag(session, Diag::ConcatenatedPathDown), Status::Ok);
    EXPECT_EQ(last_sent().packet.diag, Diag::ConcatenatedPathDown);
    EXPECT_EQ(last_sent().packet.state, SessionState::Up);
    peer.says.diag = Diag::ReverseConcatenatedPathDown;
    peer.send();
    EXPECT_EQ(snapshot().remote_diag, Diag::ReverseConcatenatedPathDown);
    EXPECT_EQ(state(), SessionState::Up);
}

INSTANTIATE_TEST_SUITE_P(Payloads, PseudowireSession,
                         testing::Values(AddressFamily::None, AddressFamily::V4));

}  // namespace
}  // namespace tocsin::test
