// Which session a packet in a tunnel belongs to: RFC 8971 6, RFC 9521 4.1 and 5.1.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class Tunnel : public OneSession, public testing::WithParamInterface<SessionKey> {
protected:
    Tunnel() : OneSession(GetParam()) {}

    static Peer newcomer(EngineBox& box, const SessionKey& key) {
        Peer p{box, {}, key};
        p.says.your_discriminator = {};
        return p;
    }
};

// req: RFC8971-1-01 RFC9521-1-01 RFC9521-3-01
TEST_P(Tunnel, ComesUpAndGoesDownWithItsPeer) {
    add_and_bring_up();
    box.run_for(1s);
    EXPECT_EQ(state(), SessionState::Down);
    EXPECT_EQ(snapshot().local_diag, Diag::ControlDetectionTimeExpired);
}

// req: RFC8971-6-06 RFC9521-4.1-09 RFC9521-4.1-11 RFC9521-5.1-06 RFC9521-5.1-08
TEST_P(Tunnel, WithoutOurDiscriminatorAllOfTheKeyCounts) {
    add();
    SessionKey other = key;
    other.remote[3] = 77;
    EXPECT_EQ(newcomer(box, other).send(), DropReason::NoSession);
    other = key;
    other.local[3] = 77;
    EXPECT_EQ(newcomer(box, other).send(), DropReason::NoSession);
    other = key;
    other.instance ^= 1;
    EXPECT_EQ(newcomer(box, other).send(), DropReason::NoSession);
    other = key;
    other.instance ^= 1U << 31U;
    EXPECT_EQ(newcomer(box, other).send(), DropReason::NoSession);
    other = key;
    other.link ^= 1;
    EXPECT_EQ(newcomer(box, other).send(), DropReason::NoSession);
    EXPECT_EQ(newcomer(box, key).send(), DropReason::None);
    EXPECT_EQ(state(), SessionState::Init);
}

