// A session with authentication: what it sends, what it lets pass, and what it remembers.

#include "auth_keys.hpp"
#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/auth.hpp"
#include "one_session.hpp"

#include <set>
#include <string_view>

namespace tocsin::test {
namespace {

using bfd::AuthKey;
using bfd::AuthKeys;
using bfd::AuthType;

constexpr AuthType kKeyed[]{AuthType::KeyedMd5, AuthType::KeyedSha1};
constexpr AuthType kMeticulous[]{AuthType::MeticulousKeyedMd5, AuthType::MeticulousKeyedSha1};

/// One session that uses chain 1, and a peer that signs by hand.
class AuthSession : public testing::Test {
protected:
    void use(AuthType type) {
        box.emplace(EngineBox::Setup{.key_chains = 2});
        session = box->handle(0);
        peer.emplace(*box, session, v4_key());
        theirs = keys(type, {key(1, "secret"), key(2, "other")});
        sequence = 0xfffffff0U;
        ASSERT_EQ(box->set_keys(1, theirs), Status::Ok);
    }
    static SessionParameters parameters() {
        SessionParameters p = fast_parameters();
        p.key_chain = 1;
        return p;
    }
    void add() { ASSERT_EQ(box->add(session, v4_key(), parameters()), Status::Ok); }
    void bring_up() {
        add();
        send(SessionState::Init);
        send(SessionState::Up);
        ASSERT_EQ(snapshot().session_state, SessionState::Up);
    }
    DropReason send_signed(const bfd::ControlPacket& packet, std::uint32_t with) {
        const bfd::SignedPacket s = sign(theirs, bfd::encode(packet), with);
        return peer->send_octets({s.span().begin(), s.span().end()});
    }
    DropReason send(const bfd::ControlPacket& packet) { return send_signed(packet, ++sequence); }
    DropReason send(SessionState state) {
        peer->says.state = state;
        return send(peer->says);
    }
    DropReason send() { return send(peer->says); }
    /// A packet of the peer every 100 ms.
    void talk(Nanoseconds span) {
        for (const Instant end = box->now() + span; box->now() < end;) {
            box->run_for(100ms);
            ASSERT_EQ(send(), DropReason::None);
        }
    }
    [[nodiscard]] SessionSnapshot snapshot() const { return box->snapshot(session); }

