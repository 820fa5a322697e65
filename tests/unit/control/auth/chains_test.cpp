#include "control/auth/chains.hpp"

#include "keys.hpp"
#include "support/own_stack.hpp"

#include <gtest/gtest.h>

#include <map>

namespace tocsin::control::auth {
namespace {

using namespace std::chrono_literals;
using bfd::AuthType;
using What = Chains::News::What;

const Authentication kSha1{.type = AuthType::KeyedSha1, .key_chain = "core"};
const Authentication kMd5{.type = AuthType::KeyedMd5, .key_chain = "core"};

class ChainsTest : public testing::Test {
protected:
    /// Number for one more session; 0: refused.
    std::uint16_t use(const Authentication& how, User user = User::Config) {
        const auto got = chains.acquire(how, user);
        return got ? got.value() : std::uint16_t{0};
    }
    void set(std::vector<Key> keys, const std::string& name = "core") {
        chains.set({{.name = name, .keys = std::move(keys)}}, now);
    }
    int signs(std::uint16_t number) {
        const bfd::AuthKeys& keys = *told.at(number);
        return keys.current < keys.count ? keys.keys[keys.current].id : -1;
    }

    WallTime now = kNoon;
    std::map<std::uint16_t, Chains::Keys> told;
    unsigned tellings = 0;
    Chains chains{4, [this](std::uint16_t number, const Chains::Keys& keys) {
                      told[number] = keys;
                      ++tellings;
                  }};
};

TEST_F(ChainsTest, NumbersEachTypeAndChainOnce) {
    set({key(1, "secret")});
    EXPECT_EQ(tellings, 0U) << "nobody uses it yet";
    EXPECT_EQ(use(kSha1), 1);
    EXPECT_EQ(use(kSha1), 1);
    EXPECT_EQ(tellings, 1U);
    EXPECT_EQ(use(kMd5), 2);
    EXPECT_EQ(told[1]->type, AuthType::KeyedSha1);
    EXPECT_EQ(told[2]->type, AuthType::KeyedMd5);
    EXPECT_EQ(chains.at(2), kMd5);
    EXPECT_EQ(use({}), 0) << "without authentication";
    EXPECT_EQ(chains.at(0).type, AuthType::None);
    EXPECT_EQ(chains.sessions("core"), 3U);
}

TEST_F(ChainsTest, RefusesWhatItDoesNotHave) {
    set({key(1, "seventeen octets!")});
    EXPECT_EQ(use(kSha1), 1);
    const auto long_one = chains.acquire(kMd5, User::Api);
    ASSERT_FALSE(long_one);
    EXPECT_NE(long_one.error().message.find("17 octets: keyed_md5 takes at most 16"),
              std::string::npos);
    const auto unknown =
        chains.acquire({.type = AuthType::KeyedSha1, .key_chain = "edge"}, User::Api);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, ErrorKind::InvalidArgument);
    Chains impossible{0, [](std::uint16_t, const Chains::Keys&) { FAIL(); }};
    const auto without = impossible.acquire(kSha1, User::Api);
    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().kind, ErrorKind::FailedPrecondition);
}

TEST_F(ChainsTest, ReusesTheNumbersOfNobody) {
    chains.set({{.name = "a", .keys = {key(1, "x")}},
                {.name = "b", .keys = {key(1, "x")}},
                {.name = "core", .keys = {key(1, "x")}}},
               now);
    const auto how = [](AuthType type, const char* chain) {
        return Authentication{.type = type, .key_chain = chain};
    };
    EXPECT_EQ(use(how(AuthType::KeyedSha1, "a")), 1);
    EXPECT_EQ(use(how(AuthType::KeyedSha1, "b")), 2);
    EXPECT_EQ(use(how(AuthType::KeyedMd5, "b")), 3);
    EXPECT_EQ(use(kSha1), 4);
    EXPECT_EQ(use(kMd5), 0) << "all are taken";
    chains.release(3, User::Config);
    chains.release(2, User::Config);
    EXPECT_EQ(use(kMd5), 3) << "sessions of the other one may still be leaving";
    EXPECT_EQ(told[3]->type, AuthType::KeyedMd5);
    EXPECT_EQ(chains.at(3), kMd5);
    EXPECT_EQ(use({.type = AuthType::SimplePassword, .key_chain = "core"}), 2);
}

