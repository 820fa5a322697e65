#include "control/auth/key_chain.hpp"

#include "keys.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::auth {
namespace {

using namespace std::chrono_literals;
using bfd::AuthType;
using bfd::DigestMethod;

Lifetime between(std::optional<std::chrono::hours> from, std::optional<std::chrono::hours> until) {
    Lifetime out;
    if (from) out.from = kNoon + *from;
    if (until) out.until = kNoon + *until;
    return out;
}

std::vector<int> ids(const bfd::AuthKeys& keys) {
    std::vector<int> out;
    for (std::size_t i = 0; i < keys.count; ++i) out.push_back(keys.keys[i].id);
    return out;
}

bfd::AuthKeys at(const KeyChain& chain, WallTime t) {
    return *keys_at(chain, AuthType::MeticulousKeyedSha1, DigestMethod::Rfc5880, t);
}

TEST(Lifetime, BeginsWithItsFirstSecondAndEndsBeforeItsLast) {
    const Lifetime l = between(-1h, 1h);
    EXPECT_FALSE(l.contains(kNoon - 1h - 1s));
    EXPECT_TRUE(l.contains(kNoon - 1h));
    EXPECT_TRUE(l.contains(kNoon + 1h - 1s));
    EXPECT_FALSE(l.contains(kNoon + 1h));
    EXPECT_TRUE(Lifetime{}.contains(kNoon));
}

TEST(KeyChain, SignsWithTheKeyThatBecameValidLast) {
    const KeyChain chain{
        .name = "core",
        .keys = {key(1, "old"), key(2, "next", between(0h, {})), key(3, "later", between(1h, 2h)),
                 key(4, "twin", between(0h, {}))}};
    EXPECT_EQ(signing_key(chain, kNoon - 1s)->id, 1);
    EXPECT_EQ(signing_key(chain, kNoon)->id, 2);
    EXPECT_EQ(signing_key(chain, kNoon + 1h)->id, 3);
    EXPECT_EQ(signing_key(chain, kNoon + 2h)->id, 2);
}

TEST(KeyChain, AcceptsTheOldKeyWhileTheNewOneSigns) {
    const KeyChain chain{.name = "core",
                         .keys = {key(1, "old", between({}, 1h), between({}, 0h)),
                                  key(2, "new", between(-1h, {}), between(0h, {}))}};
    EXPECT_EQ(ids(at(chain, kNoon - 2h)), (std::vector{1}));
    EXPECT_EQ(ids(at(chain, kNoon - 1h)), (std::vector{1, 2}));
    const bfd::AuthKeys now = at(chain, kNoon);
    EXPECT_EQ(ids(now), (std::vector{2, 1}));
    EXPECT_EQ(now.current, 0);
    EXPECT_EQ(ids(at(chain, kNoon + 1h)), (std::vector{2}));
}

TEST(KeyChain, WithoutAKeyToSignWithHasNoCurrentOne) {
    const KeyChain chain{.name = "core", .keys = {key(1, "old", between({}, 1h), between({}, 0h))}};
    EXPECT_EQ(signing_key(chain, kNoon), nullptr);
    const bfd::AuthKeys still = at(chain, kNoon);
    EXPECT_EQ(still.current, bfd::AuthKeys::kNone);
    EXPECT_EQ(ids(still), (std::vector{1})) << "what the peer signs is accepted on";
    EXPECT_EQ(at(chain, kNoon + 1h).count, 0);
    EXPECT_EQ(at(chain, kNoon + 1h).type, AuthType::MeticulousKeyedSha1) << "never none";
}

TEST(KeyChain, FillsItsKeysWithZeros) {
    const KeyChain chain{.name = "core", .keys = {key(7, "abc")}};
    const bfd::AuthKeys now = *keys_at(chain, AuthType::KeyedMd5, DigestMethod::FrrHmac, kNoon);
    EXPECT_EQ(now.type, AuthType::KeyedMd5);
    EXPECT_EQ(now.method, DigestMethod::FrrHmac);
    EXPECT_EQ(now.keys[0].length, 3);
    EXPECT_EQ(now.keys[0].secret[0], 'a');
    EXPECT_EQ(now.keys[0].secret[3], 0);
}

TEST(KeyChain, KnowsWhenItChangesNext) {
    const KeyChain chain{.name = "core",
                         .keys = {key(1, "a", between(-2h, 1h), between(-1h, 0h)), key(2, "b")}};
    EXPECT_EQ(next_change(chain, kNoon - 3h), kNoon - 2h);
    EXPECT_EQ(next_change(chain, kNoon - 2h), kNoon - 1h);
    EXPECT_EQ(next_change(chain, kNoon - 1h), kNoon);
    EXPECT_EQ(next_change(chain, kNoon), kNoon + 1h);
    EXPECT_EQ(next_change(chain, kNoon + 1h), std::nullopt);
}

TEST(KeyChain, KnowsUntilWhenItCanSign) {
    KeyChain chain{.name = "core",
                   .keys = {key(1, "a", between({}, 1h)), key(2, "b", between(0h, 5h)),
                            key(3, "c", between(5h, 6h)), key(4, "d", between(7h, {}))}};
    EXPECT_EQ(signs_until(chain, kNoon), kNoon + 6h) << "one after the other";
    EXPECT_EQ(signs_until(chain, kNoon + 6h), kNoon + 6h) << "none now";
    EXPECT_EQ(signs_until(chain, kNoon + 7h), std::nullopt) << "for ever";
    chain.keys.push_back(key(5, "e"));
    EXPECT_EQ(signs_until(chain, kNoon), std::nullopt);
    EXPECT_EQ(signs_until(KeyChain{}, kNoon), kNoon);
}

TEST(KeyChain, CountsKeysThatAreAcceptedTogether) {
    const KeyChain chain{.name = "core",
                         .keys = {key(1, "a", between({}, 1h)), key(2, "b", between(0h, 2h)),
                                  key(3, "c", between(1h, {}))}};
    EXPECT_EQ(most_accepted(chain), 2U) << "one ends in the second in which another begins";
    EXPECT_EQ(most_accepted(KeyChain{}), 0U);
}

TEST(AuthTypes, HaveNames) {
    for (const std::string_view word : type_names()) {
        const auto named = type_named(word);
        ASSERT_TRUE(named) << word;
        EXPECT_EQ(type_name(named->first, named->second), word);
    }
    EXPECT_EQ(type_names().size(), 6U);
    EXPECT_EQ(type_name(AuthType::None, DigestMethod::Rfc5880), "none");
    EXPECT_EQ(type_named("hmac_sha256"), std::nullopt);
}

}  // namespace
}  // namespace tocsin::control::auth
