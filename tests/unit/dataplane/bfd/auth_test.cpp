// Authentication Sections against digests made with Python's hashlib and hmac.

#include "dataplane/bfd/auth.hpp"

#include "auth_keys.hpp"
#include "dataplane/base/bytes.hpp"
#include "own_stack.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::test {
namespace {

using bfd::AuthKey;
using bfd::AuthKeys;
using bfd::AuthSequence;
using bfd::AuthType;
using bfd::DigestMethod;
using bfd::SignedPacket;

// Up, Detect Mult 3, A clear, Length 24.
constexpr bfd::ControlOctets kPacket{0x20, 0xc0, 0x03, 0x18, 0xa1, 0xb2, 0xc3, 0xd4,
                                     0x01, 0x02, 0x03, 0x04, 0x00, 0x04, 0x93, 0xe0,
                                     0x00, 0x03, 0xd0, 0x90, 0x00, 0x00, 0x00, 0x00};

std::string hex(std::span<const std::uint8_t> octets) {
    std::string out;
    for (const std::uint8_t o : octets) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        out += kDigits[o >> 4U];
        out += kDigits[o & 0xfU];
    }
    return out;
}

std::string section(const AuthKeys& k, std::uint32_t sequence) {
    return hex(sign(k, kPacket, sequence).span().subspan(24));
}

std::string octets_to(std::uint8_t n) {
    std::string out;
    for (std::uint8_t i = 0; i < n; ++i) out += static_cast<char>(i);
    return out;
}

constexpr AuthType kWithSequence[]{AuthType::KeyedMd5, AuthType::MeticulousKeyedMd5,
                                   AuthType::KeyedSha1, AuthType::MeticulousKeyedSha1};

// req: RFC5880-4.2-01
TEST(Sign, SimplePassword) {
    EXPECT_EQ(section(keys(AuthType::SimplePassword, {key(7, "abc")}), 9), "010607616263");
}

// req: RFC5880-4.2-02 RFC5880-4.2-03 RFC5880-6.7.2-03
TEST(Sign, SimplePasswordOfEveryLength) {
    for (const std::uint8_t n : {1, 8, 16}) {
        const SignedPacket p =
            sign(keys(AuthType::SimplePassword, {key(1, octets_to(n))}), kPacket, 0);
        EXPECT_EQ(p.octets[25], n + 3);
        EXPECT_EQ(p.length, 24 + 3 + n);
    }
}

// req: RFC5880-4.4-01 RFC5880-4.4-02 RFC5880-4.4-04 RFC5880-6.7.4-01 RFC5880-6.7.4-02
// req: RFC5880-6.7.4-05 RFC5880-6.7.4-09 RFC5880-6.7.4-10
TEST(Sign, Sha1) {
    EXPECT_EQ(section(keys(AuthType::KeyedSha1, {key(7, "secret")}), 0x01020304),
              "041c0700"
              "01020304"
              "1881da77d255fac8e8197b91ded60b309cc2bb58");
    EXPECT_EQ(section(keys(AuthType::MeticulousKeyedSha1, {key(255, "secret")}), 0xfffffffe),
              "051cff00"
              "fffffffe"
              "840e94f95a8220f2e43f5ccd94c97c2b0d55d198");
    EXPECT_EQ(section(keys(AuthType::MeticulousKeyedSha1, {key(1, octets_to(20))}), 0),
              "051c0100"
              "00000000"
              "6f27009fb81cc88430b96f04d535fef330589faa");
}

// req: RFC5880-4.3-02 RFC5880-4.3-03 RFC5880-4.3-05 RFC5880-6.7.3-01 RFC5880-6.7.3-02
// req: RFC5880-6.7.3-05 RFC5880-6.7.3-09 RFC5880-6.7.3-10
TEST(Sign, Md5) {
    EXPECT_EQ(section(keys(AuthType::KeyedMd5, {key(7, "secret")}), 0x01020304),
              "02180700"
              "01020304"
              "e97121fc3e75e38983127d8a1fd9c40a");
    EXPECT_EQ(section(keys(AuthType::MeticulousKeyedMd5, {key(1, {"\0\xff\x10", 3})}), 9),
              "03180100"
              "00000009"
              "d8d3614b1e6511634c2b30bc5d472054");
    EXPECT_EQ(section(keys(AuthType::KeyedMd5, {key(0, octets_to(16))}), 1),
              "02180000"
              "00000001"
              "af8dba500188d0c6e2157b99605b0215");
}

TEST(Sign, HmacSha1AsFrrDoes) {
    AuthKeys k = keys(AuthType::KeyedSha1, {key(7, "secret")});
    k.method = DigestMethod::FrrHmac;
    EXPECT_EQ(section(k, 0x01020304),
              "041c0700"
              "01020304"
              "ad0fee8e8a87f6453f815f97ae9ec7c0d38b9161");
}

