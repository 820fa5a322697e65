#include "dataplane/bfd/timing_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace tocsin::test {
namespace {

using bfd::Tick;
using bfd::TimingWheel;

/// A wheel with its memory.
struct Wheel {
    explicit Wheel(std::uint32_t capacity, Tick now = 0)
        : heads(TimingWheel::kTicks),
          occupied(TimingWheel::kTicks / 64),
          chunks(TimingWheel::chunks_needed(capacity)),
          wheel{heads, occupied, chunks, capacity, now} {}

    struct Fired {
        std::uint32_t entry;
        Tick tick;
        friend bool operator==(Fired, Fired) = default;
    };
    std::vector<Fired> advance(Tick now, std::uint32_t budget = ~0U) {
        std::vector<Fired> out;
        more = !wheel.advance(
            now, budget, [this](std::uint32_t) { ++prefetched; },
            [&out](std::uint32_t entry, Tick tick) {
                out.push_back({entry, tick});
            });
        return out;
    }

    std::vector<std::uint32_t> heads;
    std::vector<std::uint64_t> occupied;
    std::vector<TimingWheel::Chunk> chunks;
    TimingWheel wheel;
    bool more = false;
    std::size_t prefetched = 0;
};

TEST(TimingWheelTest, FiresAtTheTickAndNotBefore) {
    Wheel w{10};
    EXPECT_EQ(w.wheel.insert(5, 42), 5U);
    EXPECT_EQ(w.wheel.size(), 1U);
    EXPECT_TRUE(w.advance(4).empty());
    EXPECT_EQ(w.advance(5), (std::vector<Wheel::Fired>{{42, 5}}));
    EXPECT_EQ(w.wheel.size(), 0U);
    EXPECT_TRUE(w.advance(100'000).empty());
}

TEST(TimingWheelTest, HoldsNothingInThePastOrPresent) {
    Wheel w{10};
    w.advance(100);
    EXPECT_EQ(w.wheel.insert(7, 1), 101U);
    EXPECT_EQ(w.wheel.insert(100, 2), 101U);
    EXPECT_EQ(w.wheel.insert(101, 3), 101U);
}

TEST(TimingWheelTest, HoldsNothingBeyondTheHorizon) {
    Wheel w{10};
    w.advance(100);
    const Tick horizon = w.wheel.horizon();
    EXPECT_EQ(horizon, 100 + TimingWheel::kTicks - 1);
    EXPECT_EQ(w.wheel.insert(horizon, 1), horizon);
    EXPECT_EQ(w.wheel.insert(horizon + 1, 2), horizon);
    EXPECT_EQ(w.wheel.insert(100 + (1U << 30U), 3), horizon);
    EXPECT_TRUE(w.advance(horizon - 1).empty());
    EXPECT_EQ(w.advance(horizon).size(), 3U);
}

TEST(TimingWheelTest, FiresInOrderOfTicksAfterALongStandstill) {
    Wheel w{100};
    for (const Tick t : {30'000U, 3U, 64U, 63U, 65U, 128U, 32'767U, 1U}) w.wheel.insert(t, t);
    std::vector<Tick> order;
    for (const Wheel::Fired& f : w.advance(10'000'000)) {
        EXPECT_EQ(f.entry, f.tick);
        order.push_back(f.tick);
    }
    EXPECT_EQ(order, (std::vector<Tick>{1, 3, 63, 64, 65, 128, 30'000, 32'767}));
    // Standing at `now` afterwards.
    EXPECT_EQ(w.wheel.insert(0, 1), 10'000'001U);
}

TEST(TimingWheelTest, GoesOnWhereTheBudgetEnded) {
    Wheel w{1000};
    for (std::uint32_t i = 0; i < 300; ++i) w.wheel.insert(10, i);
    w.wheel.insert(11, 1000);
    std::vector<std::uint32_t> seen;
    int turns = 0;
    do {
        const auto fired = w.advance(20, 7);
        EXPECT_LE(fired.size(), 7U);
        for (const auto& f : fired) seen.push_back(f.entry);
        ++turns;
        // What is inserted meanwhile for now comes with the next tick, not into the middle of this
        // one.
        if (turns == 3) {
            EXPECT_EQ(w.wheel.insert(10, 2000), 11U);
        }
        if (w.more && turns < 40) {
            EXPECT_EQ(w.wheel.next_due(20), 10U) << "there is work now";
        }
    } while (w.more);
    EXPECT_EQ(seen.size(), 302U);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST(TimingWheelTest, ABudgetThatEndsExactlyWithTheWorkIsEnough) {
    Wheel w{100};
    for (std::uint32_t i = 0; i < 5; ++i) w.wheel.insert(10, i);
    EXPECT_EQ(w.advance(10, 5).size(), 5U);
    EXPECT_FALSE(w.more);
    w.wheel.insert(12, 1);
    EXPECT_TRUE(w.advance(12, 0).empty());
    EXPECT_TRUE(w.more);
    EXPECT_EQ(w.advance(12, 1).size(), 1U);
}

TEST(TimingWheelTest, NextDueIsTheNextOccupiedTickOrTheLimit) {
    Wheel w{100};
    EXPECT_EQ(w.wheel.next_due(50), 50U);
    w.wheel.insert(40, 1);
    EXPECT_EQ(w.wheel.next_due(50), 40U);
    EXPECT_EQ(w.wheel.next_due(40), 40U);
    EXPECT_EQ(w.wheel.next_due(39), 39U);
    EXPECT_EQ(w.wheel.next_due(1'000'000), 40U);
    w.advance(40);
    EXPECT_EQ(w.wheel.next_due(1'000'000), 1'000'000U);
    EXPECT_EQ(w.wheel.next_due(40), 40U);
    // Behind the wrap of the ring.
    const Tick far = w.wheel.insert(w.wheel.horizon(), 2);
    EXPECT_EQ(w.wheel.next_due(1'000'000), far);
}

TEST(TimingWheelTest, TicksWrapAround) {
    Wheel w{100, 0xfffffff0U};
    EXPECT_EQ(w.wheel.insert(0xfffffffeU, 1), 0xfffffffeU);
    EXPECT_EQ(w.wheel.insert(3, 2), 3U);
    EXPECT_EQ(w.wheel.insert(0xffffff00U, 3), 0xfffffff1U) << "past";
    EXPECT_EQ(w.wheel.next_due(100), 0xfffffff1U);
    EXPECT_EQ(w.advance(100),
              (std::vector<Wheel::Fired>{{3, 0xfffffff1U}, {1, 0xfffffffeU}, {2, 3}}));
}

// Whatever the order of insertions and turns, every entry fires once, at its tick, and the memory
// that chunks_needed() names suffices with the wheel full.
TEST(TimingWheelTest, AgreesWithAMultimapOverRandomOperations) {
    for (const std::uint32_t capacity : {1U, 7U, 62U, 1000U, 40'000U}) {
        std::mt19937 random{capacity};
        Tick now = random();
        Wheel w{capacity, now};
        std::multimap<std::uint32_t, std::uint32_t> model;  // by distance from the start
        const Tick start = now;
        std::uint32_t next = 0;
        for (int turn = 0; turn < 300; ++turn) {
            const std::uint32_t spread = turn % 3 == 0 ? 4U : TimingWheel::kTicks + 100;
            while (w.wheel.size() < w.wheel.capacity() && random() % 50 != 0) {
                const Tick at = w.wheel.insert(now + random() % spread, next);
                model.emplace(at - start, next++);
            }
            now += random() % (turn % 5 == 0 ? 3 * TimingWheel::kTicks : 300U);
            std::uint32_t before = 0;
            do {
                for (const Wheel::Fired& f : w.advance(now, 1 + random() % 500)) {
                    ASSERT_GE(f.tick - start, before);
                    before = f.tick - start;
                    const auto [from, to] = model.equal_range(f.tick - start);
                    auto it = std::find_if(from, to, [&](auto& e) { return e.second == f.entry; });
                    ASSERT_NE(it, to);
                    model.erase(it);
                }
            } while (w.more);
            ASSERT_EQ(w.wheel.size(), model.size());
            if (!model.empty()) {
                ASSERT_GT(model.begin()->first, now - start);
            }
        }
    }
}

TEST(TimingWheelTest, ChunksSufficeForTheWorstSpread) {
    // One entry in every tick, the rest crowded into one: most chunks partly filled.
    constexpr std::uint32_t kCapacity = 3 * TimingWheel::kTicks;
    Wheel w{kCapacity};
    for (Tick t = 1; t < TimingWheel::kTicks; ++t) w.wheel.insert(t, t);
    while (w.wheel.size() < w.wheel.capacity()) w.wheel.insert(TimingWheel::kTicks - 1, 7);
    // Half-way through draining, everything that fired is put back at once.
    std::uint32_t fired = 0;
    bool more = true;
    while (more && fired < 2 * kCapacity) {
        more = !w.wheel.advance(
            TimingWheel::kTicks, 1000, [](std::uint32_t) {},
            [&](std::uint32_t entry, Tick tick) {
                ++fired;
                w.wheel.insert(tick + 2 + entry % 1000, entry);
            });
    }
    EXPECT_EQ(w.wheel.size(), kCapacity);
}

TEST(TimingWheelTest, TellsAheadOfEveryEntryOnce) {
    Wheel w{1000};
    for (std::uint32_t i = 0; i < 500; ++i) w.wheel.insert(10 + i % 3, i);
    w.advance(100);
    EXPECT_EQ(w.prefetched, 500U);
}

}  // namespace
}  // namespace tocsin::test
