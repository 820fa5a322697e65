// Policies over real engines in virtual time, with active peers that know nothing of us.

#include "control/unsolicited/acceptor.hpp"

#include "control/unsolicited/policy.hpp"
#include "fixture.hpp"

#include <string>

namespace tocsin::control::unsolicited {
namespace {

using namespace std::chrono_literals;
using bfd::SessionState;
using session::ip;
using session::Origin;
using session::SessionId;

constexpr const char* kPeer = "10.0.0.2";
constexpr std::uint16_t kPeerKeys = 1;

std::vector<AcceptorPort> ports() {
    const auto net = [](std::string_view text) { return parse_prefix(text).value(); };
    return {{.id = {0}, .name = "p0", .subnets = {net("10.0.0.1/24"), net("fe80::1/64")}},
            {.id = {1}, .name = "p1", .subnets = {net("10.0.1.1/24")}}};
}

config::Unsolicited policy(std::string port = "p0") {
    config::Unsolicited p;
    p.port = std::move(port);
    p.enabled = true;
    p.allow = {parse_prefix("10.0.0.0/8").value(), parse_prefix("fe80::/10").value()};
    p.parameters.desired_min_tx_interval = 100ms;
    p.parameters.required_min_rx_interval = 100ms;
    p.parameters.passive = true;
    return p;
}

auth::Key key(std::uint8_t id, const std::string& secret) {
    return {.id = id,
            .secret = std::make_shared<const auth::Secret>(secret.begin(), secret.end()),
            .secret_file = "/etc/key",
            .accept = {},
            .send = {}};
}

class AcceptorTest : public session::ManagerFixture {
protected:
    explicit AcceptorTest(test::EngineDataplane::Setup setup = {.workers = 2},
                          std::uint32_t max_sessions = 64)
        : ManagerFixture{std::move(setup), max_sessions}, acceptor{ports(), manager, dataplane} {}

    void run(Nanoseconds time) {
        for (Nanoseconds t{0}; t < time; t += 1ms) {
            dataplane.advance(1ms);
            static_cast<void>(manager.poll());
            acceptor.poll();
            if (++turns_ % 100 == 0) acceptor.on_timer();
        }
    }
    /// An active router at the other end, silent while `connected` is false.
    void peer(std::string_view remote = kPeer, std::string_view local = "10.0.0.1",
              bfd::SessionParameters parameters = {}) {
        parameters.desired_min_tx_interval = parameters.required_min_rx_interval = 100ms;
        dataplane.add_peer({0}, ip(local), ip(remote), parameters);
    }
    session::SessionRecord* record(std::string_view remote = kPeer) {
        return manager.registry().find_identity({0}, ip(remote));
    }
    SessionState state(std::string_view remote = kPeer) {
        return record(remote)->status.session_state;
    }
    const PortCounters& counters(std::size_t port = 0) { return acceptor.counters()[port]; }
    std::uint64_t refused(Refusal why, std::size_t port = 0) {
        return counters(port).refused[static_cast<std::size_t>(why)].get();
    }
    /// One packet from anybody.
    void receive(const bfd::ControlOctets& octets, std::string_view source,
                 std::string_view local = "10.0.0.1", std::uint16_t port = 0) {
        const IpAddress from = ip(source);
        const IpAddress to = ip(local);
        ReceivedPacket packet;
        packet.payload = octets.data();
        packet.source = from.octets.data();
        packet.destination = to.octets.data();
        packet.payload_length = 24;
        packet.port = {port};
        packet.family = from.family;
        packet.ttl = 255;
        dataplane.receive(packet);
    }
    static bfd::ControlPacket hello() {
        bfd::ControlPacket out;
        out.state = SessionState::Down;
        out.detect_mult = 3;
        out.my_discriminator = {77};
        out.desired_min_tx_interval = out.required_min_rx_interval = 1s;
        return out;
    }
    void come_up() {
        acceptor.set_policies({policy()});
        run(5ms);
        peer();
        run(5s);
        ASSERT_NE(record(), nullptr);
        ASSERT_EQ(state(), SessionState::Up);
    }
    std::uint64_t sent() {
        return dataplane.worker({0}).stats().tx_control.get() +
               dataplane.worker({1}).stats().tx_control.get();
    }