// req: RFC5880-4.1-10 RFC5880-4.1-14 RFC5880-4.1-22 RFC5880-4.1-24
TEST(Sign, SetsTheABitAndLengthAndLeavesTheRestAlone) {
    for (const AuthType type : kTypes) {
        const SignedPacket p = sign(keys(type, {key(1, "secret")}), kPacket, 1);
        bfd::ControlPacket out;
        ASSERT_EQ(decode(p.span(), out), DropReason::None);
        EXPECT_TRUE(out.authentication_present);
        EXPECT_EQ(out.length, p.length);
        EXPECT_EQ(p.octets[25] + 24, p.length);
        EXPECT_EQ(p.octets[24], static_cast<std::uint8_t>(type));
        bfd::ControlOctets plain;
        std::copy_n(p.octets.begin(), plain.size(), plain.begin());
        plain[bfd::kStateOffset] &= static_cast<std::uint8_t>(~bfd::kAuthenticationBit);
        plain[bfd::kLengthOffset] = 24;
        EXPECT_EQ(plain, kPacket);
    }
}

// req: RFC5880-6.7.3-11 RFC5880-6.7.4-11
TEST(Sign, NeverSendsAKeyOfADigest) {
    for (const AuthType type : kWithSequence) {
        const SignedPacket p = sign(keys(type, {key(1, "secret")}), kPacket, 1);
        const std::string sent{p.octets.begin(), p.octets.begin() + p.length};
        EXPECT_EQ(sent.find("secret"), std::string::npos);
    }
}

TEST(Sign, WithoutAKeyThereIsNoPacket) {
    AuthKeys k = keys(AuthType::KeyedSha1, {key(1, "secret")}, AuthKeys::kNone);
    EXPECT_EQ(sign(k, kPacket, 1).length, 0);
    EXPECT_EQ(section_length(k), 0);
    k.current = 1;
    EXPECT_EQ(sign(k, kPacket, 1).length, 0);
    EXPECT_EQ(sign(AuthKeys{}, kPacket, 1).length, 0);
}

/// What a peer with the same keys sends is received by ours.
class Verify : public testing::Test {
protected:
    DropReason receive(std::uint32_t sequence) {
        return verify(ours_, sign(theirs_, kPacket, sequence).span(), known_);
    }
    void agree_on(AuthType type) {
        ours_ = theirs_ = keys(type, {key(1, "secret"), key(2, "other")});
        known_ = {};
    }

    AuthKeys ours_;
    AuthKeys theirs_;
    AuthSequence known_;
};

// req: RFC5880-6.7.2-13 RFC5880-6.7.3-22 RFC5880-6.7.4-22
TEST_F(Verify, AcceptsWhatThePeerSigned) {
    for (const AuthType type : kTypes) {
        agree_on(type);
        for (std::uint32_t i = 0; i < 100; ++i) {
            ASSERT_EQ(receive(0xffffffd0U + i), DropReason::None) << i;
        }
    }
}

// req: RFC5880-6.7.2-09 RFC5880-6.7.3-15 RFC5880-6.7.4-15 RFC5880-6.8.6-19
TEST_F(Verify, TypesAreNotInterchangeable) {
    for (const AuthType mine : kTypes) {
        for (const AuthType other : kTypes) {
            if (mine == other) continue;
            agree_on(mine);
            theirs_.type = other;
            EXPECT_EQ(receive(1), DropReason::AuthTypeMismatch);
            EXPECT_FALSE(known_.known);
        }
    }
}

// req: RFC5880-4.2-04 RFC5880-4.3-06 RFC5880-4.4-05
TEST_F(Verify, EveryActiveKeyIsAcceptedUnderItsOwnId) {
    for (const AuthType type : kTypes) {
        agree_on(type);
        EXPECT_EQ(receive(1), DropReason::None);
        theirs_.current = 1;
        EXPECT_EQ(receive(2), DropReason::None);
        theirs_.keys[1] = key(2, "secre");
        EXPECT_NE(receive(3), DropReason::None);
        theirs_.keys[1] = key(2, "othes");
        EXPECT_EQ(receive(3), DropReason::AuthDigest);
    }
}

// req: RFC5880-6.7.2-10 RFC5880-6.7.3-16 RFC5880-6.7.4-16
TEST_F(Verify, UnknownKeysAreRefused) {
    for (const AuthType type : kTypes) {
        agree_on(type);
        theirs_ = keys(type, {key(9, "secret")});
        EXPECT_EQ(receive(1), DropReason::AuthKeyUnknown);
        EXPECT_FALSE(known_.known);
    }
}