TEST_F(ChainsTest, TellsKeysWhenTheirTimeHasCome) {
    set({key(1, "old", {{}, kNoon + 1h}), key(2, "new", {kNoon, {}}),
         key(3, "later", {kNoon + 30min, {}})});
    EXPECT_EQ(use(kSha1), 1);
    EXPECT_EQ(signs(1), 2);
    const auto first = chains.look(now);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].what, What::SigningKey);
    EXPECT_EQ(first[0].key_id, 2);
    now += 29min;
    EXPECT_TRUE(chains.look(now).empty());
    EXPECT_EQ(tellings, 1U);
    now += 1min;
    const auto next = chains.look(now);
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].key_id, 3);
    EXPECT_EQ(signs(1), 3);
    EXPECT_EQ(told[1]->count, 3);
    now += 31min;
    EXPECT_TRUE(chains.look(now).empty()) << "the old one is accepted no more, nobody need act";
    EXPECT_EQ(told[1]->count, 2);
}

// req: RFC5880-4.3-01
TEST_F(ChainsTest, WarnsOnceOfMd5) {
    set({key(1, "secret")});
    EXPECT_EQ(use(kSha1), 1);
    for (const Chains::News& n : chains.look(now)) EXPECT_NE(n.what, What::Md5);
    EXPECT_EQ(use(kMd5), 2);
    EXPECT_EQ(use(kMd5), 2);
    const auto news = chains.look(now);
    ASSERT_EQ(news.size(), 1U) << "once, however many sessions";
    EXPECT_EQ(news[0].what, What::Md5);
    EXPECT_EQ(news[0].chain, "core");
    EXPECT_EQ(news[0].type, AuthType::KeyedMd5);
    EXPECT_TRUE(chains.look(now).empty());
    EXPECT_EQ(use({.type = AuthType::MeticulousKeyedMd5, .key_chain = "core"}), 3);
    EXPECT_EQ(chains.look(now).size(), 1U);
}

TEST_F(ChainsTest, FollowsAClockThatWasSetBack) {
    set({key(1, "old"), key(2, "new", {kNoon, {}})});
    EXPECT_EQ(use(kSha1), 1);
    static_cast<void>(chains.look(now));
    EXPECT_EQ(signs(1), 2);
    now -= 1h;
    EXPECT_EQ(chains.look(now).size(), 1U);
    EXPECT_EQ(signs(1), 1);
}

