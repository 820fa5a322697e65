// The numbers that authentication puts on the wire: registered types, sequence numbers that wrap.

#include "auth_keys.hpp"
#include "dataplane/base/bytes.hpp"
#include "one_session.hpp"

#include <algorithm>
#include <string_view>

namespace tocsin::test {
namespace {

using bfd::AuthKeys;
using bfd::AuthType;

bfd::ControlOctets some_control_packet() {
    bfd::ControlPacket p;
    p.state = SessionState::Up;
    p.detect_mult = 3;
    p.my_discriminator = {1};
    p.your_discriminator = {2};
    return bfd::encode(p);
}

// req: RFC5880-8-02
TEST(AuthTypes, HaveTheirRegisteredCodesAndNoOther) {
    struct Code {
        AuthType type;
        std::uint8_t code;
        std::uint8_t section;
    };
    for (const Code& c :
         {Code{AuthType::SimplePassword, 1, 9}, Code{AuthType::KeyedMd5, 2, 24},
          Code{AuthType::MeticulousKeyedMd5, 3, 24}, Code{AuthType::KeyedSha1, 4, 28},
          Code{AuthType::MeticulousKeyedSha1, 5, 28}}) {
        const AuthKeys chain = keys(c.type, {key(1, "secret")});
        bfd::SignedPacket packet = sign(chain, some_control_packet(), 7);
        ASSERT_EQ(packet.octets[bfd::kAuthOffset], c.code);
        ASSERT_EQ(packet.octets[bfd::kAuthOffset + 1], c.section);
        for (unsigned code = 0; code < 256; ++code) {
            packet.octets[bfd::kAuthOffset] = static_cast<std::uint8_t>(code);
            bfd::AuthSequence known;
            EXPECT_EQ(verify(chain, packet.span(), known),
                      code == c.code ? DropReason::None : DropReason::AuthTypeMismatch)
                << code;
        }
    }
    bfd::SignedPacket unsigned_one =
        sign(keys(AuthType::None, {key(1, "secret")}), some_control_packet(), 7);
    EXPECT_EQ(unsigned_one.length, 0) << "0 is reserved";
}

// req: RFC5880-6.7.2-11 RFC5880-6.7.3-17 RFC5880-6.7.4-17
TEST(AuthLen, IsThatOfTheTypeWhateverLengthSays) {
    for (const AuthType type : kTypes) {
        const AuthKeys chain = keys(type, {key(1, "secret")});
        const bfd::SignedPacket right = sign(chain, some_control_packet(), 7);
        for (unsigned length = 0; length < 256; ++length) {
            bfd::SignedPacket packet = right;
            packet.octets[bfd::kAuthOffset + 1] = static_cast<std::uint8_t>(length);
            bfd::AuthSequence known;
            const bool same = packet.octets == right.octets;
            EXPECT_EQ(verify(chain, packet.span(), known),
                      same ? DropReason::None : DropReason::AuthLength)
                << length;
        }
    }
}

/// bfd.XmitAuthSeq begins anywhere: sessions are added until one begins less than this before 0.
constexpr std::uint32_t kNearTheEnd = 1U << 16U;

class WrappingSequence : public testing::TestWithParam<AuthType> {
protected:
    void SetUp() override {
        theirs = keys(GetParam(), {key(1, "secret")});
        ASSERT_EQ(box.set_keys(1, theirs), Status::Ok);
        SessionParameters p = fast_parameters();
        p.key_chain = 1;
        p.passive = true;  // nothing is due, so that very many may come and go at once
        for (std::uint32_t generation = 1; generation < 5'000'000; ++generation) {
            session = box.handle(0, 1 + generation % 1000);
            ASSERT_EQ(box.add(session, v4_key(), p), Status::Ok);
            if (box.snapshot(session).xmit_auth_seq >= 0U - kNearTheEnd) return;
            ASSERT_EQ(box.remove(session, true), Status::Ok);
        }
        FAIL() << "no session began near the end";
    }

    EngineBox box{EngineBox::Setup{.slots = 1, .key_chains = 1}};
    bfd::SessionHandle session;
    AuthKeys theirs;
};

// req: RFC5880-6.7.3-12 RFC5880-6.7.4-12
TEST_P(WrappingSequence, GoesOnWithZeroBehindTheLargestNumber) {
    Peer peer{box, session, v4_key()};
    std::uint32_t theirs_now = 100;
    const auto send = [&](bool poll) {
        bfd::ControlPacket packet = peer.says;
        packet.poll = poll;
        const bfd::SignedPacket s = sign(theirs, bfd::encode(packet), ++theirs_now);
        return peer.send_octets({s.span().begin(), s.span().end()});
    };
    peer.says.state = SessionState::Init;
    ASSERT_EQ(send(false), DropReason::None);
    peer.says.state = SessionState::Up;
    ASSERT_EQ(send(false), DropReason::None);

    std::uint32_t last = box.snapshot(session).xmit_auth_seq;
    ASSERT_GE(last, 0U - kNearTheEnd);
    bool wrapped = false;
    bfd::AuthSequence received{.rcv_auth_seq = last, .known = true};
    for (std::uint32_t n = 0; n < kNearTheEnd + 10 && !wrapped; ++n) {
        // Another diagnostic makes other contents, which Keyed types count.
        box.set_concatenated_diag(session, n % 2 == 0 ? bfd::Diag::ConcatenatedPathDown
                                                      : bfd::Diag::ReverseConcatenatedPathDown);
        ASSERT_EQ(send(true), DropReason::None);
        for (const Sent& s : box.take_sent()) {
            ASSERT_EQ(verify(theirs, s.whole, received), DropReason::None) << "the peer goes on";
            const std::uint32_t now = load_be32(&s.whole[bfd::kAuthOffset + 4]);
            ASSERT_LE(now - last, 1U);
            wrapped |= now < last;
            last = now;
        }
        if (n % 64 == 0) box.run_for(1ms);
    }
    EXPECT_TRUE(wrapped);
    EXPECT_EQ(box.snapshot(session).session_state, SessionState::Up);
}

INSTANTIATE_TEST_SUITE_P(Type, WrappingSequence,
                         testing::Values(AuthType::KeyedMd5, AuthType::KeyedSha1));

}  // namespace
}  // namespace tocsin::test