// req: RFC8971-6-07 RFC9521-4.1-03 RFC9521-4.1-13 RFC9521-5.1-10
TEST_P(Tunnel, OurDiscriminatorDoesNotOpenItFromElsewhere) {
    add_and_bring_up();
    peer.send();
    const Peer good = peer;
    const auto refused = [&](DropReason reason) {
        EXPECT_EQ(peer.send(), reason);
        peer.says.diag = Diag::PathDown;  // not in the steady state either
        EXPECT_EQ(peer.send(), reason);
        peer = good;
    };
    peer.instance ^= 1;
    refused(DropReason::WrongInstance);
    peer.link ^= 1;
    refused(DropReason::WrongInstance);
    peer.source[3] = 77;
    refused(DropReason::SourceMismatch);
    peer.destination[3] = 77;
    refused(DropReason::DestinationMismatch);
    for (const SessionKey& bare : {v4_key(), multi_hop_key(), vxlan_key(), geneve_key()}) {
        if (bare.type == key.type) continue;
        peer.type = bare.type;
        peer.port = bare.type == SessionType::MultiHop ? PortId{3} : bare.port;
        refused(DropReason::SessionType);
    }
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

/// IPv6 outside of VXLAN, or inside of Geneve.
SessionKey over_v6(SessionKey key) {
    const SessionKey v6 = v6_key();
    key.family = v6.family;
    key.local = v6.local;
    key.remote = v6.remote;
    return key;
}

// req: RFC8971-6-07 RFC9521-4.1-13 RFC9521-5.1-10
TEST(TunnelInTheSteadyState, OneFieldDoesNotMakeUpForAnother) {
    for (const SessionKey& key : {over_v6(vxlan_key()), over_v6(geneve_key())}) {
        for (std::uint64_t seed = 1; seed <= 8; ++seed) {
            EngineBox box{{.seed = seed}};
            ASSERT_EQ(box.add(box.handle(0), key, fast_parameters()), Status::Ok);
            Peer peer{box, box.handle(0), key};
            peer.bring_up();
            peer.send();
            const Peer good = peer;
            for (const std::size_t octet : {4U, 8U, 12U}) {
                peer = good;
                peer.instance ^= 2;
                peer.source[octet == 4 ? 12 : octet] ^= 2;
                peer.destination[octet == 4 ? 12 : 0] ^= octet == 4 ? 2 : 0;
                EXPECT_EQ(peer.send(), DropReason::WrongInstance) << octet;
            }
            peer = good;
            EXPECT_EQ(peer.send(), DropReason::None);
        }
    }
}

// req: RFC8971-6-07 RFC9521-5.1-10
TEST(TunnelInTheSteadyState, TheFamilyCounts) {
    for (const SessionKey& key : {vxlan_key(), geneve_key()}) {
        EngineBox box;
        ASSERT_EQ(box.add(box.handle(0), key, fast_parameters()), Status::Ok);
        Peer peer{box, box.handle(0), key};
        peer.bring_up();
        peer.send();
        peer.family = AddressFamily::V6;  // the same four octets, and zeros behind
        EXPECT_EQ(peer.send(), DropReason::SessionType);
    }
}

TEST_P(Tunnel, TheSteadyStateIsTheSame) {
    add_and_bring_up();
    peer.send();
    const std::uint64_t before = box.engine().steady_packets();
    for (int i = 0; i < 5; ++i) {
        box.run_for(100ms);
        EXPECT_EQ(peer.send(), DropReason::None);
    }
    EXPECT_EQ(box.engine().steady_packets() - before, 5U);
}

// req: RFC8971-7-01 RFC9521-1-02
TEST_P(Tunnel, AdvertisesNoEcho) {
    SessionParameters p = fast_parameters();
    p.required_min_echo_rx_interval = 100ms;
    add_and_bring_up(p);
    box.run_for(200ms);
    ASSERT_FALSE(box.sink.sent.empty());
    for (const Sent& s : box.sink.sent) {
        EXPECT_EQ(s.packet.required_min_echo_rx_interval, 0us);
    }
}

// req: RFC9521-4.1-06 RFC9521-4.1-07 RFC8971-3-02
TEST_P(Tunnel, SeveralBetweenTheSameTwoAreToldApart) {
    SessionKey other = key;
    other.instance ^= 2;  // another VNI
    SessionKey third = key;
    third.link ^= 2;  // another VAP in the same one
    ASSERT_EQ(box.add(box.handle(1), other, fast_parameters()), Status::Ok);
    ASSERT_EQ(box.add(box.handle(2), third, fast_parameters()), Status::Ok);
    add();
    EXPECT_EQ(newcomer(box, other).send(), DropReason::None);
    EXPECT_EQ(box.snapshot(box.handle(1)).session_state, SessionState::Init);
    EXPECT_EQ(box.snapshot(box.handle(2)).session_state, SessionState::Down);
    EXPECT_EQ(newcomer(box, third).send(), DropReason::None);
    EXPECT_EQ(box.snapshot(box.handle(2)).session_state, SessionState::Init);
    EXPECT_EQ(state(), SessionState::Down);
}

INSTANTIATE_TEST_SUITE_P(Encapsulations, Tunnel, testing::Values(vxlan_key(), geneve_key()),
                         [](const auto& i) { return std::string{name(i.param.type)}; });

/// One member of a LAG: the addresses are the same on all.
SessionKey micro_key(std::uint16_t port) {
    SessionKey key;
    key.type = SessionType::Micro;
    key.family = AddressFamily::V4;
    key.port = {port};
    return key;
}

class MicroBfd : public OneSession {
protected:
    MicroBfd() : OneSession(micro_key(3)) {
        peer.source = {192, 0, 2, 2};
        peer.destination = {192, 0, 2, 1};
    }
};

// req: RFC7130-1-02 RFC7130-2.2-07 RFC7130-2.2-11 RFC7130-2.2-13
TEST_F(MicroBfd, TheFirstPacketGoesByTheMemberLink) {
    add();
    ASSERT_EQ(box.add(box.handle(1), micro_key(4), fast_parameters()), Status::Ok);
    Peer other{box, {}, micro_key(4)};
    other.says.your_discriminator = {};
    EXPECT_EQ(other.send(), DropReason::None);
    EXPECT_EQ(box.snapshot(box.handle(1)).session_state, SessionState::Init);
    EXPECT_EQ(state(), SessionState::Down);
    other.port = {5};
    EXPECT_EQ(other.send(), DropReason::NoSession);
    SessionKey single_hop = v4_key(2, 3);
    Peer plain{box, {}, single_hop};
    plain.says.your_discriminator = {};
    EXPECT_EQ(plain.send(), DropReason::NoSession) << "not of the port's micro session";
}

// req: RFC7130-2.2-09 RFC7130-2.2-12 RFC7130-2.2-18 RFC7130-2.2-19
TEST_F(MicroBfd, OurDiscriminatorCountsOnItsOwnMemberLinkOnly) {
    add_and_bring_up();
    peer.send();
    const Peer good = peer;
    for (const bool point_to_point : {false, true}) {
        peer.port = {4};
        peer.point_to_point = point_to_point;
        EXPECT_EQ(peer.send(), DropReason::WrongPort);
        peer.says.diag = Diag::PathDown;
        EXPECT_EQ(peer.send(), DropReason::WrongPort);
        peer = good;
    }
    peer.type = SessionType::SingleHop;
    EXPECT_EQ(peer.send(), DropReason::SessionType) << "not in the steady state either";
    peer.says.diag = Diag::PathDown;
    EXPECT_EQ(peer.send(), DropReason::SessionType);
    peer = good;
    EXPECT_EQ(peer.send(), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC7130-2.2-03
TEST_F(MicroBfd, OffersNoEcho) {
    SessionParameters p = fast_parameters();
    p.required_min_echo_rx_interval = 100ms;
    add_and_bring_up(p);
    box.run_for(200ms);
    for (const Sent& s : box.sink.sent) {
        EXPECT_EQ(s.packet.required_min_echo_rx_interval, 0us);
    }
}

// req: RFC9521-4-10
TEST(TunnelBetweenVapsWithoutAddress, IsFoundByItsMacAddressesAndChecked) {
    EngineBox box;
    SessionKey key = geneve_key();
    key.local = {127, 0, 0, 1};
    key.remote = {};
    ASSERT_EQ(box.add(box.handle(0), key, fast_parameters()), Status::Ok);
    Peer peer{box, box.handle(0), key};
    peer.bring_up();
    EXPECT_EQ(box.snapshot(box.handle(0)).session_state, SessionState::Up);
    peer.source[0] = 10;
    EXPECT_EQ(peer.send(), DropReason::SourceMismatch);
}

}  // namespace
}  // namespace tocsin::test
