#include "control/lag/place.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tocsin::control::lag {
namespace {

using namespace std::chrono_literals;
using notify::Indication;
using enum Indication;

constexpr Instant kStart{1000s};

Place place(bool forwards, Verdict verdict, std::chrono::milliseconds timeout = 60s) {
    Place out;
    out.begin(forwards);
    out.judge(verdict, kStart, timeout);
    return out;
}

// RFC 7130 3
TEST(Verdict, OfTwoSessionsEveryPair) {
    const auto of = [](Indication a, Indication b) {
        const Verdict one = verdict(std::vector{a, b});
        EXPECT_EQ(one, verdict(std::vector{b, a}));
        return one;
    };
    EXPECT_EQ(of(Up, Up), Verdict::Up);
    EXPECT_EQ(of(Up, None), Verdict::None);
    EXPECT_EQ(of(None, None), Verdict::None);
    EXPECT_EQ(of(Up, PathFailure), Verdict::Failed);
    EXPECT_EQ(of(None, PathFailure), Verdict::Failed);
    EXPECT_EQ(of(PathFailure, PathFailure), Verdict::Failed);
    EXPECT_EQ(of(AdminDown, PathFailure), Verdict::Failed);
    EXPECT_EQ(of(AdminDown, Up), Verdict::Admin);
    EXPECT_EQ(of(AdminDown, None), Verdict::Admin);
    EXPECT_EQ(of(AdminDown, AdminDown), Verdict::Admin);
    EXPECT_EQ(verdict({}), Verdict::None);
}

// req: RFC7130-3-03
TEST(Place, OfALinkThatDidNotForwardWaitsForUp) {
    Place p = place(false, Verdict::None);
    EXPECT_FALSE(p.in());
    EXPECT_EQ(p.reason(), Reason::NotUpYet);
    p.judge(Verdict::Up, kStart, 60s);
    EXPECT_TRUE(p.in());
    EXPECT_TRUE(p.confirmed());
}

// req: RFC7130-5-01
TEST(Place, IsLostWithASessionThatFailsAndHadAgainWithUp) {
    Place p = place(true, Verdict::Up);
    p.judge(Verdict::Failed, kStart, 60s);
    EXPECT_FALSE(p.in());
    EXPECT_EQ(p.reason(), Reason::Failed);
    p.judge(Verdict::None, kStart, 60s);
    EXPECT_FALSE(p.in()) << "the new session is not Up yet";
    p.judge(Verdict::Up, kStart, 60s);
    EXPECT_TRUE(p.confirmed());
}

// req: RFC7130-A-01
TEST(Place, OfALinkThatForwardedStaysUntilTheFirstUp) {
    Place p = place(true, Verdict::None);
    EXPECT_TRUE(p.in());
    EXPECT_FALSE(p.confirmed());
    EXPECT_EQ(p.reason(), Reason::Assumed);
    p.judge(Verdict::Up, kStart + 10s, 60s);
    EXPECT_TRUE(p.confirmed());
    EXPECT_EQ(p.deadline(), std::nullopt);
}

// req: RFC7130-A-02
TEST(Place, ThatWasOnlyAssumedEndsWithTheLink) {
    Place p = place(true, Verdict::None);
    p.inactive();
    EXPECT_FALSE(p.in());
    EXPECT_EQ(p.reason(), Reason::Inactive);
    p.judge(Verdict::None, kStart + 1s, 60s);
    EXPECT_FALSE(p.in());
    p.judge(Verdict::Up, kStart + 2s, 60s);
    EXPECT_TRUE(p.in());
    p.inactive();
    EXPECT_TRUE(p.in()) << "a session says so, and will say when not";
}

// req: RFC7130-A-05
TEST(Place, ThatIsAssumedForTooLongIsLost) {
    Place p = place(true, Verdict::None, 5s);
    EXPECT_EQ(p.deadline(), kStart + 5s);
    p.judge(Verdict::None, kStart + 5s - 1ns, 5s);
    EXPECT_TRUE(p.in());
    p.judge(Verdict::None, kStart + 5s, 5s);
    EXPECT_FALSE(p.in());
    EXPECT_EQ(p.reason(), Reason::Timeout);
    EXPECT_EQ(p.deadline(), std::nullopt);
}

// req: RFC7130-A-06
TEST(Place, IsAssumedForEverWithoutATimeout) {
    Place p = place(true, Verdict::None, 0s);
    EXPECT_EQ(p.deadline(), std::nullopt);
    p.judge(Verdict::None, kStart + 1000h, 0s);
    EXPECT_TRUE(p.in());
}

// req: RFC7130-A-04
TEST(Place, StaysAsItIsWhileAnAdministratorHasASessionDown) {
    for (const bool forwards : {true, false}) {
        Place p = place(forwards, Verdict::None, 5s);
        p.judge(Verdict::Admin, kStart + 4s, 5s);
        EXPECT_EQ(p.deadline(), std::nullopt) << "no timeout runs";
        p.judge(Verdict::Admin, kStart + 1000s, 5s);
        EXPECT_EQ(p.in(), forwards);
    }
    Place up = place(true, Verdict::Up, 5s);
    up.judge(Verdict::Admin, kStart, 5s);
    EXPECT_TRUE(up.in());
    EXPECT_FALSE(up.confirmed());
    EXPECT_EQ(up.reason(), Reason::AdminDown);
    Place failed = place(true, Verdict::Failed, 5s);
    failed.judge(Verdict::Admin, kStart, 5s);
    EXPECT_FALSE(failed.in());
    EXPECT_EQ(failed.reason(), Reason::Failed);
}

TEST(Place, HasItsTimeoutAnewAfterTheAdministratorIsDone) {
    Place p = place(true, Verdict::Up, 5s);
    p.judge(Verdict::Admin, kStart + 10s, 5s);
    p.judge(Verdict::None, kStart + 20s, 5s);
    EXPECT_TRUE(p.in()) << "the session needs time to come up";
    EXPECT_EQ(p.deadline(), kStart + 25s);
    p.judge(Verdict::None, kStart + 25s, 5s);
    EXPECT_FALSE(p.in());
}

}  // namespace
}  // namespace tocsin::control::lag
