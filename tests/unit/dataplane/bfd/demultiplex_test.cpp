// Which session a packet belongs to: RFC 5880 6.3 and 6.8.6, RFC 5881 3 and 6.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Demultiplex : public OneSession {};

/// All that a Peer of an unknown discriminator has to say: the first packet of a new neighbour.
Peer stranger(EngineBox& box, const SessionKey& key) {
    Peer p{box, {}, key};
    p.says.your_discriminator = {};
    return p;
}

// req: RFC5881-3-04 RFC5881-3-02 RFC5880-6.3-05 RFC5880-6.8.6-14 RFC5880-3-01 RFC5881-2-03
TEST_F(Demultiplex, PacketsWithoutOurDiscriminatorGoByPeerPortAndFamily) {
    std::vector<SessionKey> keys;
    for (const std::uint8_t host : {2, 3}) {
        for (const std::uint16_t port : {0, 1}) {
            keys.push_back(v4_key(host, port));
            keys.push_back(v6_key(host, port));
        }
    }
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
        ASSERT_EQ(box.add(box.handle(i), keys[i], fast_parameters()), Status::Ok);
    }
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
        EXPECT_EQ(stranger(box, keys[i]).send(), DropReason::None);
        for (std::uint32_t j = 0; j < keys.size(); ++j) {
            EXPECT_EQ(box.snapshot(box.handle(j)).session_state,
                      j <= i ? SessionState::Init : SessionState::Down)
                << "packet " << i << ", session " << j;
        }
    }
}

// req: RFC5881-3-05 RFC5880-6.8.6-16 RFC5880-6.8.6-14 RFC5881-9-01 RFC5881-3-02
TEST_F(Demultiplex, ANewNeighbourWithoutSessionIsDroppedAndTouchesNobody) {
    add_and_bring_up();
    SessionKey other = key;
    other.remote[3] = 77;
    EXPECT_EQ(stranger(box, other).send(), DropReason::NoSession);
    other = key;
    other.port = {1};
    EXPECT_EQ(stranger(box, other).send(), DropReason::NoSession);
    other = key;
    other.local[3] = 9;
    EXPECT_EQ(stranger(box, other).send(), DropReason::NoSession);
    other = key;
    other.domain = 1;
    EXPECT_EQ(stranger(box, other).send(), DropReason::NoSession);
    other = key;
    other.instance = 1;
    EXPECT_EQ(stranger(box, other).send(), DropReason::NoSession);
    other = key;
    other.type = SessionType::MultiHop;
    EXPECT_EQ(stranger(box, other).send(), DropReason::NoSession);
    EXPECT_EQ(stranger(box, v6_key()).send(), DropReason::NoSession);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_TRUE(box.events().empty());
}

// req: RFC5880-6.8.6-11 RFC5880-6.3-01
TEST_F(Demultiplex, OurDiscriminatorSelectsTheSession) {
    // Same peer address on two ports, and the same discriminator chosen by both peers.
    const bfd::SessionHandle second = box.handle(1);
    add();
    ASSERT_EQ(box.add(second, v4_key(2, 1), fast_parameters()), Status::Ok);
    Peer far{box, second, v4_key(2, 1)};
    peer.bring_up();
    EXPECT_EQ(box.snapshot(second).session_state, SessionState::Down);
    far.bring_up();
    EXPECT_EQ(box.snapshot(second).session_state, SessionState::Up);
    far.send(SessionState::Down);
    EXPECT_EQ(box.snapshot(second).session_state, SessionState::Down);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5880-6.8.6-12
TEST_F(Demultiplex, AnUnknownDiscriminatorIsNotLookedUpByAddress) {
    add();
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
        peer.says.your_discriminator = {session.local_discr.value ^ 1U << bit};
        EXPECT_EQ(peer.send(SessionState::Down), DropReason::YourDiscriminatorUnknown);
    }
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(snapshot().rx_packets, 0U);
}