    Acceptor acceptor;

private:
    std::uint64_t turns_ = 0;
};

// req: RFC9468-2-02 RFC9468-2-03 RFC9468-2-09
TEST_F(AcceptorTest, IsOffUntilAPolicyIsEnabled) {
    peer();
    run(3s);
    EXPECT_EQ(record(), nullptr);
    config::Unsolicited off = policy();
    off.enabled = false;
    acceptor.set_policies({off});
    run(3s);
    EXPECT_EQ(record(), nullptr);
    EXPECT_EQ(sent(), 0U);
    acceptor.set_policies({policy()});
    run(5s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC9468-2-01 RFC9468-2-10 RFC9468-2-18
TEST_F(AcceptorTest, APeerThatAsksGetsAPassiveSessionThatComesUp) {
    come_up();
    EXPECT_EQ(record()->origin, Origin::Unsolicited);
    EXPECT_TRUE(record()->parameters.passive);
    EXPECT_EQ(dataplane.peer_state(0), SessionState::Up);
    EXPECT_EQ(counters().created.get(), 1U);
    EXPECT_EQ(counters().sessions.get(), 1U);
    EXPECT_EQ(record()->status.detection_time, 300ms);
}

TEST_F(AcceptorTest, ItsSessionsHaveAllThatTheProfileOfThePolicySays) {
    config::Unsolicited p = policy();
    p.padded_pdu_size = 1000;
    p.interval_alignment = true;
    p.parameters.desired_min_tx_interval = 60ms;
    p.notification = {.up_hold = notify::Milliseconds{4000},
                      .dampening = {.half_life = notify::kDefaultHalfLife}};
    acceptor.set_policies({p});
    run(5ms);
    peer();
    run(3s);
    ASSERT_NE(record(), nullptr);
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_EQ(record()->padded_pdu_size, 1000);
    EXPECT_TRUE(record()->interval_alignment);
    EXPECT_EQ(record()->status.desired_min_tx_interval, 100ms) << "the common one above, RFC 7419";
    EXPECT_EQ(record()->told, (notify::Told{notify::Indication::None, notify::Held::UpHold}));
    run(4s);
    EXPECT_EQ(record()->told, (notify::Told{notify::Indication::Up, notify::Held::None}));
    EXPECT_EQ(manager.view(record()->id)->spec.notification, p.notification);

    p.notification = {};
    p.padded_pdu_size = 0;
    acceptor.set_policies({p});  // a reload
    run(100ms);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(record()->padded_pdu_size, 0);
    EXPECT_FALSE(manager.view(record()->id)->spec.notification.active());
}

// req: RFC9468-2-08
TEST_F(AcceptorTest, EqualDiscriminatorsOfTwoPeersAreTwoSessions) {
    acceptor.set_policies({policy()});
    run(5ms);
    receive(bfd::encode(hello()), "10.0.0.7");
    receive(bfd::encode(hello()), "10.0.0.8");
    run(5ms);
    ASSERT_NE(record("10.0.0.7"), nullptr);
    ASSERT_NE(record("10.0.0.8"), nullptr);
    const Discriminator a = record("10.0.0.7")->handle.local_discr;
    const Discriminator b = record("10.0.0.8")->handle.local_discr;
    EXPECT_NE(a, b);
    EXPECT_NE(a, Discriminator{77});
    EXPECT_NE(b, Discriminator{77});
}

// req: RFC9468-2-10 RFC9468-2-17 RFC9468-2-19 RFC9468-2-21
TEST_F(AcceptorTest, OnePacketIsAnsweredAndTheSessionEndsInTime) {
    acceptor.set_policies({policy()});
    run(5ms);
    receive(bfd::encode(hello()), kPeer);
    run(50ms);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(state(), SessionState::Init);  // it has heard the packet that it was created for
    EXPECT_GE(sent(), 1U);
    run(2800ms);  // Detection Time: 3 s
    ASSERT_NE(record(), nullptr);
    EXPECT_GE(sent(), 2U);
    run(12s);
    EXPECT_EQ(record(), nullptr);
    EXPECT_EQ(counters().ended.get(), 1U);
    EXPECT_EQ(counters().sessions.get(), 0U);
    EXPECT_EQ(dataplane.engine_sessions(), 0U);
    const std::uint64_t before = sent();
    run(5s);
    EXPECT_EQ(sent(), before);
    EXPECT_TRUE(acceptor.policies().at(0).ended.empty());  // it was never Up
}

// req: RFC9468-2-20 RFC9468-2-21 RFC9468-2-22 RFC9468-2-23
TEST_F(AcceptorTest, OneThatWentDownIsSilentAtOnceKnownForAWhileAndComesBack) {
    come_up();
    dataplane.connect(false);
    run(600ms);
    EXPECT_EQ(record(), nullptr);
    const std::uint64_t before = sent();
    run(3s);
    EXPECT_EQ(sent(), before);
    EXPECT_EQ(dataplane.engine_sessions(), 0U);
    const auto ended = acceptor.policies().at(0).ended;
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].remote, ip(kPeer));
    EXPECT_EQ(ended[0].diag, bfd::Diag::ControlDetectionTimeExpired);
    dataplane.connect(true);
    run(5s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(counters().created.get(), 2U);
    run(60s);
    EXPECT_TRUE(acceptor.policies().at(0).ended.empty());
}

TEST_F(AcceptorTest, APeerThatRestartsKeepsItsSession) {
    come_up();
    const SessionId before = record()->id;
    bfd::ControlPacket restarted = hello();
    restarted.my_discriminator = {4711};
    receive(bfd::encode(restarted), kPeer);
    run(50ms);
    ASSERT_NE(record(), nullptr);
    EXPECT_NE(state(), SessionState::Up);
    run(5s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(record()->id, before);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(record()->status.down_count, 1U);
}

// req: RFC9468-2-11 RFC9468-2-14 RFC9468-2-15 RFC9468-6.1-01 RFC9468-6.1-03
TEST_F(AcceptorTest, WhatThePolicyDoesNotPermitIsCountedAndGetsNothing) {
    config::Unsolicited p = policy();
    p.allow = {parse_prefix("10.0.0.0/28").value()};
    p.deny = {parse_prefix("10.0.0.5/32").value()};
    acceptor.set_policies({p});
    run(5ms);
    const auto octets = bfd::encode(hello());
    receive(octets, "10.0.0.5");
    receive(octets, "10.0.0.77");
    receive(octets, "10.0.9.9");
    receive(octets, "10.0.1.7", "10.0.1.1", 1);  // another port
    bfd::ControlPacket held = hello();
    held.state = SessionState::AdminDown;
    receive(bfd::encode(held), "10.0.0.6");
    bfd::ControlPacket slow = hello();
    slow.detect_mult = 255;
    slow.desired_min_tx_interval = 1h;
    receive(bfd::encode(slow), "10.0.0.6");
    run(1s);
    EXPECT_EQ(refused(Refusal::Denied), 1U);
    EXPECT_EQ(refused(Refusal::NotAllowed), 1U);
    EXPECT_EQ(refused(Refusal::Subnet), 1U);
    EXPECT_EQ(refused(Refusal::PeerAdminDown), 1U);
    EXPECT_EQ(refused(Refusal::DetectionTime), 1U);
    EXPECT_EQ(manager.registry().size(), 0U);
    EXPECT_EQ(sent(), 0U);
}

// req: RFC9468-2-12 RFC9468-2-13
TEST_F(AcceptorTest, MalformedPacketsAndUnknownDiscriminatorsNeverCreate) {
    acceptor.set_policies({policy()});
    run(5ms);
    const auto good = bfd::encode(hello());
    const auto changed = [&](std::size_t at, std::uint8_t value) {
        auto octets = good;
        octets[at] = value;
        receive(octets, kPeer);
    };
    changed(0, 0x40);  // version 2
    changed(bfd::kLengthOffset, 23);
    changed(bfd::kLengthOffset, 25);  // beyond the payload
    changed(bfd::kDetectMultOffset, 0);
    changed(bfd::kStateOffset, 0x41);  // M
    changed(bfd::kStateOffset, 0xc0);  // Up
    changed(bfd::kStateOffset, 0x80);  // Init
    changed(bfd::kMyDiscriminatorOffset + 3, 0);
    changed(bfd::kYourDiscriminatorOffset + 2, 0x12);
    run(1s);
    EXPECT_EQ(manager.registry().size(), 0U);
    receive(good, kPeer);
    run(50ms);
    EXPECT_EQ(manager.registry().size(), 1U);
}

// req: RFC9468-6.1-05
TEST_F(AcceptorTest, TheNumberOfSessionsIsBounded) {
    config::Unsolicited p = policy();
    p.max_sessions = 10;
    acceptor.set_policies({p});
    run(5ms);
    for (int i = 2; i < 102; ++i) receive(bfd::encode(hello()), "10.0.0." + std::to_string(i));
    run(50ms);
    EXPECT_EQ(manager.registry().size(), 10U);
    EXPECT_EQ(refused(Refusal::Limit), 90U);
    run(20s);  // nobody answered
    EXPECT_EQ(manager.registry().size(), 0U);
    receive(bfd::encode(hello()), "10.0.0.200");
    run(50ms);
    EXPECT_EQ(manager.registry().size(), 1U);
}

TEST_F(AcceptorTest, ThereIsNoMoreRoomThanTheDataplaneHas) {
    acceptor.set_policies({policy()});
    run(5ms);
    for (int i = 2; i < 102; ++i) receive(bfd::encode(hello()), "10.0.0." + std::to_string(i));
    run(50ms);
    EXPECT_EQ(manager.registry().size(), 64U);
    EXPECT_EQ(refused(Refusal::NoRoom), 36U);
}

class RoomyAcceptor : public AcceptorTest {
protected:
    RoomyAcceptor() : AcceptorTest{{.workers = 1, .slots = 1024}, 1024} {}
};

TEST_F(RoomyAcceptor, NotMoreAreCreatedAtOnceThanTheRate) {
    config::Unsolicited p = policy();
    p.max_sessions = 1000;
    acceptor.set_policies({p});
    run(5ms);
    for (unsigned i = 0; i < 500; ++i) {
        receive(bfd::encode(hello()), "fe80::1:" + std::to_string(i), "fe80::1");
    }
    run(20ms);
    EXPECT_EQ(counters().created.get() + refused(Refusal::Rate), 500U);
    EXPECT_GE(counters().created.get(), Acceptor::kCreatedPerSecond);
    EXPECT_LT(counters().created.get(), Acceptor::kCreatedPerSecond + 20U);
    run(500ms);  // as many again in a second
    for (unsigned i = 500; i < 1000; ++i) {
        receive(bfd::encode(hello()), "fe80::1:" + std::to_string(i), "fe80::1");
    }
    run(20ms);
    EXPECT_GT(counters().created.get(), Acceptor::kCreatedPerSecond * 14U / 10U);
    EXPECT_LT(counters().created.get(), Acceptor::kCreatedPerSecond * 17U / 10U);
}

// req: RFC9468-2-24
TEST_F(AcceptorTest, AConfiguredSessionTakesItsPlaceWithoutAFlap) {
    come_up();
    const SessionId before = record()->id;
    config::Session s = session::spec(kPeer, "p0", "rr1");
    ASSERT_EQ(add(s, Origin::Api), before);
    run(2s);
    EXPECT_EQ(manager.registry().size(), 1U);
    EXPECT_EQ(record()->origin, Origin::Api);
    EXPECT_EQ(*record()->name, "rr1");
    EXPECT_FALSE(record()->parameters.passive);
    EXPECT_EQ(record()->parameters.required_min_rx_interval, 50ms);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(record()->status.down_count, 0U);
    EXPECT_EQ(counters().sessions.get(), 0U);
    // It is the API's now: neither the policy nor a silent peer ends it.
    acceptor.set_policies({});
    dataplane.connect(false);
    run(20s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(state(), SessionState::Down);
}

// req: RFC9468-2-24
TEST_F(AcceptorTest, AConfiguredSessionOfAReloadTakesItsPlaceToo) {
    come_up();
    const config::Session s = session::spec(kPeer, "p0", "rr1");
    config::Diff diff;
    diff.added = {s};
    const auto applied = manager.apply(diff);
    ASSERT_TRUE(applied.ok()) << applied.error().text();
    run(1s);
    EXPECT_EQ(manager.registry().size(), 1U);
    EXPECT_EQ(record()->origin, Origin::Config);
    EXPECT_EQ(record()->status.down_count, 0U);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(AcceptorTest, APeerWithAConfiguredSessionGetsNoOther) {
    acceptor.set_policies({policy()});
    run(5ms);
    config::Session s = session::spec(kPeer);
    s.local = ip("10.0.0.3");
    add(s);
    receive(bfd::encode(hello()), kPeer);
    run(100ms);
    EXPECT_EQ(manager.registry().size(), 1U);
    EXPECT_EQ(refused(Refusal::SessionExists), 1U);
}

TEST_F(AcceptorTest, OneOriginNeverDeletesAnothersSessions) {
    come_up();
    const SessionId id = record()->id;
    const auto removed = manager.remove({{id}}, Origin::Api, "sessions");
    ASSERT_FALSE(removed.ok());
    EXPECT_EQ(removed.error().kind, ErrorKind::FailedPrecondition);
    EXPECT_NE(removed.error().message.find("policy"), std::string::npos);
    EXPECT_FALSE(manager.update(id, session::spec(kPeer), Origin::Api).ok());
    manager.end_unsolicited(add(session::spec("10.0.0.9")), false);
    EXPECT_EQ(manager.registry().size(), 2U);
}

TEST_F(AcceptorTest, AReloadEndsWhatIsNotPermittedAnyMoreAndLeavesTheRest) {
    acceptor.set_policies({policy()});
    run(5ms);
    peer("10.0.0.2");
    peer("10.0.0.30");
    run(5s);
    ASSERT_EQ(state("10.0.0.2"), SessionState::Up);
    ASSERT_EQ(state("10.0.0.30"), SessionState::Up);
    const SessionId kept = record("10.0.0.30")->id;
    config::Unsolicited p = policy();
    p.deny = {parse_prefix("10.0.0.0/28").value()};
    acceptor.set_policies({p});
    run(500ms);
    EXPECT_EQ(record("10.0.0.2"), nullptr);
    EXPECT_EQ(dataplane.peer_state(0), SessionState::AdminDown);  // it was told
    ASSERT_NE(record("10.0.0.30"), nullptr);
    EXPECT_EQ(record("10.0.0.30")->id, kept);
    EXPECT_EQ(record("10.0.0.30")->status.down_count, 0U);
    // Other values go out by Poll Sequence.
    p.parameters.required_min_rx_interval = 200ms;
    acceptor.set_policies({p});
    run(2s);
    EXPECT_EQ(record("10.0.0.30")->status.required_min_rx_interval, 200ms);
    EXPECT_EQ(record("10.0.0.30")->status.down_count, 0U);
    run(5s);  // the other one has forgotten us and asks again
    EXPECT_GT(refused(Refusal::Denied), 0U);
}

TEST_F(AcceptorTest, AnOperatorsAdminDownKeepsTheSessionUntilItIsLetGo) {
    come_up();
    const SessionId id = record()->id;
    manager.set_admin({{id}}, true);
    run(30s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(state(), SessionState::AdminDown);
    manager.set_admin({{id}}, false);
    run(5s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(record()->id, id);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(AcceptorTest, APeerThatSaysAdminDownIsLetGo) {
    come_up();
    bfd::ControlPacket bye = hello();
    bye.state = SessionState::AdminDown;
    bye.my_discriminator = record()->status.remote_discr;
    dataplane.connect(false);
    receive(bfd::encode(bye), kPeer);
    run(200ms);
    EXPECT_EQ(record(), nullptr);
}

// req: RFC9468-2-14 RFC9468-2-16
TEST_F(AcceptorTest, LinkLocalPeersAreWelcome) {
    acceptor.set_policies({policy()});
    run(5ms);
    peer("fe80::2", "fe80::1");
    run(5s);
    ASSERT_NE(record("fe80::2"), nullptr);
    EXPECT_EQ(record("fe80::2")->local, ip("fe80::1"));
    EXPECT_EQ(state("fe80::2"), SessionState::Up);
}

TEST_F(AcceptorTest, NothingIsCreatedWhileTheDaemonStops) {
    acceptor.set_policies({policy()});
    run(5ms);
    manager.remove_all();
    peer();
    run(3s);
    EXPECT_EQ(manager.registry().size(), 0U);
    EXPECT_EQ(refused(Refusal::NoRoom), 0U);
}

class AuthenticatedAcceptor : public AcceptorTest {
protected:
    AuthenticatedAcceptor() {
        manager.set_key_chains({{.name = "core", .keys = {key(1, "tocsin-secret")}}});
        config::Unsolicited p = policy();
        p.auth = {.type = bfd::AuthType::MeticulousKeyedSha1, .key_chain = "core"};
        acceptor.set_policies({p});
        run(5ms);
    }
    void peer_with(const std::string& secret) {
        dataplane.set_peer_keys(kPeerKeys,
                                *auth::keys_at({.name = "core", .keys = {key(1, secret)}},
                                               bfd::AuthType::MeticulousKeyedSha1,
                                               bfd::DigestMethod::Rfc5880, manager.wall_now()));
        peer(kPeer, "10.0.0.1", {.key_chain = kPeerKeys});
    }
};

// req: RFC9468-6.2-01
TEST_F(AuthenticatedAcceptor, ThePacketThatAsksIsAuthenticToo) {
    peer_with("tocsin-secret");
    run(5s);
    ASSERT_NE(record(), nullptr);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(record()->status.auth_type, bfd::AuthType::MeticulousKeyedSha1);
    EXPECT_EQ(refused(Refusal::Authentication), 0U);
}

// req: RFC9468-6.2-01
TEST_F(AuthenticatedAcceptor, WhoDoesNotKnowTheKeyHearsNothing) {
    peer_with("another-secret");
    receive(bfd::encode(hello()), "10.0.0.7");
    run(5s);
    EXPECT_EQ(manager.registry().size(), 0U);
    EXPECT_GT(refused(Refusal::Authentication), 2U);
    EXPECT_EQ(sent(), 0U);
}

TEST_F(AuthenticatedAcceptor, WithoutTheChainNobodyGetsIn) {
    manager.set_key_chains({});
    acceptor.set_policies({acceptor.policies().at(0).policy});
    peer_with("tocsin-secret");
    run(3s);
    EXPECT_EQ(manager.registry().size(), 0U);
    EXPECT_GT(refused(Refusal::Authentication), 0U);
}

}  // namespace
}  // namespace tocsin::control::unsolicited
