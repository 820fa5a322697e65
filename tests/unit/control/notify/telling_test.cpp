// When clients are told, in virtual time.

#include "control/notify/telling.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::control::notify {
namespace {

using namespace std::chrono_literals;
using bfd::Diag;
using bfd::SessionState;

bfd::SessionSnapshot in(SessionState state) {
    bfd::SessionSnapshot out;
    out.session_state = out.remote_session_state = state;
    return out;
}

/// A session that changes as a test says, and what its clients hear.
class Clients {
public:
    explicit Clients(const Policy& policy) : telling{policy, status, Indication::None} {}

    /// Carries out what is due until then.
    void run_to(Instant end) {
        while (telling.deadline() && *telling.deadline() <= end) {
            now = std::max(now, *telling.deadline());
            bfd::SessionEvent out;
            if (telling.look(status, now, told, out)) heard.push_back(out);
        }
        now = end;
    }
    void run_for(Nanoseconds span) { run_to(now + span); }
    void up() { change(SessionState::Up, Diag::None, SessionState::Up); }
    void fail() {
        ++status.down_count;
        change(SessionState::Down, Diag::ControlDetectionTimeExpired, SessionState::Up);
    }
    void disable() {
        ++status.down_count;
        change(SessionState::AdminDown, Diag::AdministrativelyDown, SessionState::Up);
    }
    void peer_disables() {
        ++status.down_count;
        change(SessionState::Down, Diag::NeighborSignaledSessionDown, SessionState::AdminDown);
    }
    void change(SessionState to, Diag diag, SessionState remote, std::uint32_t transitions = 1) {
        bfd::SessionEvent event;
        event.reported_state = status.session_state;
        status.session_state = to;
        status.local_diag = diag;
        status.remote_session_state = remote;
        status.last_state_change = now;
        event.now = status;
        event.causes = 1;
        event.transitions = transitions;
        if (event.reported_state == SessionState::Up && to != SessionState::Up) {
            event.downs = 1;
            event.down_diag = diag;
        }
        event.first_at = event.last_at = now;
        give(event);
    }
    /// Down for so long, and Up again before the worker could tell.
    void blink(Nanoseconds down, Diag diag = Diag::ControlDetectionTimeExpired) {
        ++status.down_count;
        bfd::SessionEvent event;
        event.reported_state = status.session_state;
        status.last_state_change = now;
        event.now = status;
        event.causes = 1;
        event.transitions = 2;
        event.downs = 1;
        event.down_diag = diag;
        event.first_at = now - down;
        event.last_at = now;
        give(event);
    }
    void parameters() {
        bfd::SessionEvent event;
        event.reported_state = status.session_state;
        event.now = status;
        event.causes = 2;
        give(event);
    }
    void look() {
        bfd::SessionEvent out;
        if (telling.look(status, now, told, out)) heard.push_back(out);
    }
    std::vector<bfd::SessionEvent> take() { return std::exchange(heard, {}); }

    Instant now{1000s};
    bfd::SessionSnapshot status = in(SessionState::Down);
    Told told;
    Telling telling;
    std::vector<bfd::SessionEvent> heard;

private:
    void give(const bfd::SessionEvent& event) {
        bfd::SessionEvent out;
        if (telling.on_event(event, now, told, out)) heard.push_back(out);
    }
};

constexpr Policy kUpHold{.up_hold = Milliseconds{2000}};
constexpr Policy kDownHold{.down_hold = Milliseconds{500}};
constexpr Policy kDampened{.dampening = {.half_life = kDefaultHalfLife}};

TEST(UpHold, TellsOfAnUpOnceItHasLasted) {
    Clients c{kUpHold};
    c.up();
    EXPECT_EQ(c.told, (Told{Indication::None, Held::UpHold}));
    c.run_for(1999ms);
    EXPECT_TRUE(c.take().empty());
    c.run_for(1ms);
    const auto heard = c.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].reported_state, SessionState::Down);
    EXPECT_EQ(heard[0].now.session_state, SessionState::Up);
    EXPECT_EQ(heard[0].transitions, 1U);
    EXPECT_EQ(heard[0].last_at, c.now - 2s) << "when it came Up";
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
}

// req: RFC5882-3.3-01
TEST(UpHold, AnUpThatEndsBeforeIsNoFailure) {
    Clients c{kUpHold};
    c.up();
    c.run_for(1s);
    c.fail();
    EXPECT_EQ(c.told, (Told{Indication::None, Held::None}));
    ASSERT_EQ(c.take().size(), 1U) << "nothing is held back any more";
    c.run_for(1s);
    c.up();
    c.run_for(1999ms);
    EXPECT_EQ(c.told.indication, Indication::None) << "it begins anew";
    c.run_for(1ms);
    EXPECT_EQ(c.told.indication, Indication::Up);
}

