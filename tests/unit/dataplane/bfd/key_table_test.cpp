#include "dataplane/bfd/key_table.hpp"

#include "one_session.hpp"

#include <random>
#include <unordered_map>

namespace tocsin::test {
namespace {

using bfd::KeyTable;

struct KeyHash {
    std::size_t operator()(const SessionKey& k) const { return bfd::hash(k, 99); }
};

SessionKey numbered(std::uint32_t n) {
    SessionKey k = n % 2 == 0 ? v4_key() : v6_key();
    k.port = {static_cast<std::uint16_t>(n % 3)};
    k.remote[14] = static_cast<std::uint8_t>(n >> 8U);
    k.remote[15] = static_cast<std::uint8_t>(n);
    return k;
}

// Insertions and deletions in any order leave the table as an unordered_map would be.
TEST(KeyTableTest, AgreesWithUnorderedMapOverRandomOperations) {
    for (const std::uint32_t slots : {1U, 3U, 8U, 9U, 200U}) {
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            std::mt19937_64 random{seed};
            std::vector<std::uint32_t> buckets(KeyTable::buckets_needed(slots));
            KeyTable table{buckets, random()};
            std::vector<SessionKey> keys(slots);
            std::vector<bool> used(slots);
            std::unordered_map<SessionKey, std::uint32_t, KeyHash> model;
            const auto key_of = [&](Slot s) -> const SessionKey& { return keys[s.value]; };
            for (int step = 0; step < 3000; ++step) {
                const auto slot = static_cast<std::uint32_t>(random() % slots);
                const SessionKey key = numbered(static_cast<std::uint32_t>(random() % (2 * slots)));
                if (used[slot] && random() % 2 == 0) {
                    table.erase(keys[slot], Slot{slot}, key_of);
                    model.erase(keys[slot]);
                    used[slot] = false;
                } else if (!used[slot] && model.find(key) == model.end()) {
                    keys[slot] = key;
                    table.insert(key, Slot{slot});
                    model[key] = slot;
                    used[slot] = true;
                }
                if (step % 16 != 0) continue;
                for (std::uint32_t n = 0; n < 2 * slots; ++n) {
                    const SessionKey k = numbered(n);
                    Slot found{~0U};
                    const auto it = model.find(k);
                    ASSERT_EQ(table.find(k, key_of, found), it != model.end());
                    if (it != model.end()) {
                        ASSERT_EQ(found.value, it->second);
                    }
                }
            }
            std::size_t filled = 0;
            for (const std::uint32_t b : buckets) filled += b != 0 ? 1U : 0U;
            EXPECT_EQ(filled, model.size()) << "no marks of deleted entries";
        }
    }
}

TEST(KeyTableTest, ErasingWhatIsNotThereChangesNothing) {
    std::vector<std::uint32_t> buckets(KeyTable::buckets_needed(8));
    KeyTable table{buckets, 1};
    std::vector<SessionKey> keys{numbered(1), numbered(2)};
    const auto key_of = [&](Slot s) -> const SessionKey& { return keys[s.value]; };
    table.insert(keys[0], Slot{0});
    table.erase(keys[1], Slot{1}, key_of);
    Slot found;
    EXPECT_TRUE(table.find(keys[0], key_of, found));
    EXPECT_FALSE(table.find(keys[1], key_of, found));
}

TEST(KeyTableTest, EveryFieldOfTheKeyCounts) {
    const SessionKey base = v4_key();
    std::vector<SessionKey> others(7, base);
    others[0].type = SessionType::MultiHop;
    others[1].family = AddressFamily::V6;
    others[2].domain = 1;
    others[3].port = {1};
    others[4].instance = 1;
    others[5].local[15] = 1;
    others[6].remote[15] = 1;
    for (const SessionKey& other : others) {
        EXPECT_NE(bfd::hash(base, 5), bfd::hash(other, 5));
        EXPECT_NE(base, other);
    }
    EXPECT_NE(bfd::hash(base, 5), bfd::hash(base, 6)) << "keyed";
}

TEST(KeyTableTest, SpreadsNeighbouringAddresses) {
    std::vector<int> per_bucket(1024);
    for (std::uint32_t n = 0; n < 10'240; ++n) {
        SessionKey k = v4_key();
        k.remote[2] = static_cast<std::uint8_t>(n >> 8U);
        k.remote[3] = static_cast<std::uint8_t>(n);
        ++per_bucket[bfd::hash(k, 1234) % 1024];
    }
    EXPECT_LE(*std::max_element(per_bucket.begin(), per_bucket.end()), 35);
}

}  // namespace
}  // namespace tocsin::test