// req: RFC5880-6.8.6-12 RFC5880-9-05
TEST_F(Demultiplex, TheDiscriminatorOfADeletedSessionIsUnknown) {
    add_and_bring_up();
    ASSERT_EQ(box.remove(session, true), Status::Ok);
    EXPECT_EQ(peer.send(), DropReason::YourDiscriminatorUnknown);

    // Also when the slot serves the same peer again.
    const bfd::SessionHandle next = box.handle(0, 2);
    ASSERT_NE(next.local_discr, session.local_discr);
    ASSERT_EQ(box.add(next, key, fast_parameters()), Status::Ok);
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::YourDiscriminatorUnknown);
    EXPECT_EQ(box.snapshot(next).session_state, SessionState::Down);
    EXPECT_EQ(box.snapshot(next).rx_packets, 0U);
}

TEST_F(Demultiplex, TheDiscriminatorOfAnotherWorkerIsUnknown) {
    add();
    peer.says.your_discriminator = box.codec.encode({Slot{0}, WorkerId{1}, 1});
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::YourDiscriminatorUnknown);
}

// req: RFC5880-6.3-04
TEST_F(Demultiplex, AChangedSourceAddressDoesNotLoseTheSession) {
    add_and_bring_up();
    box.run_for(200ms);
    peer.source[3] = 99;
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(peer.send(), DropReason::None);
        EXPECT_EQ(snapshot().last_rx, box.now());
        box.run_for(200ms);
        ASSERT_EQ(state(), SessionState::Up);
    }
}

// req: RFC5880-6.3-06 RFC5880-6.8.6-20 RFC5880-6.3-03 RFC5880-4.1-16
TEST_F(Demultiplex, ThePeerMayChangeItsDiscriminatorWhileUp) {
    add_and_bring_up();
    for (const std::uint32_t discr : {0x00000001U, 0xffffffffU, 0xa1b2c3d4U}) {
        peer.says.my_discriminator = {discr};
        EXPECT_EQ(peer.send(), DropReason::None);
        EXPECT_EQ(state(), SessionState::Up);
        EXPECT_EQ(snapshot().remote_discr.value, discr);
        box.run_for(100ms);
        EXPECT_EQ(last_sent().packet.your_discriminator.value, discr);
    }
    EXPECT_TRUE(box.sink.state_changes.empty());
}

// req: RFC5881-5-08
TEST_F(Demultiplex, ASingleHopSessionTakesNothingFromTheMultihopPort) {
    add_and_bring_up();
    for (const std::uint8_t ttl : {64, 255}) {
        peer.type = SessionType::MultiHop;
        peer.ttl = ttl;
        EXPECT_EQ(peer.send(), DropReason::SessionType);
    }
    EXPECT_NE(snapshot().last_rx, Instant{});
    box.run_for(300ms + bfd::kTickLength);
    EXPECT_EQ(state(), SessionState::Down);
}

// req: RFC5880-3-01
TEST_F(Demultiplex, ASessionTakesPacketsOfItsOwnFamilyDomainAndInstanceOnly) {
    add_and_bring_up();
    peer.send();
    const Peer good = peer;
    // IPv4 in the first four octets, as an IPv6 address would read with zeros behind.
    peer.family = AddressFamily::V6;
    EXPECT_EQ(peer.send(), DropReason::SessionType);
    peer = good;
    peer.domain = 1;
    EXPECT_EQ(peer.send(), DropReason::SessionType);
    peer = good;
    peer.instance = 7;
    EXPECT_EQ(peer.send(), DropReason::WrongInstance);
    peer = good;
    EXPECT_EQ(peer.send(), DropReason::None);
}

// req: RFC5881-3-02
TEST_F(Demultiplex, ASingleHopSessionTakesNothingFromAnotherPort) {
    add_and_bring_up();
    peer.port = {1};
    EXPECT_EQ(peer.send(), DropReason::WrongPort);
    peer.says.diag = Diag::PathDown;
    EXPECT_EQ(peer.send(), DropReason::WrongPort);
}

TEST_F(Demultiplex, MatchSourceKeepsOthersOut) {
    SessionParameters p = fast_parameters();
    p.match_source = true;
    add_and_bring_up(p);
    EXPECT_EQ(peer.send(), DropReason::None);
    peer.source[3] = 99;
    EXPECT_EQ(peer.send(), DropReason::SourceMismatch);
}

