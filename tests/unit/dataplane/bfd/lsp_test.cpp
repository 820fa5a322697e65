// Sessions of MPLS LSPs, RFC 5884 and 7726: both ends.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

constexpr Discriminator kIngressDiscr{0x0a0b0c01};

SessionKey lsp_key() {
    SessionKey key = v4_key();
    key.type = SessionType::Mpls;
    key.port = port_in_key(key.type, {});
    key.link = 7;
    return key;
}

SessionKey egress_key() {
    SessionKey key = lsp_key();
    key.instance = kIngressDiscr.value;
    return key;
}

SessionParameters lsp_parameters() {
    SessionParameters p = fast_parameters();
    p.min_ttl = 1;
    return p;
}

class Lsp : public OneSession {
protected:
    explicit Lsp(const SessionKey& k = lsp_key()) : OneSession(k) {
        peer.instance = 0;  // labels say nothing
        peer.link = 0;
        peer.says.my_discriminator = kIngressDiscr;
    }

    /// As an egress sends by way of IP routing.
    void route() {
        peer.type = SessionType::MultiHop;
        peer.port = PortId{3};
    }
    void label() {
        peer.type = SessionType::Mpls;
        peer.port = key.port;
    }
};

class LspEgress : public Lsp {
protected:
    LspEgress() : Lsp(egress_key()) {}
};

// req: RFC5884-6-12 RFC5884-6-13 RFC5884-6-10
TEST_F(Lsp, TheIngressLearnsWhoAnswers) {
    add(lsp_parameters());
    EXPECT_EQ(next_periodic().packet.your_discriminator, Discriminator{});
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::None);
    EXPECT_EQ(state(), SessionState::Init);
    EXPECT_EQ(last_sent().packet.your_discriminator, kIngressDiscr);
    EXPECT_EQ(peer.send(SessionState::Init), DropReason::None);
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5884-5-02 RFC5884-6-01
TEST_F(Lsp, IsNeverFoundByAddress) {
    add(lsp_parameters());
    for (const SessionKey& k : {key, SessionKey{}}) {
        peer.instance = k.instance;
        peer.link = k.link;
        peer.says.your_discriminator = {};
        EXPECT_EQ(peer.send(SessionState::Down), DropReason::NoSession);
    }
    route();
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::NoSession);
    EXPECT_EQ(state(), SessionState::Down);
}

// req: RFC5884-5-01 RFC5884-6-14 RFC5884-6-16 RFC7726-2.2-01
TEST_F(Lsp, IsFoundByDiscriminatorWhateverTheLabels) {
    add_and_bring_up(lsp_parameters());
    for (const std::uint32_t instance : {0U, 5U, 0xffffffffU}) {
        peer.instance = instance;
        EXPECT_EQ(peer.send(), DropReason::None) << instance;
    }
    peer.says.your_discriminator = {session.local_discr.value ^ 0x40000000U};
    EXPECT_EQ(peer.send(), DropReason::YourDiscriminatorUnknown);
}

// req: RFC7726-2.2-01
TEST_F(Lsp, OfOneLspDoNotMix) {
    add_and_bring_up(lsp_parameters());
    SessionKey other_key = key;
    other_key.link = 8;
    const bfd::SessionHandle other = box.handle(1);
    ASSERT_EQ(box.add(other, other_key, lsp_parameters()), Status::Ok);
    Peer second{box, other, other_key};
    second.says.my_discriminator = {0x0a0b0c02};
    second.bring_up();
    ASSERT_EQ(box.snapshot(other).session_state, SessionState::Up);
    second.says.your_discriminator = session.local_discr;
    EXPECT_EQ(second.send(), DropReason::PeerChanged);
    peer.says.your_discriminator = other.local_discr;
    EXPECT_EQ(peer.send(), DropReason::PeerChanged);
}

