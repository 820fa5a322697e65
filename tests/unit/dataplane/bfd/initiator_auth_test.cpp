// An initiator of S-BFD and a reflector that share keys: RFC 7880 11.

#include "auth_keys.hpp"
#include "dataplane/base/bytes.hpp"
#include "dataplane/bfd/reflector.hpp"
#include "one_session.hpp"

#include <array>
#include <optional>

namespace tocsin::test {
namespace {

using bfd::AuthKeys;
using bfd::AuthType;
using SignedOctets = std::vector<std::uint8_t>;

/// Both ends, the test between them.
class AuthenticatedSbfd : public testing::Test {
protected:
    void use(AuthType type) {
        box.emplace(EngineBox::Setup{.key_chains = 1});
        theirs = keys(type, {key(1, "secret"), key(2, "other")});
        ASSERT_EQ(box->set_keys(1, theirs), Status::Ok);
        table = {};
        table.set({.discriminator = {entity.instance}, .key_chain = 1});
        SessionParameters p = fast_parameters();
        p.key_chain = 1;
        p.min_ttl = 1;
        ASSERT_EQ(box->add(box->handle(0), entity, p), Status::Ok);
    }
    /// The next request.
    SignedOctets request() {
        const std::size_t before = box->sink.sent.size();
        while (box->sink.sent.size() == before) box->run_for(10ms);
        return box->sink.sent.back().whole;
    }
    DropReason reflect(SignedOctets& octets) {
        const std::array<const AuthKeys*, 1> chains{&theirs};
        return bfd::reflect(octets, {}, table, chains).reason;
    }
    DropReason deliver(const SignedOctets& octets) {
        return Peer{*box, box->handle(0), entity}.send_octets(octets);
    }
    [[nodiscard]] SessionState state() const { return box->snapshot(box->handle(0)).session_state; }

    std::optional<EngineBox> box;
    AuthKeys theirs;
    bfd::ReflectorTable table;
    SessionKey entity = sbfd_key();
};

// req: RFC7880-11-04 RFC7880-11-05 RFC7880-11-06
TEST_F(AuthenticatedSbfd, TheAnswerIsSignedAnewWithTheSameSequenceNumber) {
    for (const AuthType type : kTypes) {
        use(type);
        for (int i = 0; i < 3; ++i) {
            const SignedOctets asked = request();
            SignedOctets answer = asked;
            ASSERT_EQ(reflect(answer), DropReason::None);
            ASSERT_EQ(answer.size(), asked.size());
            bfd::ControlPacket p;
            ASSERT_EQ(bfd::decode(answer, p), DropReason::None);
            EXPECT_TRUE(p.authentication_present);
            bfd::AuthSequence any;
            EXPECT_EQ(bfd::verify(theirs, answer, any), DropReason::None);
            if (bfd::has_sequence(type)) {
                EXPECT_EQ(bfd::sequence_of(answer), bfd::sequence_of(asked));
                EXPECT_FALSE(std::equal(answer.begin() + 32, answer.end(), asked.begin() + 32))
                    << "another digest";
            }
            EXPECT_EQ(deliver(answer), DropReason::None);
        }
        EXPECT_EQ(state(), SessionState::Up);
    }
}

// req: RFC7880-11-02
TEST_F(AuthenticatedSbfd, AReflectorAnswersWhateverTheSequenceNumber) {
    use(AuthType::MeticulousKeyedSha1);
    const bfd::ControlPacket asks{.state = SessionState::Down,
                                  .demand = true,
                                  .detect_mult = 3,
                                  .my_discriminator = {7},
                                  .your_discriminator = {entity.instance},
                                  .desired_min_tx_interval = 1s};
    for (const std::uint32_t sequence : {12345U, 7U, 7U, 0xffffffffU, 0U}) {
        const bfd::SignedPacket s = bfd::sign(theirs, bfd::encode(asks), sequence);
        SignedOctets octets{s.span().begin(), s.span().end()};
        ASSERT_EQ(reflect(octets), DropReason::None) << sequence;
        EXPECT_EQ(bfd::sequence_of(octets), sequence);
    }
}

// req: RFC7880-11-03 RFC7880-11-04
TEST_F(AuthenticatedSbfd, AReflectorUsesTheKeyOfTheRequest) {
    use(AuthType::KeyedSha1);
    AuthKeys second = theirs;
    second.current = 1;
    ASSERT_EQ(box->set_keys(1, second), Status::Ok);
    SignedOctets octets = request();
    EXPECT_EQ(octets.at(26), 2);
    ASSERT_EQ(reflect(octets), DropReason::None);
    EXPECT_EQ(octets.at(26), 2);
    octets = request();
    octets.at(26) = 9;
    EXPECT_EQ(reflect(octets), DropReason::AuthKeyUnknown);
    octets = request();
    octets.back() ^= 1;
    const SignedOctets before = octets;
    EXPECT_EQ(reflect(octets), DropReason::AuthDigest);
    EXPECT_EQ(octets, before);
    octets.resize(24);
    octets[1] &= 0xfbU;
    octets[3] = 24;
    EXPECT_EQ(reflect(octets), DropReason::AuthMissing);
    table.set({.discriminator = {entity.instance}});
    octets = request();
    EXPECT_EQ(reflect(octets), DropReason::AuthUnexpected);
    table.set({.discriminator = {entity.instance}, .key_chain = 2});
    octets = request();
    EXPECT_EQ(reflect(octets), DropReason::AuthTypeMismatch) << "no keys are known";
}

// req: RFC7880-11-07 RFC7880-11-01
TEST_F(AuthenticatedSbfd, AnInitiatorTakesWhatItSentOfLate) {
    use(AuthType::MeticulousKeyedSha1);
    SignedOctets answer = request();
    ASSERT_EQ(reflect(answer), DropReason::None);
    ASSERT_EQ(deliver(answer), DropReason::None);
    EXPECT_EQ(deliver(answer), DropReason::AuthSequence) << "once is enough";
    const std::uint32_t last = bfd::sequence_of(answer);
    bfd::ControlPacket p;
    ASSERT_EQ(bfd::decode(answer, p), DropReason::None);
    p.authentication_present = false;
    const auto with = [&](std::uint32_t sequence) {
        const bfd::SignedPacket s = bfd::sign(theirs, bfd::encode(p), sequence);
        return deliver({s.span().begin(), s.span().end()});
    };
    EXPECT_EQ(with(last + 1), DropReason::AuthSequence) << "not sent yet";
    SignedOctets late = request();
    ASSERT_EQ(reflect(late), DropReason::None);
    static_cast<void>(request());
    EXPECT_EQ(deliver(late), DropReason::None);
    // Nothing was heard for a while: only what was sent counts then.
    box->run_for(10s);
    EXPECT_EQ(with(last - 1000), DropReason::AuthSequence);
    EXPECT_EQ(with(box->snapshot(box->handle(0)).xmit_auth_seq), DropReason::None);
}

}  // namespace
}  // namespace tocsin::test
