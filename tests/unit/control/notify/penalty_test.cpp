#include "control/notify/penalty.hpp"

#include <gtest/gtest.h>

namespace tocsin::control::notify {
namespace {

using namespace std::chrono_literals;

constexpr Dampening kDefault{.half_life = kDefaultHalfLife};
constexpr Instant kStart{100s};

TEST(Penalty, HalvesWithEachHalfLife) {
    Penalty p;
    EXPECT_EQ(p.at(kDefault, kStart), 0);
    p.add(kDefault, 1, kStart);
    EXPECT_DOUBLE_EQ(p.at(kDefault, kStart), 1000);
    EXPECT_DOUBLE_EQ(p.at(kDefault, kStart + 5s), 500);
    EXPECT_DOUBLE_EQ(p.at(kDefault, kStart + 15s), 125);
    p.add(kDefault, 2, kStart + 5s);
    EXPECT_DOUBLE_EQ(p.at(kDefault, kStart + 5s), 2500);
}

TEST(Penalty, IsReusableWhenItHasFallenToTheThreshold) {
    Penalty p;
    p.add(kDefault, 2, kStart);
    const Instant reusable = p.reusable_at(kDefault);
    EXPECT_EQ(reusable, kStart + 5s);
    EXPECT_LE(p.at(kDefault, reusable), 1000);
    EXPECT_GT(p.at(kDefault, reusable - 1ms), 1000);
    p.clear();
    EXPECT_LE(p.reusable_at(kDefault), kStart) << "at once";
}

TEST(Penalty, NeverHoldsForLongerThanTheMost) {
    Penalty p;
    for (int i = 0; i < 1000; ++i) p.add(kDefault, 1'000'000, kStart);
    EXPECT_DOUBLE_EQ(p.at(kDefault, kStart), Penalty::ceiling(kDefault));
    EXPECT_NEAR(std::chrono::duration<double>(p.reusable_at(kDefault) - kStart).count(), 20, 1e-5);
}

TEST(Penalty, HasACeilingHoweverShortTheHalfLife) {
    constexpr Dampening kExtreme{.half_life = Milliseconds{100},
                                 .max_suppress = Milliseconds{86'400'000}};
    Penalty p;
    p.add(kExtreme, 0xffffffffU, kStart);
    EXPECT_LT(p.reusable_at(kExtreme), kStart + 24h);
    EXPECT_GT(p.reusable_at(kExtreme), kStart);
}

}  // namespace
}  // namespace tocsin::control::notify