TEST_F(ChainsTest, FailClosedWhenTheClockIsSetPastAllKeysAndComeBackWithIt) {
    set({key(1, "first", {{}, kNoon + 48h}), key(2, "next", {kNoon + 48h, kNoon + 96h})});
    EXPECT_EQ(use(kSha1), 1);
    static_cast<void>(chains.look(now));
    const WallTime before = now;
    for (const auto far : {std::chrono::hours{1000}, std::chrono::hours{100'000}}) {
        now = before + far;
        const auto gone = chains.look(now);
        ASSERT_EQ(gone.size(), 1U) << "not that they end soon";
        EXPECT_EQ(gone[0].what, What::NoSigningKey);
        EXPECT_EQ(told[1]->type, AuthType::KeyedSha1);
        EXPECT_EQ(told[1]->count, 0) << "nothing is accepted either";
        EXPECT_EQ(signs(1), -1);
        EXPECT_TRUE(chains.look(now + 1s).empty()) << "once";
        now = before;
        const auto back = chains.look(now);
        ASSERT_EQ(back.size(), 1U);
        EXPECT_EQ(back[0].what, What::SigningKey);
        EXPECT_EQ(signs(1), 1);
        EXPECT_EQ(told[1]->count, 1);
    }
    now = before + 49h;  // past one of them
    EXPECT_EQ(chains.look(now).back().key_id, 2);
    EXPECT_EQ(signs(1), 2);
    EXPECT_EQ(told[1]->count, 1) << "what has ended is not accepted";
}

TEST_F(ChainsTest, FailClosedWhenTheClockIsSetBackBeforeAllKeys) {
    set({key(1, "only", {kNoon, {}})});
    EXPECT_EQ(use(kSha1), 1);
    static_cast<void>(chains.look(now));
    EXPECT_EQ(signs(1), 1);
    now = WallTime{};  // as on a machine without a battery
    ASSERT_EQ(chains.look(now).size(), 1U);
    EXPECT_EQ(told[1]->count, 0);
    EXPECT_EQ(use(kSha1, User::Api), 1);
    EXPECT_EQ(told[1]->count, 0) << "a new session makes no difference";
    now = kNoon;
    EXPECT_EQ(chains.look(now).back().what, What::SigningKey);
    EXPECT_EQ(signs(1), 1);
}

TEST_F(ChainsTest, SaysInTimeThatKeysEnd) {
    set({key(1, "only", {{}, kNoon + 30h})});
    EXPECT_EQ(use(kSha1), 1);
    EXPECT_EQ(chains.look(now).size(), 1U);
    now += 6h;
    const auto soon = chains.look(now);
    ASSERT_EQ(soon.size(), 1U);
    EXPECT_EQ(soon[0].what, What::EndsSoon);
    EXPECT_EQ(soon[0].until, kNoon + 30h);
    now += 1h;
    EXPECT_TRUE(chains.look(now).empty()) << "once";
    now = kNoon + 30h;
    const auto end = chains.look(now);
    ASSERT_EQ(end.size(), 1U);
    EXPECT_EQ(end[0].what, What::NoSigningKey);
    EXPECT_EQ(signs(1), -1);
    EXPECT_EQ(told[1]->type, AuthType::KeyedSha1) << "without keys, not without authentication";
}

TEST_F(ChainsTest, TakesNewSecretsFromAFile) {
    set({key(1, "before")});
    EXPECT_EQ(use(kSha1), 1);
    const Chains::Keys before = told[1];
    set({key(1, "before")});
    EXPECT_EQ(told[1], before) << "nothing has changed";
    set({key(1, "after!")});
    EXPECT_NE(told[1], before);
    EXPECT_EQ(told[1]->keys[0].secret[0], 'a');
}

TEST_F(ChainsTest, KeepsTheKeysOfSessionsThatAreLeaving) {
    set({key(1, "secret")});
    EXPECT_EQ(use(kSha1), 1);
    chains.release(1, User::Config);
    set({key(1, "secret")}, "other");
    EXPECT_EQ(tellings, 1U) << "what says AdminDown signs as before";
}

// Of a session that waits for a restart with what the file no longer has.
TEST_F(ChainsTest, ThatAreGoneEndWhenTheyWouldHave) {
    set({key(1, "ends", {{}, kNoon + 1h}), key(2, "stays")});
    EXPECT_EQ(use(kSha1), 1);
    EXPECT_EQ(told[1]->count, 2);
    set({key(1, "secret")}, "other");
    static_cast<void>(chains.look(now));
    EXPECT_EQ(told[1]->count, 2);
    now += 1h;
    static_cast<void>(chains.look(now));
    EXPECT_EQ(told[1]->count, 1);
    EXPECT_EQ(signs(1), 2);
}

TEST_F(ChainsTest, SaysAgainThatKeysEndAfterThereWereNone) {
    set({key(1, "first", {{}, kNoon + 1h})});
    EXPECT_EQ(chains.look(now).back().what, What::EndsSoon);
    now += 1h;
    EXPECT_EQ(chains.look(now).back().what, What::NoSigningKey);
    set({key(1, "first", {{}, kNoon + 1h}), key(2, "next", {kNoon + 1h, kNoon + 2h})});
    const auto news = chains.look(now);
    ASSERT_EQ(news.size(), 2U);
    EXPECT_EQ(news[0].what, What::SigningKey);
    EXPECT_EQ(news[1].what, What::EndsSoon);
}

TEST_F(ChainsTest, OfTheApiStayWhileTheyAreUsed) {
    set({key(1, "secret")});
    EXPECT_EQ(use(kMd5, User::Api), 1);
    const std::vector<KeyChain> without{{.name = "other", .keys = {key(1, "secret")}}};
    const auto gone = chains.check(without);
    ASSERT_TRUE(gone);
    EXPECT_NE(gone->message.find("1 sessions of the API use key chain \"core\""),
              std::string::npos);
    const std::vector<KeyChain> too_long{{.name = "core", .keys = {key(1, "seventeen octets!")}}};
    EXPECT_TRUE(chains.check(too_long));
    chains.release(1, User::Api);
    EXPECT_FALSE(chains.check(without));
    EXPECT_EQ(use(kMd5, User::Config), 1);
    EXPECT_FALSE(chains.check(without)) << "the file's own change with it";
}

// Stacks are part of a core dump.
TEST_F(ChainsTest, LeaveNoKeyOnTheStack) {
    const std::string secret = "0123456789abcdef";
    const std::span octets{reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()};
    const std::vector<Key> keys{key(1, secret, {.until = kNoon + 1h}), key(2, secret)};
    const auto work = [&] {
        set(keys);
        use(kSha1);
        static_cast<void>(chains.look(kNoon + 2h));
        chains.release(1, User::Config);
    };
    work();  // the dynamic linker saves registers on the stack when it finds a function
    set({key(1, "another")});
    const auto stack = test::stack_left_by(work);
    EXPECT_EQ(told[1]->count, 1);
    EXPECT_FALSE(stack.empty());
    EXPECT_FALSE(test::holds(stack, octets));
}

}  // namespace
}  // namespace tocsin::control::auth