TEST(UpHold, DoesNotDelayAFailure) {
    Clients c{kUpHold};
    c.up();
    c.run_for(3s);
    c.take();
    c.fail();
    EXPECT_EQ(c.take().size(), 1U);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::None}));
}

TEST(UpHold, ChangesOfParametersWaitAsWell) {
    Clients c{kUpHold};
    c.up();
    c.parameters();
    EXPECT_TRUE(c.take().empty());
    c.run_for(2s);
    const auto heard = c.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].causes, 3);
    c.parameters();
    ASSERT_EQ(c.take().size(), 1U) << "now they do not";
}

// req: RFC5882-3.1-01
TEST(DownHold, HidesAFailureThatIsOverWithinIt) {
    Clients c{kDownHold};
    c.up();
    c.take();
    c.fail();
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::DownHold}));
    c.run_for(300ms);
    c.up();
    c.run_for(10s);
    EXPECT_TRUE(c.take().empty());
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
}

// req: RFC5882-3.1-02
TEST(DownHold, TellsOfAFailureThatLasts) {
    Clients c{kDownHold};
    c.up();
    c.take();
    c.fail();
    c.run_for(499ms);
    EXPECT_TRUE(c.take().empty());
    c.run_for(1ms);
    const auto heard = c.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].reported_state, SessionState::Up);
    EXPECT_EQ(heard[0].now.session_state, SessionState::Down);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::None}));
    c.run_for(10s);
    EXPECT_TRUE(c.take().empty()) << "once";
}

TEST(DownHold, AHalfHeartedReturnDoesNotProlongIt) {
    Clients c{kDownHold};
    c.up();
    c.take();
    c.fail();
    c.run_for(400ms);
    c.change(SessionState::Init, Diag::ControlDetectionTimeExpired, SessionState::Down);
    c.run_for(100ms);
    EXPECT_EQ(c.take().size(), 1U);
    EXPECT_EQ(c.told.indication, Indication::PathFailure);
}

TEST(DownHold, AnAdminDownIsToldAtOnce) {
    for (const auto disable : {&Clients::disable, &Clients::peer_disables}) {
        Clients c{kDownHold};
        c.up();
        c.take();
        (c.*disable)();
        EXPECT_EQ(c.take().size(), 1U);
        EXPECT_EQ(c.told, (Told{Indication::AdminDown, Held::None}));
    }
}

TEST(Dampened, HoldsAnUpBackFromTheThresholdOn) {
    Clients c{kDampened};
    c.up();
    c.fail();
    EXPECT_FALSE(c.telling.dampened());
    c.up();
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None})) << "once is no flapping";
    c.take();
    c.fail();
    EXPECT_TRUE(c.telling.dampened());
    EXPECT_EQ(c.take().size(), 1U) << "a failure is never held back";
    EXPECT_EQ(c.told.indication, Indication::PathFailure);
    c.up();
    EXPECT_TRUE(c.take().empty());
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::Dampened}));
    // 2000 falls to 1000 in a half-life; nothing but time brings it about.
    c.run_for(4999ms);
    EXPECT_TRUE(c.take().empty());
    c.run_for(2ms);
    EXPECT_EQ(c.take().size(), 1U);
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
    EXPECT_FALSE(c.telling.dampened());
}

TEST(Dampened, EndsAndIsToldWhileTheSessionIsDown) {
    Clients c{kDampened};
    for (int i = 0; i < 2; ++i) {
        c.up();
        c.fail();
    }
    c.take();
    c.run_for(6s);
    const auto heard = c.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].transitions, 0U);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::None}));
    EXPECT_FALSE(c.telling.dampened());
    c.up();
    EXPECT_EQ(c.told.indication, Indication::Up);
}

TEST(Dampened, IsNeverLongerThanTheMostAfterTheLastFailure) {
    Clients c{kDampened};
    for (int i = 0; i < 1000; ++i) {
        c.up();
        c.fail();
    }
    c.up();
    c.take();
    c.run_for(19'990ms);
    EXPECT_TRUE(c.telling.dampened());
    c.run_for(11ms);
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
}

TEST(Dampened, WhatAnAdministratorEndsIsNoFlap) {
    Clients c{kDampened};
    for (int i = 0; i < 10; ++i) {
        c.up();
        c.disable();
        c.up();
        c.peer_disables();
    }
    EXPECT_FALSE(c.telling.dampened());
    EXPECT_EQ(c.telling.penalty(c.now), 0);
}

TEST(Dampened, CountsFlapsThatOneEventMergedAndHidesNoneOfThem) {
    Clients c{kDampened};
    c.up();
    c.take();
    c.status.down_count += 3;
    c.change(SessionState::Up, Diag::None, SessionState::Up, 6);
    EXPECT_TRUE(c.telling.dampened());
    EXPECT_EQ(c.take().size(), 1U);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::Dampened}))
        << "who was told Up hears that it did not last";
}

