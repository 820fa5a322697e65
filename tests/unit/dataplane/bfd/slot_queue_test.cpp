#include "dataplane/bfd/slot_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

namespace tocsin::test {
namespace {

TEST(SlotQueueTest, IsFirstInFirstOutAroundItsEnd) {
    for (const std::size_t capacity : {1U, 2U, 5U}) {
        std::vector<int> memory(capacity);
        bfd::SlotQueue<int> queue{memory};
        std::deque<int> model;
        std::mt19937 random{1};
        for (int i = 0; i < 1000; ++i) {
            if (model.size() < capacity && random() % 2 == 0) {
                queue.push(i);
                model.push_back(i);
            } else if (!model.empty()) {
                ASSERT_EQ(queue.pop(), model.front());
                model.pop_front();
            }
            ASSERT_EQ(queue.empty(), model.empty());
        }
    }
}

}  // namespace
}  // namespace tocsin::test