    std::optional<EngineBox> box;
    bfd::SessionHandle session;
    std::optional<Peer> peer;
    AuthKeys theirs;
    std::uint32_t sequence = 0;
};

// req: RFC5880-6.7-03 RFC5880-6.7-04 RFC5880-6.7.2-01 RFC5880-6.7.2-02 RFC5880-4.1-10
// req: RFC5880-4.1-14
TEST_F(AuthSession, EveryPacketIsSignedWhateverItsKind) {
    for (const AuthType type : kTypes) {
        use(type);
        bring_up();
        talk(1s);
        bfd::ControlPacket poll = peer->says;
        poll.poll = true;
        EXPECT_EQ(send(poll), DropReason::None);
        EXPECT_TRUE(box->sink.sent.back().packet.final);
        box->set_admin(session, true);
        box->set_admin(session, false);
        box->run_for(2s);
        ASSERT_GE(box->sink.sent.size(), 10U);
        bfd::AuthSequence received;
        for (const Sent& s : box->sink.sent) {
            ASSERT_EQ(s.packet.length, s.whole.size());
            ASSERT_TRUE(s.packet.authentication_present);
            EXPECT_EQ(verify(theirs, s.whole, received), DropReason::None);
        }
    }
}

// req: RFC5880-6.7.3-14 RFC5880-6.7.4-14 RFC5880-6.7.3-04 RFC5880-6.7.4-04
TEST_F(AuthSession, MeticulousCountsEveryPacket) {
    for (const AuthType type : kMeticulous) {
        use(type);
        bring_up();
        talk(2s);
        for (int i = 0; i < 20; ++i) {
            bfd::ControlPacket poll = peer->says;
            poll.poll = true;
            ASSERT_EQ(send(poll), DropReason::None);
            box->run_for(60ms);
        }
        std::uint32_t last = load_be32(&box->sink.sent.front().whole[28]) - 1;
        for (const Sent& s : box->sink.sent) ASSERT_EQ(load_be32(&s.whole[28]), ++last);
        EXPECT_EQ(snapshot().xmit_auth_seq, last);
    }
}

// req: RFC5880-6.7.3-13 RFC5880-6.7.4-13
TEST_F(AuthSession, KeyedCountsWhatChanges) {
    for (const AuthType type : kKeyed) {
        use(type);
        bring_up();
        talk(3s);
        const Sent* before = nullptr;
        for (const Sent& s : box->sink.sent) {
            if (before != nullptr) {
                const std::uint32_t step = load_be32(&s.whole[28]) - load_be32(&before->whole[28]);
                EXPECT_EQ(step, s.octets == before->octets ? 0U : 1U);
            }
            before = &s;
        }
    }
}

// req: RFC5880-6.7-02 RFC5880-6.7.1-03 RFC5880-6.7.2-08
TEST_F(AuthSession, OneSideAloneStaysDown) {
    for (const AuthType type : kTypes) {
        use(type);
        add();
        EXPECT_EQ(peer->send(SessionState::Init), DropReason::AuthMissing);
        EXPECT_EQ(snapshot().session_state, SessionState::Down);
        EXPECT_EQ(snapshot().auth_failures, 1U);
        EXPECT_EQ(snapshot().last_auth_failure, DropReason::AuthMissing);

        const bfd::SessionHandle plain = box->handle(1);
        ASSERT_EQ(box->add(plain, v4_key(3), fast_parameters()), Status::Ok);
        Peer other{*box, plain, v4_key(3)};
        const bfd::SignedPacket s = sign(theirs, bfd::encode(other.says), 1);
        EXPECT_EQ(other.send_octets({s.span().begin(), s.span().end()}),
                  DropReason::AuthUnexpected);
        EXPECT_EQ(box->snapshot(plain).rx_packets, 0U);
    }
}

// req: RFC5880-6.7-01
TEST_F(AuthSession, PlainAndAuthenticatedSessionsLiveSideBySide) {
    use(AuthType::MeticulousKeyedSha1);
    bring_up();
    const bfd::SessionHandle plain = box->handle(1);
    ASSERT_EQ(box->add(plain, v4_key(3), fast_parameters()), Status::Ok);
    Peer other{*box, plain, v4_key(3)};
    other.bring_up();
    for (int i = 0; i < 20; ++i) {
        box->run_for(100ms);
        EXPECT_EQ(send(), DropReason::None);
        EXPECT_EQ(other.send(), DropReason::None);
    }
    EXPECT_EQ(snapshot().session_state, SessionState::Up);
    EXPECT_EQ(box->snapshot(plain).session_state, SessionState::Up);
    for (const Sent& s : box->sink.sent) {
        EXPECT_EQ(s.whole.size(), s.slot == session.slot ? 52U : 24U);
    }
}

// req: RFC5880-6.7.1-02 RFC5880-6.8.6-18
TEST_F(AuthSession, NoPacketChangesWhetherAuthenticationIsInUse) {
    use(AuthType::KeyedSha1);
    bring_up();
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(peer->send(), DropReason::AuthMissing);
        EXPECT_EQ(snapshot().auth_type, AuthType::KeyedSha1);
    }
    EXPECT_EQ(send(), DropReason::None);
}

TEST_F(AuthSession, WhatDoesNotPassRefreshesNothing) {
    for (const AuthType type : kTypes) {
        use(type);
        bring_up();
        talk(1s);
        const Instant heard = snapshot().last_rx;
        box->run_for(100ms);
        AuthKeys wrong = theirs;
        wrong.keys[0] = key(1, "secreT");
        std::swap(theirs, wrong);
        bfd::ControlPacket down = peer->says;
        down.state = SessionState::Down;
        EXPECT_EQ(send(down), DropReason::AuthDigest);
        std::swap(theirs, wrong);
        EXPECT_EQ(snapshot().last_rx, heard);
        EXPECT_EQ(snapshot().session_state, SessionState::Up);
        EXPECT_EQ(snapshot().remote_session_state, SessionState::Up);
        box->run_for(400ms);
        EXPECT_EQ(snapshot().session_state, SessionState::Down);
        EXPECT_EQ(snapshot().local_diag, Diag::ControlDetectionTimeExpired);
    }
}

// req: RFC5880-6.7-06
TEST_F(AuthSession, AuthenticationDoesNotExcuseOtherFaults) {
    use(AuthType::KeyedSha1);
    bring_up();
    bfd::ControlPacket p = peer->says;
    p.your_discriminator = {};
    EXPECT_EQ(send(p), DropReason::YourDiscriminatorZeroState);
    p = peer->says;
    p.detect_mult = 0;
    EXPECT_EQ(send(p), DropReason::DetectMultZero);
}

// req: RFC5880-6.8.1-19
TEST_F(AuthSession, AReplayedPacketDoesNothing) {
    for (const AuthType type : kMeticulous) {
        use(type);
        bring_up();
        talk(500ms);
        EXPECT_EQ(send_signed(peer->says, sequence), DropReason::AuthSequence);
        EXPECT_EQ(send_signed(peer->says, sequence - 3), DropReason::AuthSequence);
        EXPECT_EQ(snapshot().rcv_auth_seq, sequence);
    }
}

// req: RFC5880-6.8.1-22
TEST_F(AuthSession, ASequenceIsForgottenAfterTwoDetectionTimesOfSilence) {
    use(AuthType::MeticulousKeyedSha1);
    bring_up();
    talk(1s);
    box->run_for(599ms);
    EXPECT_EQ(send_signed(peer->says, 5'000), DropReason::AuthSequence);
    EXPECT_TRUE(snapshot().auth_seq_known);
    box->run_for(1ms);
    box->advance();
    EXPECT_FALSE(snapshot().auth_seq_known);
    peer->says.state = SessionState::Down;
    EXPECT_EQ(send_signed(peer->says, 5'000), DropReason::None) << "a peer that restarted";
    EXPECT_EQ(snapshot().rcv_auth_seq, 5'000U);
}

// req: RFC5880-6.8.1-20
TEST_F(AuthSession, SequencesBeginSomewhereElseEachTime) {
    std::set<std::uint32_t> starts;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        EngineBox one{{.seed = seed, .key_chains = 1}};
        ASSERT_EQ(one.set_keys(1, keys(AuthType::MeticulousKeyedSha1, {key(1, "secret")})),
                  Status::Ok);
        ASSERT_EQ(one.add(one.handle(0), v4_key(), parameters()), Status::Ok);
        starts.insert(one.snapshot(one.handle(0)).xmit_auth_seq);
    }
    EXPECT_EQ(starts.size(), 20U);
}

// req: RFC5880-6.7.3-03 RFC5880-6.7.4-03
TEST_F(AuthSession, KeysRollOverWithoutAFlap) {
    for (const AuthType type : kTypes) {
        use(type);
        bring_up();
        talk(1s);
        AuthKeys ours = theirs;
        ours.current = 1;
        ASSERT_EQ(box->set_keys(1, ours), Status::Ok);
        talk(1s);
        EXPECT_EQ(box->sink.sent.back().whole[26], 2);
        EXPECT_EQ(snapshot().auth_key_id, 2);
        theirs.current = 1;
        talk(1s);
        EXPECT_EQ(snapshot().down_count, 0U);
        EXPECT_EQ(snapshot().auth_failures, 0U);
    }
}

TEST_F(AuthSession, WithoutAKeyNothingLeavesAndNothingPasses) {
    use(AuthType::MeticulousKeyedSha1);
    bring_up();
    ASSERT_EQ(box->set_keys(1, AuthKeys{.type = AuthType::MeticulousKeyedSha1}), Status::Ok);
    box->take_sent();
    EXPECT_EQ(send(), DropReason::AuthKeyUnknown);
    box->run_for(5s);
    EXPECT_TRUE(box->sink.sent.empty());
    EXPECT_EQ(snapshot().session_state, SessionState::Down);
    EXPECT_FALSE(snapshot().auth_can_sign);
    ASSERT_EQ(box->set_keys(1, theirs), Status::Ok);
    box->run_for(2s);
    EXPECT_FALSE(box->sink.sent.empty());
    send(SessionState::Down);
    EXPECT_EQ(snapshot().session_state, SessionState::Init);
}

TEST_F(AuthSession, MayBeTurnedOnAndOffWhileItRuns) {
    use(AuthType::KeyedSha1);
    bring_up();
    talk(500ms);
    ASSERT_EQ(box->set_parameters(session, fast_parameters()), Status::Ok);
    box->take_sent();
    for (int i = 0; i < 5; ++i) {
        box->run_for(100ms);
        EXPECT_EQ(peer->send(), DropReason::None);
    }
    ASSERT_FALSE(box->sink.sent.empty());
    for (const Sent& s : box->sink.sent) EXPECT_EQ(s.whole.size(), 24U);
    EXPECT_EQ(snapshot().auth_type, AuthType::None);
    ASSERT_EQ(box->set_parameters(session, parameters()), Status::Ok);
    box->take_sent();
    talk(500ms);
    for (const Sent& s : box->sink.sent) EXPECT_EQ(s.whole.size(), 52U);
    EXPECT_EQ(snapshot().down_count, 0U);
}

// A chain that was renamed, or another one with the same keys: the peer has noticed nothing.
// req: RFC5880-6.8.1-20
TEST_F(AuthSession, SequencesGoOnUnderAnotherChain) {
    for (const AuthType type : kTypes) {
        if (!bfd::has_sequence(type)) continue;
        use(type);
        ASSERT_EQ(box->set_keys(2, theirs), Status::Ok);
        bring_up();
        talk(500ms);
        EXPECT_EQ(peer->send(), DropReason::AuthMissing);
        const SessionSnapshot before = snapshot();
        SessionParameters other = parameters();
        other.key_chain = 2;
        ASSERT_EQ(box->set_parameters(session, other), Status::Ok);
        EXPECT_EQ(snapshot().xmit_auth_seq, before.xmit_auth_seq);
        EXPECT_EQ(snapshot().auth_failures, 1U) << "since the session was created";
        EXPECT_EQ(send_signed(peer->says, sequence - 1), DropReason::AuthSequence)
            << "what was heard before is no news";
        box->take_sent();
        talk(500ms);
        bfd::AuthSequence heard{.rcv_auth_seq = before.xmit_auth_seq, .known = true};
        ASSERT_FALSE(box->sink.sent.empty());
        for (const Sent& s : box->sink.sent) {
            EXPECT_EQ(verify(theirs, s.whole, heard), DropReason::None);
        }
    }
}

// What we say to a peer whose discriminator we do not know yet comes back as if from the peer.
TEST_F(AuthSession, ItsOwnPacketsThatComeBackDoNotBringItUp) {
    for (const AuthType type : kTypes) {
        use(type);
        add();
        for (int i = 0; i < 10; ++i) {
            box->run_for(1s);
            for (const Sent& s : box->take_sent()) {
                EXPECT_EQ(peer->send_octets(s.whole), DropReason::AuthReflected);
            }
            EXPECT_EQ(snapshot().session_state, SessionState::Down);
        }
        EXPECT_EQ(snapshot().last_auth_failure, DropReason::AuthReflected);
        EXPECT_EQ(send(SessionState::Init), DropReason::None) << "the peer is heard";
    }
}

TEST_F(AuthSession, ChainsThatAreNotThereAreRefused) {
    use(AuthType::KeyedSha1);
    SessionParameters p = fast_parameters();
    p.key_chain = 3;
    EXPECT_EQ(box->add(session, v4_key(), p), Status::NoSuchKeyChain);
    EXPECT_EQ(box->engine().sessions(), 0U);
    add();
    EXPECT_EQ(box->set_parameters(session, p), Status::NoSuchKeyChain);
    EXPECT_EQ(snapshot().auth_type, AuthType::KeyedSha1);
    EXPECT_EQ(box->set_keys(0, theirs), Status::NoSuchKeyChain);
    EXPECT_EQ(box->set_keys(3, theirs), Status::NoSuchKeyChain);
    EngineBox plain;
    EXPECT_EQ(plain.set_keys(1, theirs), Status::NoSuchKeyChain);
}

}  // namespace
}  // namespace tocsin::test