// req: RFC5884-7-15
TEST_F(Lsp, TakesLabelledAndRoutedPacketsInTurn) {
    add_and_bring_up(lsp_parameters());
    for (int i = 0; i < 3; ++i) {
        route();
        EXPECT_EQ(peer.send(), DropReason::None);
        label();
        EXPECT_EQ(peer.send(), DropReason::None);
    }
    peer.type = SessionType::SingleHop;
    peer.port = PortId{3};
    EXPECT_EQ(peer.send(), DropReason::SessionType);
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(Lsp, HasASteadyStateBothWays) {
    add_and_bring_up(lsp_parameters());
    for (const bool routed : {true, false}) {
        routed ? route() : label();
        peer.send();
        peer.send();
        const std::uint64_t before = box.engine().steady_packets();
        for (int i = 0; i < 5; ++i) EXPECT_EQ(peer.send(), DropReason::None);
        EXPECT_EQ(box.engine().steady_packets(), before + 5) << routed;
        peer.source[3] ^= 1;
        EXPECT_EQ(peer.send(), DropReason::PeerChanged) << "not in the steady state either";
        peer.source[3] ^= 1;
    }
}

// req: RFC5884-7-09
TEST_F(Lsp, TheTtlOfALabelledPacketSaysNothing) {
    SessionParameters p = lsp_parameters();
    p.min_ttl = 254;
    add_and_bring_up(p);
    for (const unsigned ttl : {1U, 0U, 255U}) {
        peer.ttl = static_cast<std::uint8_t>(ttl);
        EXPECT_EQ(peer.send(), DropReason::None) << ttl;
    }
    route();
    peer.ttl = 253;
    EXPECT_EQ(peer.send(), DropReason::TtlTooLow);
    peer.ttl = 254;
    EXPECT_EQ(peer.send(), DropReason::None);
    peer.ttl = 253;
    EXPECT_EQ(peer.send(), DropReason::TtlTooLow) << "not in the steady state either";
}

// req: RFC5884-7-21
TEST_F(Lsp, WhileUpAnotherDiscriminatorIsIgnored) {
    add_and_bring_up(lsp_parameters());
    const auto before = snapshot();
    peer.says.my_discriminator.value ^= 1;
    box.run_for(50ms);
    EXPECT_EQ(peer.send(), DropReason::PeerChanged);
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::PeerChanged);
    EXPECT_EQ(state(), SessionState::Up);
    EXPECT_EQ(snapshot().remote_discr, kIngressDiscr);
    EXPECT_EQ(snapshot().last_rx, before.last_rx);
}

// req: RFC5884-7-22
TEST_F(Lsp, WhileUpAnotherSourceIsIgnored) {
    add_and_bring_up(lsp_parameters());
    peer.source[3] = 77;
    EXPECT_EQ(peer.send(), DropReason::PeerChanged);
    box.run_for(1s);
    ASSERT_EQ(state(), SessionState::Down) << "nothing of it counted";
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::None);
    EXPECT_EQ(peer.send(SessionState::Init), DropReason::None);
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_EQ(peer.send(SessionState::Up), DropReason::None);
    peer.source[3] = 78;
    EXPECT_EQ(peer.send(), DropReason::PeerChanged) << "bound to the one it came up with";
}

TEST_F(Lsp, ComesUpWithTheLastSourceOfMany) {
    add(lsp_parameters());
    for (const unsigned host : {10U, 11U, 12U}) {  // faster than changes are told of
        peer.source[3] = static_cast<std::uint8_t>(host);
        peer.send(SessionState::Down);
    }
    EXPECT_EQ(peer.send(SessionState::Init), DropReason::None);
    ASSERT_EQ(state(), SessionState::Up);
    EXPECT_EQ(peer.send(SessionState::Up), DropReason::None);
    peer.source[3] = 11;
    EXPECT_EQ(peer.send(), DropReason::PeerChanged);
}

TEST_F(Lsp, MayAskForOneSourceAlone) {
    SessionParameters p = lsp_parameters();
    p.match_source = true;
    add(p);
    peer.source[3] = 77;
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::SourceMismatch);
    route();
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::SourceMismatch);
    peer.source[3] = key.remote[3];
    EXPECT_EQ(peer.send(SessionState::Down), DropReason::None);
}

// req: RFC5884-6-08 RFC5884-6-15
TEST_F(LspEgress, TheEgressNamesTheIngressFromTheFirstPacket) {
    add(lsp_parameters());
    const Sent first = next_periodic();
    EXPECT_EQ(first.packet.your_discriminator, kIngressDiscr);
    EXPECT_EQ(first.packet.state, SessionState::Down);
    peer.send(SessionState::Down);
    peer.send(SessionState::Init);
    box.run_for(200ms);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.your_discriminator, kIngressDiscr);
    EXPECT_EQ(snapshot().remote_discr, kIngressDiscr);
}