// req: RFC5880-6.7.2-11
TEST_F(Verify, PasswordsOfAnotherLengthAreRefused) {
    ours_ = keys(AuthType::SimplePassword, {key(1, "abcd")});
    for (const char* other : {"abc", "abcde", "a"}) {
        theirs_ = keys(AuthType::SimplePassword, {key(1, other)});
        EXPECT_EQ(receive(1), DropReason::AuthLength);
    }
}

// req: RFC5880-6.7.2-12
TEST_F(Verify, AnotherPasswordIsRefused) {
    ours_ = keys(AuthType::SimplePassword, {key(1, "abcd")});
    theirs_ = keys(AuthType::SimplePassword, {key(1, "abce")});
    EXPECT_EQ(receive(1), DropReason::AuthDigest);
}

// req: RFC5880-6.7.3-17 RFC5880-6.7.4-17 RFC5880-4.1-25
TEST_F(Verify, AnAuthLenThatDoesNotFitIsRefusedAndNothingReadBehindTheEnd) {
    for (const AuthType type : kWithSequence) {
        agree_on(type);
        for (std::size_t cut = 24; cut < 52; ++cut) {
            for (const std::uint8_t says : {0, 2, 23, 24, 25, 27, 28, 29, 255}) {
                SignedPacket p = sign(theirs_, kPacket, 1);
                if (cut == p.length && says == p.octets[25]) continue;
                p.octets[25] = says;
                // A buffer of its own, for the address sanitizer.
                const std::vector<std::uint8_t> exact(p.octets.begin(),
                                                      p.octets.begin() + static_cast<long>(cut));
                EXPECT_NE(verify(ours_, exact, known_), DropReason::None);
                EXPECT_FALSE(known_.known);
            }
        }
    }
}

// req: RFC5880-6.7.3-09 RFC5880-6.7.4-09 RFC5880-6.7.3-23 RFC5880-6.7.4-23
TEST_F(Verify, EveryBitOfAPacketIsProtected) {
    for (const AuthType type : kWithSequence) {
        agree_on(type);
        const SignedPacket good = sign(theirs_, kPacket, 5);
        for (std::size_t bit = 0; bit < good.length * 8U; ++bit) {
            SignedPacket p = good;
            p.octets.at(bit / 8) = static_cast<std::uint8_t>(p.octets.at(bit / 8) ^ 1U << bit % 8);
            EXPECT_NE(verify(ours_, p.span(), known_), DropReason::None) << bit;
            EXPECT_FALSE(known_.known);
        }
        EXPECT_EQ(verify(ours_, good.span(), known_), DropReason::None);
    }
}

// req: RFC5880-4.3-04 RFC5880-4.4-03
TEST_F(Verify, ReservedIsNotLookedAtButProtected) {
    agree_on(AuthType::KeyedSha1);
    // The hash over a Reserved octet of 0xff, sequence 5, key 1 "secret".
    SignedPacket p = sign(theirs_, kPacket, 5);
    p.octets[27] = 0xff;
    const std::string_view digest = "ae050bd0a0f67e34b4392e775a194131649928c0";
    for (std::size_t i = 0; i < 20; ++i) {
        p.octets.at(32 + i) = static_cast<std::uint8_t>(
            std::stoul(std::string{digest.substr(2 * i, 2)}, nullptr, 16));
    }
    EXPECT_EQ(verify(ours_, p.span(), known_), DropReason::None);

    agree_on(AuthType::KeyedMd5);
    p = sign(theirs_, kPacket, 5);
    p.octets[27] = 0xff;
    const std::string_view md5 = "658767e5b39f581d1a11b406a55e472f";
    for (std::size_t i = 0; i < 16; ++i) {
        p.octets.at(32 + i) =
            static_cast<std::uint8_t>(std::stoul(std::string{md5.substr(2 * i, 2)}, nullptr, 16));
    }
    EXPECT_EQ(verify(ours_, p.span(), known_), DropReason::None);
}

// req: RFC5880-6.7.3-18 RFC5880-6.7.3-19 RFC5880-6.7.4-18 RFC5880-6.7.4-19
TEST_F(Verify, SequencesOutsideOfTheWindowAreRefusedAlsoAcrossTheWrap) {
    for (const AuthType type : kWithSequence) {
        for (const std::uint32_t last : {100U, 0xfffffffeU, 0U, 0x7fffffffU}) {
            const auto after = [&](std::uint32_t ahead) {
                agree_on(type);
                EXPECT_EQ(receive(last), DropReason::None);
                const DropReason reason = receive(last + ahead);
                EXPECT_EQ(known_.rcv_auth_seq, reason == DropReason::None ? last + ahead : last);
                return reason;
            };
            EXPECT_EQ(after(0xffffffffU), DropReason::AuthSequence);
            EXPECT_EQ(after(0), is_meticulous(type) ? DropReason::AuthSequence : DropReason::None);
            EXPECT_EQ(after(1), DropReason::None);
            EXPECT_EQ(after(9), DropReason::None);
            EXPECT_EQ(after(10), DropReason::AuthSequence);
            EXPECT_EQ(after(0x80000000U), DropReason::AuthSequence);
        }
    }
}

