#include "control/session/record_table.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>

namespace tocsin::control::session {
namespace {

TEST(RecordTable, KeepsTheOrderOfIdsAndThePlacesOfRecordsWhateverComesAndGoes) {
    RecordTable table;
    std::map<std::uint64_t, SessionRecord*> model;
    constexpr unsigned kSeed = 7;
    std::mt19937 random{kSeed};
    std::uint64_t id = 0;
    for (int step = 0; step < 20'000; ++step) {
        // Grows to thousands, then shrinks to none, more than once.
        const bool grow = step / 4000 % 2 == 0 ? random() % 10 < 8 : random() % 10 < 2;
        if (grow || model.empty()) {
            id += 1 + random() % 3;
            model[id] = &table.append({id});
        } else {
            auto victim = model.lower_bound(random() % (id + 1));
            if (victim == model.end()) victim = model.begin();
            table.erase({victim->first});
            model.erase(victim);
        }
        ASSERT_EQ(table.size(), model.size());
        const std::uint64_t asked = random() % (id + 2);
        const auto there = model.find(asked);
        ASSERT_EQ(table.find({asked}), there == model.end() ? nullptr : there->second) << asked;
        const auto next = model.upper_bound(asked);
        const auto found = table.after({asked});
        ASSERT_EQ(found == table.end(), next == model.end()) << asked;
        if (next != model.end()) {
            ASSERT_EQ(found->id.value, next->first);
        }
        if (step % 1000 != 0) continue;
        auto expected = model.begin();
        for (SessionRecord& record : table) {
            ASSERT_NE(expected, model.end());
            ASSERT_EQ(record.id.value, expected->first);
            ASSERT_EQ(&record, expected->second);
            ++expected;
        }
        ASSERT_EQ(expected, model.end());
    }
}

TEST(RecordTable, GivesAFreshRecordInMemoryThatWasUsedBefore) {
    RecordTable table;
    table.append({1}).source_port = 50'000;
    table.erase({1});
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.append({2}).source_port, 0);
    EXPECT_EQ(table.find({1}), nullptr);
}

}  // namespace
}  // namespace tocsin::control::session
