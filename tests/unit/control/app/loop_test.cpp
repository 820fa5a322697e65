#include "control/app/loop.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <thread>

namespace tocsin::control::app {
namespace {

using namespace std::chrono_literals;

TEST(Loop, RunsClosuresOfOtherThreadsInOrder) {
    Loop loop;
    std::vector<int> order;
    std::thread other{[&] {
        for (int i = 0; i < 1000; ++i) loop.post([&order, i] { order.push_back(i); });
        loop.post([&] { loop.stop(); });
    }};
    loop.run([] { return 1000us; });
    other.join();
    ASSERT_EQ(order.size(), 1000U);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Loop, TakesATurnBetweenTheClosuresOfABusyClient) {
    Loop loop;
    std::size_t run = 0;
    std::size_t most = 0;
    std::size_t in_this_turn = 0;
    for (std::size_t i = 0; i < 10 * Loop::kClosuresPerTurn; ++i) {
        loop.post([&] {
            ++run;
            most = std::max(most, ++in_this_turn);
        });
    }
    loop.run([&] {
        in_this_turn = 0;
        if (run == 10 * Loop::kClosuresPerTurn) loop.stop();
        return 0us;
    });
    EXPECT_LE(most, Loop::kClosuresPerTurn);
}

TEST(Loop, EndsItsWaitForATimerAndForAnAddedEvent) {
    Loop loop;
    int ticks = 0;
    loop.every(10ms, [&] {
        if (++ticks == 3) loop.stop();
    });
    const auto start = Loop::Clock::now();
    loop.run([] { return 60s; });
    EXPECT_LT(Loop::Clock::now() - start, 30s);

    Loop woken;
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(woken.wake_fd(), &one, sizeof one), 8);
    int turns = 0;
    woken.run([&] {
        if (++turns == 2) woken.stop();
        return 60s;
    });
    EXPECT_LT(Loop::Clock::now() - start, 60s);
}

TEST(Loop, HandlesSignals) {
    Loop loop;
    int seen = 0;
    loop.on_signals({SIGUSR1}, [&](int signal) {
        seen = signal;
        loop.stop();
    });
    ::kill(::getpid(), SIGUSR1);
    loop.run([] { return 1000us; });
    EXPECT_EQ(seen, SIGUSR1);
}

TEST(Loop, TellsThoseWhoWaitThatItHasEnded) {
    auto promise = std::make_shared<std::promise<int>>();
    auto answer = promise->get_future();
    {
        Loop loop;
        loop.stop();
        loop.run([] { return 0us; });
        loop.post([p = std::move(promise)] { p->set_value(1); });
    }
    EXPECT_THROW(answer.get(), std::future_error);
}

TEST(Loop, CallsTimersRepeatedly) {
    Loop loop;
    int calls = 0;
    loop.every(1ms, [&] {
        if (++calls == 3) loop.stop();
    });
    loop.run([] { return 200us; });
    EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace tocsin::control::app