// req: RFC5880-6.7.3-20 RFC5880-6.7.3-21 RFC5880-6.7.4-20 RFC5880-6.7.4-21 RFC5880-6.8.1-21
TEST_F(Verify, OnlyAcceptedPacketsMoveTheSequence) {
    for (const AuthType type : kWithSequence) {
        agree_on(type);
        theirs_.keys[0] = key(1, "wrong");
        EXPECT_EQ(receive(0xdeadbeefU), DropReason::AuthDigest);
        EXPECT_FALSE(known_.known);
        theirs_ = ours_;
        EXPECT_EQ(receive(0xdeadbeefU), DropReason::None);
        EXPECT_TRUE(known_.known);
        EXPECT_EQ(known_.rcv_auth_seq, 0xdeadbeefU);
        theirs_.keys[0] = key(1, "wrong");
        EXPECT_EQ(receive(0xdeadbeefU + 9), DropReason::AuthDigest);
        EXPECT_EQ(known_.rcv_auth_seq, 0xdeadbeefU);
        theirs_ = ours_;
        EXPECT_EQ(receive(0xdeadbeefU + 5), DropReason::None);
        EXPECT_EQ(receive(0xdeadbeefU + 4), DropReason::AuthSequence);
    }
}

TEST_F(Verify, FrrsHmacAndTheRfcsHashAreNotMistakenForEachOther) {
    agree_on(AuthType::MeticulousKeyedSha1);
    ours_.method = DigestMethod::FrrHmac;
    EXPECT_EQ(receive(1), DropReason::AuthDigest);
    theirs_.method = DigestMethod::FrrHmac;
    EXPECT_EQ(receive(1), DropReason::None);
    ours_.method = DigestMethod::Rfc5880;
    EXPECT_EQ(receive(2), DropReason::AuthDigest);
}

TEST_F(Verify, WithoutKeysNothingIsAccepted) {
    agree_on(AuthType::SimplePassword);
    ours_.count = 0;
    EXPECT_EQ(receive(1), DropReason::AuthKeyUnknown);
    ours_ = {};
    EXPECT_EQ(receive(1), DropReason::AuthTypeMismatch);
}

#ifndef __SANITIZE_ADDRESS__  // which keeps what functions leave behind on stacks of its own
// Stacks are part of a core dump.
TEST(Sign, LeavesNoKeyOnTheStack) {
    const std::string secret = "0123456789abcdef";
    const std::span octets{reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()};
    EXPECT_TRUE(holds(stack_left_by([&] {
                          volatile char copy[4096]{};
                          std::copy(secret.begin(), secret.end(), std::begin(copy));
                      }),
                      octets))
        << "this test would not see it";
    for (const DigestMethod method : {DigestMethod::Rfc5880, DigestMethod::FrrHmac}) {
        for (const AuthType type : kWithSequence) {
            AuthKeys k = keys(type, {key(1, secret)});
            k.method = method;
            DropReason judged = DropReason::AuthDigest;
            const auto both = [&] {
                const SignedPacket packet = sign(k, kPacket, 9);
                AuthSequence fresh;
                judged = verify(k, packet.span(), fresh);
            };
            both();  // the dynamic linker saves registers on the stack when it finds a function
            const auto stack = stack_left_by(both);
            EXPECT_EQ(judged, DropReason::None);
            // As it is, as 32-bit words of SHA1, and as the pads of HMAC.
            std::vector<std::uint8_t> turned;
            for (std::size_t i = 0; i < octets.size(); ++i) turned.push_back(octets[i ^ 3U]);
            EXPECT_FALSE(holds(stack, octets)) << static_cast<int>(type);
            EXPECT_FALSE(holds(stack, turned)) << static_cast<int>(type);
            for (const std::uint8_t pad : {0x36, 0x5c}) {
                std::vector<std::uint8_t> padded{octets.begin(), octets.end()};
                for (std::uint8_t& o : padded) o ^= pad;
                EXPECT_FALSE(holds(stack, padded)) << static_cast<int>(type);
            }
        }
    }
}
#endif

}  // namespace
}  // namespace tocsin::test
