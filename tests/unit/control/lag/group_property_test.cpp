// Random sequences of what can happen to a LAG, from printed seeds, against what RFC 7130 says must
// hold after each step.

#include "control/lag/group.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tocsin::control::lag {
namespace {

using namespace std::chrono_literals;
using notify::Indication;

constexpr std::size_t kMembers = 4;
constexpr int kSteps = 400;
constexpr unsigned kSeeds = 200;

/// One LAG and what a reader of the RFC would note about it.
class Story {
public:
    explicit Story(unsigned seed) : random_{seed}, group_{make()} {
        group_.judge(now_);
        remember();
    }

    void step() {
        const std::size_t member = pick(kMembers);
        switch (pick(6)) {
            case 0:
                if (group_.config().lacp == config::Lacp::Api) {
                    group_.report(member, static_cast<LinkState>(pick(kLinkStates)));
                }
                break;
            case 1:
                group_.set_link(member, pick(4) != 0);
                break;
            case 2:
                now_ += std::chrono::milliseconds{pick(20'000)};
                break;
            default:
                group_.set_sessions(member,
                                    {.v4 = static_cast<Indication>(pick(notify::kIndications)),
                                     .v6 = static_cast<Indication>(pick(notify::kIndications))});
        }
        group_.judge(now_);
        check();
        remember();
    }

private:
    std::size_t pick(std::size_t n) {
        return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_);
    }
    config::Lag make() {
        config::Lag out;
        out.name = "lag1";
        for (std::size_t i = 0; i < kMembers; ++i) out.members.push_back(std::to_string(i));
        out.remote = {IpAddress{.family = AddressFamily::V4}};
        if (pick(2) == 0) out.remote.push_back(IpAddress{.family = AddressFamily::V6});
        out.local = out.remote;
        out.per_family = pick(2) == 0;
        out.lacp = pick(2) == 0 ? config::Lacp::Api : config::Lacp::None;
        out.assume_active = pick(2) == 0;
        out.up_timeout = std::chrono::milliseconds{pick(3) * 10'000};
        out.minimum_links = static_cast<std::uint32_t>(1 + pick(kMembers));
        return out;
    }
    [[nodiscard]] Verdict verdict_of(const Group::Member& m, Table table) const {
        std::vector<Indication> told;
        const bool v6 = group_.config().remote.size() == 2;
        if (table != Table::V6) told.push_back(m.sessions.v4);
        if (table == Table::V6 || (table == Table::Both && v6)) told.push_back(m.sessions.v6);
        return verdict(told);
    }

    void check() {
        std::size_t used = 0;
        for (std::size_t i = 0; i < kMembers; ++i) {
            const Group::Member& m = group_.members()[i];
            bool any = false;
            for (const Table table : group_.tables()) {
                const Verdict v = verdict_of(m, table);
                const bool is_used = group_.in_use(m, table);
                any |= is_used;
                const bool was_in = before_[i].place(table).in();
                const bool is_in = m.place(table).in();
                EXPECT_FALSE(is_used && v == Verdict::Failed) << "5";
                EXPECT_FALSE(is_used && m.state != LinkState::Distributing) << "3";
                EXPECT_FALSE(is_used && !m.link_up);
                if (!wants_sessions(m.state)) continue;
                if (v == Verdict::Up) {
                    EXPECT_TRUE(is_in) << "3";
                }
                if (v != Verdict::Up) {
                    EXPECT_FALSE(!was_in && is_in) << "3: only Up brings a member in";
                }
                if (v == Verdict::Admin && before_[i].state == m.state) {
                    EXPECT_EQ(is_in, was_in) << "appendix A: AdminDown changes nothing";
                }
                if (v == Verdict::None && is_in && group_.config().up_timeout.count() != 0) {
                    ASSERT_TRUE(m.place(table).deadline().has_value()) << "appendix A";
                    EXPECT_GT(*m.place(table).deadline(), now_);
                }
            }
            used += any ? 1U : 0U;
        }
        EXPECT_EQ(used, group_.members_in_use());
        EXPECT_EQ(group_.up(), used >= group_.config().minimum_links);
    }
    void remember() { before_ = group_.members(); }

    std::mt19937 random_;
    Instant now_{1000s};
    Group group_;
    std::vector<Group::Member> before_;
};

TEST(GroupProperty, HoldsWhateverHappens) {
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Story story{seed};
        for (int i = 0; i < kSteps && !testing::Test::HasFailure(); ++i) story.step();
        ASSERT_FALSE(testing::Test::HasFailure());
    }
}

}  // namespace
}  // namespace tocsin::control::lag
