#include "control/session/worker_slots.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::session {
namespace {

TEST(WorkerSlots, GiveAReusedSlotAnotherDiscriminator) {
    WorkerSlots slots{WorkerId{1}, 1, {77, 1, 2}};
    const auto first = slots.take();
    ASSERT_TRUE(first);
    EXPECT_FALSE(slots.take());
    slots.free(first->slot);
    const auto second = slots.take();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->slot, first->slot);
    EXPECT_NE(second->local_discr, first->local_discr);
    EXPECT_EQ(slots.find(*first), nullptr);
    EXPECT_NE(slots.find(*second), nullptr);
}

TEST(WorkerSlots, ReuseTheSlotThatHasBeenFreeForLongest) {
    WorkerSlots slots{WorkerId{0}, 8, {77, 8, 1}};
    const auto a = slots.take();
    const auto b = slots.take();
    slots.free(b->slot);
    slots.free(a->slot);
    EXPECT_EQ(slots.take()->slot, b->slot);
    EXPECT_EQ(slots.take()->slot, a->slot);
}

TEST(WorkerSlots, FindNothingInAFreeSlot) {
    WorkerSlots slots{WorkerId{0}, 4, {77, 4, 1}};
    const auto a = slots.take();
    slots.free(a->slot);
    EXPECT_EQ(slots.find(*a), nullptr);
    EXPECT_EQ(slots.find({.slot = {3}, .local_discr = {5}}), nullptr);
}

}  // namespace
}  // namespace tocsin::control::session
