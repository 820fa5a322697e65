#include "scenario.hpp"
#include "seeds.hpp"

#include <gtest/gtest.h>

namespace tocsin::property {

using namespace std::chrono_literals;
using simulation::Impairment;
using simulation::Node;

namespace {

/// Changes parameters of random ends at random times for `time`.
void change_timers(Scenario& s, Nanoseconds time, Nanoseconds longest_pause) {
    const auto until = s.sim.now() + time;
    while (s.sim.now() < until) {
        s.sim.run_for(Nanoseconds{s.random().between(0, longest_pause.count())});
        const int e = static_cast<int>(s.random().below(2));
        const bfd::SessionParameters p = s.parameters();
        s.sim.command(e, [&](Node& n) { (void)n.set_parameters(0, p); });
    }
}

void expect_agreement(Scenario& s) {
    for (int e : {0, 1}) {
        const auto mine = s.sim.node(e).snapshot(0);
        const auto theirs = s.sim.node(1 - e).snapshot(0);
        EXPECT_FALSE(mine.poll_in_progress);
        EXPECT_EQ(mine.tx_interval,
                  std::max(mine.desired_min_tx_interval, theirs.required_min_rx_interval));
        EXPECT_EQ(theirs.detection_time, mine.detect_mult * Nanoseconds{mine.tx_interval});
    }
}

void run_changes(std::uint64_t seed, std::int64_t longest_delay_ns, Nanoseconds longest_pause,
                 double final_loss) {
    Scenario s{seed};
    Impairment path;
    path.delay = Nanoseconds{s.random().between(0, longest_delay_ns)};
    path.final_loss = final_loss;
    // Sequence Numbers jump by three times the least Detect Mult at most, RFC 5880 6.7.3.
    if (s.rollover) path.longest_run = 8;
    s.impair(path);
    s.add(0);
    ASSERT_TRUE(s.comes_up(15s));
    change_timers(s, 15s, longest_pause);
    EXPECT_EQ(s.downs(), 0U) << "one-way delay " << path.delay.count() / 1000 << " us";
    path.final_loss = 0;
    s.impair(path);
    s.sim.run_for(40s);
    EXPECT_EQ(s.downs(), 0U);
    expect_agreement(s);
}

}  // namespace

// req: RFC5880-3-03 RFC5880-6.8.2-01 RFC5880-6.8.2-02 RFC5880-6.8.3-01 RFC5880-6.8.3-02
// req: RFC5880-6.8.3-06 RFC5880-6.8.3-07 RFC5880-6.8.3-12 RFC5880-6.8.10-01 RFC5880-6.8.11-01
TEST(LiveTimerChange, NeverTakesASessionDown) {
    for_each_seed(500, [](std::uint64_t seed) { run_changes(seed, 5'000'000, 2s, 0); });
}

// req: RFC5880-6.5-01 RFC5880-6.8.3-06 RFC5880-6.8.3-07
TEST(LiveTimerChange, NeverTakesASessionDownWhenFinalsAreLost) {
    for_each_seed(500, [](std::uint64_t seed) { run_changes(seed, 5'000'000, 1s, 0.7); });
}

// req: RFC5880-6.8.3-13
TEST(LiveTimerChange, NeverTakesASessionDownWhenThePathIsLongerThanTheInterval) {
    for_each_seed(500, [](std::uint64_t seed) { run_changes(seed, 400'000'000, 1s, 0); });
}

TEST(LiveTimerChange, InQuickSuccessionNeverTakesASessionDown) {
    for_each_seed(300, [](std::uint64_t seed) { run_changes(seed, 20'000'000, 100ms, 0.3); });
}

}  // namespace tocsin::property
