#include "control/session/sharded_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

namespace tocsin::control::session {
namespace {

/// Counts how often it is asked: a rehash asks for each element that it moves.
struct CountingHash {
    static inline std::size_t asked = 0;
    std::size_t operator()(std::uint64_t key) const noexcept {
        ++asked;
        return key;
    }
};

TEST(ShardedMap, NeverMovesMuchOfItselfAtOnce) {
    constexpr std::uint64_t kMany = 200'000;
    constexpr std::uint64_t kPiece = 256;
    ShardedMap<std::uint64_t, int, CountingHash> map;
    CountingHash::asked = 0;
    std::size_t before = 0;
    std::size_t most = 0;
    for (std::uint64_t key = 1; key <= kMany; ++key) {  // one after another, as ids are
        *map.try_emplace(key).first = 1;
        if (key % kPiece != 0) continue;
        most = std::max(most, CountingHash::asked - before);
        before = CountingHash::asked;
    }
    EXPECT_EQ(map.size(), kMany);
    EXPECT_GT(CountingHash::asked, 3 * kMany) << "the moves are seen";
    EXPECT_LT(most, kMany / 20);
}

TEST(ShardedMap, KeepsNothingOfAnElementThatWasTaken) {
    ShardedMap<std::uint64_t, std::shared_ptr<std::string>> map;
    const auto text = std::make_shared<std::string>("x");
    *map.try_emplace(1).first = text;
    EXPECT_EQ(map.take(1).value(), text);
    EXPECT_EQ(text.use_count(), 1) << "also its memory that is kept for the next one";
    EXPECT_FALSE(map.take(1));
    const auto [fresh, is_new] = map.try_emplace(2);
    EXPECT_TRUE(is_new);
    EXPECT_EQ(*fresh, nullptr);
    EXPECT_TRUE(map.take(2));
    *map.try_emplace(3).first = text;
    EXPECT_FALSE(map.try_emplace(3).second) << "with spare memory as well";
    EXPECT_EQ(map.size(), 1U);
    EXPECT_EQ(*map.find(3), text);
}

TEST(ShardedMap, IsClearedInPiecesAndUsedAgain) {
    ShardedMap<std::uint64_t, int> map;
    for (std::uint64_t key = 1; key <= 100'000; ++key) map.try_emplace(key);
    std::size_t pieces = 0;
    for (std::size_t before = map.size(); map.clear_some(5000); before = map.size()) {
        EXPECT_GE(before - map.size(), 5000U);
        EXPECT_LT(before - map.size(), 10'000U);
        ++pieces;
    }
    EXPECT_EQ(map.size(), 0U);
    EXPECT_GE(pieces, 10U);
    EXPECT_FALSE(map.contains(7));
    EXPECT_TRUE(map.try_emplace(7).second);
    EXPECT_EQ(map.size(), 1U);
}

}  // namespace
}  // namespace tocsin::control::session