class MultiHop : public OneSession {
protected:
    MultiHop() : OneSession(multi_hop_key()) {}
};

TEST_F(MultiHop, ComesUpOverAnyPort) {
    add();
    peer.port = {1};
    peer.bring_up();
    EXPECT_EQ(state(), SessionState::Up);
    peer.port = {2};
    EXPECT_EQ(peer.send(), DropReason::None);
}

TEST_F(MultiHop, RefusesATtlBelowTheLowestAlsoWhenThePacketIsTheLastOneAgain) {
    SessionParameters p = fast_parameters();
    p.min_ttl = 250;
    add_and_bring_up(p);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.send(), DropReason::None);
    peer.ttl = 250;
    EXPECT_EQ(peer.send(), DropReason::None);
    peer.ttl = 249;
    EXPECT_EQ(peer.send(), DropReason::TtlTooLow);
    p.min_ttl = 1;
    change(p);
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(peer.send(), DropReason::None);
}

// A point-to-point port: any source, one session a family, RFC 5881 6.
class PointToPoint : public OneSession {
protected:
    static SessionKey anybody() {
        SessionKey k;
        k.family = AddressFamily::V4;
        k.port = {3};
        return k;
    }
    PointToPoint() : OneSession(anybody()) {
        peer.point_to_point = true;
        peer.source = {192, 0, 2, 2};
        peer.destination = {192, 0, 2, 1};
    }
};

// req: RFC5881-6-03 RFC5881-6-04
TEST_F(PointToPoint, TakesTheFirstPacketOfAnySource) {
    add();
    peer.says.your_discriminator = {};
    peer.source = {198, 51, 100, 99};
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::None);
    EXPECT_EQ(state(), SessionState::Init);
}

// req: RFC5881-6-05 RFC5880-6.3-04
TEST_F(PointToPoint, LaterPacketsBelongByDiscriminatorAlone) {
    add();
    peer.bring_up();
    peer.source = {198, 51, 100, 99};
    peer.destination = {198, 51, 100, 1};
    EXPECT_EQ(peer.send(), DropReason::None);
    peer.port = {4};
    EXPECT_EQ(peer.send(), DropReason::None) << "another point-to-point port";
    EXPECT_EQ(snapshot().last_rx, box.now());
    EXPECT_EQ(state(), SessionState::Up);
    peer.point_to_point = false;
    peer.says.diag = Diag::PathDown;
    EXPECT_EQ(peer.send(), DropReason::WrongPort) << "but not one with others on it";
}

// req: RFC5881-6-03
TEST_F(PointToPoint, AnotherPortsNewNeighbourIsNotThisOne) {
    add();
    peer.says.your_discriminator = {};
    peer.port = {4};
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::NoSession);
}

// req: RFC5881-3-01 RFC5881-2-02
TEST_F(Demultiplex, OneKeyHasOneSession) {
    add();
    EXPECT_EQ(box.add(box.handle(1), key, fast_parameters()), Status::KeyExists);
    EXPECT_FALSE(box.has(box.handle(1)));
    EXPECT_EQ(box.engine().sessions(), 1U);
    EXPECT_EQ(box.add(box.handle(1), v6_key(), fast_parameters()), Status::Ok);
}

// req: RFC5880-2-05
TEST_F(Demultiplex, SeveralPathsToOnePeerFailOnTheirOwn) {
    std::vector<Peer> peers;
    for (std::uint16_t port = 0; port < 3; ++port) {
        ASSERT_EQ(box.add(box.handle(port), v4_key(2, port), fast_parameters()), Status::Ok);
        peers.emplace_back(box, box.handle(port), v4_key(2, port));
        peers.back().bring_up();
    }
    for (int i = 0; i < 10; ++i) {
        box.run_for(50ms);
        peers[0].send();
        peers[2].send();
    }
    EXPECT_EQ(box.snapshot(box.handle(0)).session_state, SessionState::Up);
    EXPECT_EQ(box.snapshot(box.handle(1)).session_state, SessionState::Down);
    EXPECT_EQ(box.snapshot(box.handle(2)).session_state, SessionState::Up);
}

}  // namespace
}  // namespace tocsin::test
