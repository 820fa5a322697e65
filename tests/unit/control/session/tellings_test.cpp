#include "control/session/tellings.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tocsin::control::session {
namespace {

using namespace std::chrono_literals;

constexpr notify::Policy kHold{.up_hold = notify::Milliseconds{1000}};

/// A session that came Up at `at`, and waits.
notify::Telling waiting(Instant at) {
    bfd::SessionSnapshot down;
    down.session_state = bfd::SessionState::Down;
    notify::Telling out{kHold, down, notify::Indication::None};
    bfd::SessionEvent event;
    event.reported_state = bfd::SessionState::Down;
    event.now.session_state = bfd::SessionState::Up;
    event.transitions = 1;
    event.first_at = event.last_at = at;
    notify::Told told;
    bfd::SessionEvent ignored;
    static_cast<void>(out.on_event(event, at, told, ignored));
    return out;
}

TEST(Tellings, ComeWhenTheyAreDueAndOnce) {
    Tellings t;
    t.add(1, waiting(Instant{10s}));
    t.add(2, waiting(Instant{10s + 500us}));
    t.arm(1);
    t.arm(2);
    EXPECT_EQ(t.next_deadline(), Instant{11s});
    EXPECT_FALSE(t.next_due(Instant{11s - 1us}));
    EXPECT_EQ(t.next_due(Instant{11s}), 1U);
    EXPECT_FALSE(t.next_due(Instant{11s}));
    EXPECT_EQ(t.next_due(Instant{11s + 1ms}), 2U) << "never too early";
    EXPECT_FALSE(t.next_due(Instant{100s}));
    EXPECT_FALSE(t.next_deadline());
}

TEST(Tellings, AMovedOrEndedOneDoesNotComeAtItsOldTime) {
    Tellings t;
    for (const std::uint64_t id : {1U, 2U, 3U}) {
        t.add(id, waiting(Instant{10s}));
        t.arm(id);
    }
    *t.find(1) = waiting(Instant{20s});
    t.arm(1);
    t.erase(2);
    *t.find(3) = {};
    t.arm(3);
    EXPECT_FALSE(t.next_due(Instant{15s}));
    EXPECT_EQ(t.next_due(Instant{25s}), 1U);
    t.hurry(3);
    EXPECT_EQ(t.next_due(Instant{25s}), 3U);
}

TEST(Tellings, StayAFewHoweverOftenTheyMove) {
    Tellings t;
    t.add(1, waiting(Instant{10s}));
    for (int i = 0; i < 100'000; ++i) {
        *t.find(1) = waiting(Instant{10s + std::chrono::milliseconds{i}});
        t.arm(1);
    }
    EXPECT_LT(t.waiting(), 2000U);
    std::multiset<std::uint64_t> came;
    while (const auto id = t.next_due(Instant{1h})) came.insert(*id);
    EXPECT_EQ(came.size(), 1U);
}

}  // namespace
}  // namespace tocsin::control::session