TEST_F(LspEgress, TheEgressGoesOnNamingAnIngressThatWasNeverHeard) {
    add(lsp_parameters());
    box.run_for(20s);
    EXPECT_GE(box.sink.sent.size(), 15U);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.your_discriminator, kIngressDiscr);
}

// req: RFC7726-2.3-08 RFC7726-2.3-09
TEST_F(LspEgress, TheEgressForgetsTheIngressDetectMultPacketsAfterADown) {
    for (const std::uint8_t mult : {1, 3, 7}) {
        SessionParameters p = lsp_parameters();
        p.detect_mult = mult;
        box.remove(session, true);
        add(p);
        peer.bring_up();
        settle();
        box.run_for(10s);
        ASSERT_EQ(state(), SessionState::Down);
        std::vector<Discriminator> named;
        for (const Sent& s : box.take_sent()) {
            if (s.packet.state == SessionState::Down) named.push_back(s.packet.your_discriminator);
        }
        ASSERT_GT(named.size(), mult + 1U);
        for (std::size_t i = 0; i < named.size(); ++i) {
            EXPECT_EQ(named[i], i < mult ? kIngressDiscr : Discriminator{}) << i;
        }
        EXPECT_EQ(snapshot().remote_discr, Discriminator{});
        forget();
    }
}

// A further request of LSP Ping bootstraps the session anew.
TEST_F(LspEgress, IsNamedAnewByTheSameParameters) {
    add(lsp_parameters());
    peer.bring_up();
    settle();
    box.run_for(10s);
    ASSERT_EQ(snapshot().remote_discr, Discriminator{});
    forget();
    change(lsp_parameters());
    EXPECT_EQ(next_periodic().packet.your_discriminator, kIngressDiscr);
    box.run_for(10s);
    EXPECT_EQ(last_sent().packet.your_discriminator, kIngressDiscr);
    peer.bring_up();
    EXPECT_EQ(state(), SessionState::Up);
}

TEST_F(LspEgress, IsNotNamedAnewWhileThePeerIsKnown) {
    add(lsp_parameters());
    peer.says.my_discriminator = {0x0a0b0cff};
    peer.bring_up();
    change(lsp_parameters());
    EXPECT_EQ(snapshot().remote_discr, Discriminator{0x0a0b0cff});
}

// req: RFC7726-2.3-09
TEST_F(LspEgress, ThePeersDownCountsToo) {
    add(lsp_parameters());
    peer.bring_up();
    settle();
    peer.send(SessionState::AdminDown);
    ASSERT_EQ(state(), SessionState::Down);
    EXPECT_EQ(last_sent().packet.your_discriminator, kIngressDiscr);
    peer.send(SessionState::Down);
    peer.send(SessionState::Init);
    ASSERT_EQ(state(), SessionState::Up);
    forget();
    box.run_for(250ms);
    for (const Sent& s : box.sink.sent) EXPECT_EQ(s.packet.your_discriminator, kIngressDiscr);
}

// req: RFC7726-2.3-03
TEST_F(Lsp, ADeletedIngressSaysDownAndNothingOfAFailure) {
    add_and_bring_up(lsp_parameters());
    box.remove(session);
    box.run_for(100ms);
    peer.send(SessionState::Down);
    box.run_for(20s);
    const auto sent = box.take_sent();
    EXPECT_GE(sent.size(), 3U);
    for (const Sent& s : sent) {
        EXPECT_EQ(s.packet.state, SessionState::Down);
        EXPECT_EQ(s.packet.diag, Diag::AdministrativelyDown);
        EXPECT_EQ(s.packet.your_discriminator, kIngressDiscr);
    }
    EXPECT_EQ(box.deleted().size(), 1U);
}

TEST_F(LspEgress, ADeletedEgressSaysAdminDown) {
    add(lsp_parameters());
    peer.bring_up();
    settle();
    box.remove(session);
    EXPECT_EQ(last_sent().packet.state, SessionState::AdminDown);
}

TEST_F(Lsp, ADisabledOneStaysAdminDownWhenDeleted) {
    add_and_bring_up(lsp_parameters());
    box.set_admin(session, true);
    box.remove(session);
    box.run_for(20s);
    for (const Sent& s : box.take_sent()) EXPECT_EQ(s.packet.state, SessionState::AdminDown);
}

}  // namespace
}  // namespace tocsin::test