TEST(Dampened, GoesBeforeADownHold) {
    Clients c{{.down_hold = Milliseconds{500}, .dampening = kDampened.dampening}};
    c.up();
    c.take();
    c.fail();
    c.up();
    EXPECT_TRUE(c.take().empty());
    c.fail();
    EXPECT_EQ(c.take().size(), 1U) << "flapping is not hidden";
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::None}));
}

TEST(Dampened, IsFollowedByTheUpHold) {
    Clients c{{.up_hold = Milliseconds{3000}, .dampening = kDampened.dampening}};
    for (int i = 0; i < 4; ++i) {
        c.up();
        c.run_for(4s);
        c.fail();
    }
    c.run_for(3s);
    c.up();
    EXPECT_EQ(c.told.held, Held::Dampened);
    c.run_to(c.telling.reusable_at());
    EXPECT_EQ(c.told.held, Held::UpHold);
    c.run_for(3s);
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
}

TEST(Dampened, EndsWhenItIsClearedOrSwitchedOff) {
    for (const bool cleared : {true, false}) {
        Clients c{kDampened};
        for (int i = 0; i < 3; ++i) {
            c.up();
            c.fail();
        }
        c.up();
        c.take();
        if (cleared) {
            c.telling.clear_dampening();
        } else {
            c.telling.set_policy({});
        }
        c.look();
        EXPECT_EQ(c.take().size(), 1U);
        EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
        EXPECT_FALSE(c.telling.deadline());
    }
}

// req: RFC5882-2-06
TEST(MergedDown, IsToldToWhoKnewTheSessionUp) {
    Clients c{{}};
    c.up();
    c.take();
    c.run_for(1s);
    c.blink(10ms);
    const auto heard = c.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].reported_state, SessionState::Up);
    EXPECT_EQ(heard[0].now.session_state, SessionState::Up);
    EXPECT_EQ(heard[0].downs, 1U);
    EXPECT_EQ(heard[0].down_diag, Diag::ControlDetectionTimeExpired);
    EXPECT_EQ(heard[0].last_at - heard[0].first_at, 10ms);
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
}

// req: RFC5882-3.1-01 RFC5882-3.1-02
TEST(MergedDown, ThatIsShorterThanADownHoldHasNotHappened) {
    Clients c{kDownHold};
    c.up();
    c.run_for(1s);
    c.take();
    c.blink(499ms);
    EXPECT_TRUE(c.take().empty());
    c.run_for(1s);
    c.blink(500ms);
    const auto heard = c.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].downs, 1U) << "without the one that was hidden";
    EXPECT_EQ(heard[0].transitions, 2U);
}

TEST(MergedDown, OfAnAdministratorIsNotHidden) {
    Clients c{kDownHold};
    c.up();
    c.run_for(1s);
    c.take();
    c.blink(10ms, Diag::AdministrativelyDown);
    ASSERT_EQ(c.take().size(), 1U);
}

TEST(MergedDown, IsAFailureUntilTheUpHasLasted) {
    Clients c{kUpHold};
    c.up();
    c.run_for(3s);
    c.take();
    c.blink(10ms);
    ASSERT_EQ(c.take().size(), 1U);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::UpHold}));
    c.run_for(1999ms);
    EXPECT_TRUE(c.take().empty());
    c.run_for(1ms);
    EXPECT_EQ(c.take().size(), 1U);
    EXPECT_EQ(c.told, (Told{Indication::Up, Held::None}));
}

TEST(MergedDown, CountsForDampening) {
    Clients c{kDampened};
    c.up();
    c.take();
    c.blink(1ms);
    c.blink(1ms);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::Dampened}));
    EXPECT_EQ(c.take().size(), 2U);
}

TEST(Telling, TellsEverythingWhenNothingIsToBeHeld) {
    Clients c{{}};
    c.up();
    c.parameters();
    c.fail();
    EXPECT_EQ(c.take().size(), 3U);
    EXPECT_EQ(c.told, (Told{Indication::PathFailure, Held::None}));
}

TEST(Telling, OfASessionThatWasUpBeforeItHadAPolicyGoesOn) {
    bfd::SessionSnapshot status = in(SessionState::Up);
    status.down_count = 7;
    Told told{Indication::Up, Held::None};
    Telling telling{kDampened, status, told.indication};
    bfd::SessionEvent event;
    event.reported_state = SessionState::Up;
    status.session_state = SessionState::Down;
    status.local_diag = Diag::ControlDetectionTimeExpired;
    status.remote_session_state = SessionState::Up;
    ++status.down_count;
    event.now = status;
    event.transitions = 1;
    bfd::SessionEvent out;
    EXPECT_TRUE(telling.on_event(event, Instant{1s}, told, out));
    EXPECT_DOUBLE_EQ(telling.penalty(Instant{1s}), 1000) << "the seven before were not seen";
    EXPECT_EQ(told.indication, Indication::PathFailure);
}

}  // namespace
}  // namespace tocsin::control::notify
