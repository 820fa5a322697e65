// LAGs over real engines in virtual time, with a load balancer that does what a test says.

#include "control/lag/controller.hpp"

#include "control/lag/log_actuator.hpp"
#include "fixture.hpp"

#include <map>
#include <set>
#include <string>

namespace tocsin::control::lag {
namespace {

using namespace std::chrono_literals;
using bfd::SessionState;
using session::ip;
using session::Origin;

/// A load balancer and what was asked of it.
class ScriptedActuator final : public Actuator {
public:
    /// Outlives the actuator.
    struct Script {
        std::vector<std::string> acts;  ///< "out a", "in a"
        std::set<std::string> out;      ///< ports that are not used
        bool refuses = false;
        bool lies = false;  ///< says that it was done, and does nothing
    };
    explicit ScriptedActuator(Script& script) : script_{script} {}

    [[nodiscard]] std::string_view name() const noexcept override { return "scripted"; }
    [[nodiscard]] bool has_tables() const noexcept override { return false; }
    void take_out(const Target& target, Done done) override { act("out", target, done); }
    void put_back(const Target& target, Done done) override { act("in", target, done); }
    void query(const Target& target, Found found) override {
        found(!script_.out.contains(target.port));
    }

private:
    void act(const char* what, const Target& target, const Done& done) {
        script_.acts.push_back(std::string{what} + ' ' + target.port);
        if (script_.refuses) return done(Error{ErrorKind::Unavailable, "busy", {}});
        if (!script_.lies && std::string_view{what} == "out") script_.out.insert(target.port);
        if (!script_.lies && std::string_view{what} == "in") script_.out.erase(target.port);
        done(Ok{});
    }
    Script& script_;
};

config::Session member(std::string_view port, AddressFamily family = AddressFamily::V4) {
    const bool v4 = family == AddressFamily::V4;
    config::Session s = session::spec(v4 ? "10.0.0.2" : "2001:db8::2", port);
    s.type = SessionType::Micro;
    s.name = config::member_session_name("lag1", port, family);
    return s;
}

config::Lag two_members() {
    config::Lag out;
    out.name = "lag1";
    out.members = {"p0", "p1"};
    out.local = {ip("10.0.0.1")};
    out.remote = {ip("10.0.0.2")};
    return out;
}

using Acts = std::vector<std::string>;

class LagController : public session::ManagerFixture {
protected:
    LagController() {
        manager.set_listener(&controller);
        for (std::uint16_t port = 0; port < 2; ++port) {
            dataplane.add_member_peer({port}, AddressFamily::V4, member("p0").parameters);
        }
    }
    ~LagController() override { manager.set_listener(nullptr); }

    void configure(const config::Lag& lag) {
        std::vector<config::Session> sessions{member("p0"), member("p1")};
        for (config::Session& s : sessions) {
            s.on_request = lag.lacp != config::Lacp::None;
            if (manager.registry().find_name(s.name) == nullptr) {
                EXPECT_TRUE(manager.add({&s, 1}, Origin::Config, {}).ok());
            }
        }
        controller.set_lags({lag}, sessions);
    }
    void run(Nanoseconds time) {
        for (Nanoseconds t{0}; t < time; t += 1ms) {
            dataplane.advance(1ms);
            static_cast<void>(manager.poll());
            controller.poll();
        }
    }
    session::SessionRecord* record(std::uint16_t port) {
        return manager.registry().find_micro(PortId{port}, AddressFamily::V4);
    }
    LagView view() { return controller.views().front(); }
    /// What was asked since the last call.
    Acts acts() { return std::exchange(script.acts, {}); }

    ScriptedActuator::Script script;
    Controller controller{manager, dataplane, [this](const config::Lag&) {
                              return std::make_unique<ScriptedActuator>(script);
                          }};
};

// req: RFC7130-2-01 RFC7130-2.2-01
TEST_F(LagController, HasASessionOnEachMemberThatComesUp) {
    configure(two_members());
    run(4s);
    for (const std::uint16_t port : {0, 1}) {
        ASSERT_NE(record(port), nullptr);
        EXPECT_EQ(record(port)->status.session_state, SessionState::Up);
    }
    EXPECT_NE(record(0)->handle.local_discr, record(1)->handle.local_discr);
    EXPECT_TRUE(view().up);
    EXPECT_EQ(view().members_in_use, 2U);
    EXPECT_TRUE(view().members[0].confirmed);
    EXPECT_EQ(acts(), Acts{}) << "both were used all the time";
}

// req: RFC7130-1-01 RFC7130-1-02 RFC7130-5-01 RFC7130-2.2-07
TEST_F(LagController, TakesAFailedMemberOutAndPutsItBack) {
    configure(two_members());
    run(4s);
    dataplane.cut({1}, true);
    run(200ms);
    EXPECT_EQ(acts(), Acts{"out p1"});
    EXPECT_EQ(view().members_in_use, 1U);
    EXPECT_EQ(view().taken_out, 1U);
    EXPECT_EQ(view().members[1].places[0].reason, Reason::Failed);
    EXPECT_EQ(record(0)->status.session_state, SessionState::Up);
    dataplane.cut({1}, false);
    run(4s);
    EXPECT_EQ(acts(), Acts{"in p1"});
    EXPECT_EQ(view().members_in_use, 2U);
}

TEST_F(LagController, KeepsTheLastMemberUnlessToldOtherwise) {
    configure(two_members());
    run(4s);
    dataplane.cut({0}, true);
    dataplane.cut({1}, true);
    run(300ms);
    EXPECT_EQ(acts().size(), 1U);
    LagView v = view();
    EXPECT_FALSE(v.up) << "whatever the load balancer still uses";
    EXPECT_EQ(v.members[0].places[0].kept_as_last + v.members[1].places[0].kept_as_last, 1);
    EXPECT_EQ(script.out.size(), 1U);
    config::Lag lag = two_members();
    lag.take_out_last = true;
    configure(lag);
    run(10ms);
    EXPECT_EQ(script.out.size(), 2U);
}

TEST_F(LagController, TakesTheKeptOneOutOnceAnotherCarriesTraffic) {
    configure(two_members());
    run(4s);
    dataplane.cut({0}, true);
    run(300ms);
    dataplane.cut({1}, true);
    run(300ms);
    EXPECT_EQ(acts(), Acts{"out p0"});
    dataplane.cut({0}, false);
    run(4s);
    EXPECT_EQ(acts(), (Acts{"in p0", "out p1"}));
}

// req: RFC7130-A-04
TEST_F(LagController, LeavesAMemberAloneThatAnAdministratorTookDown) {
    configure(two_members());
    run(4s);
    const session::SessionId id = record(0)->id;
    manager.set_admin({&id, 1}, true);
    dataplane.set_peer_admin(1, true);
    run(5s);
    EXPECT_EQ(record(0)->status.session_state, SessionState::AdminDown);
    EXPECT_EQ(record(1)->status.remote_session_state, SessionState::AdminDown);
    EXPECT_EQ(acts(), Acts{});
    EXPECT_EQ(view().members_in_use, 2U);
    EXPECT_EQ(view().members[0].places[0].reason, Reason::AdminDown);
    manager.set_admin({&id, 1}, false);
    dataplane.set_peer_admin(1, false);
    run(5s);
    EXPECT_EQ(acts(), Acts{});
    EXPECT_TRUE(view().members[0].confirmed);
}

// req: RFC7130-A-01 RFC7130-A-05 RFC7130-A-08
TEST_F(LagController, TakesASilentMemberOutAfterTheTimeoutOnly) {
    dataplane.cut({1}, true);
    config::Lag lag = two_members();
    lag.up_timeout = 5s;
    configure(lag);
    run(4900ms);
    EXPECT_EQ(acts(), Acts{});
    EXPECT_TRUE(view().members[1].in_use);
    EXPECT_FALSE(view().members[1].sessions[0].peer_heard);
    run(200ms);
    EXPECT_EQ(acts(), Acts{"out p1"});
    EXPECT_EQ(view().members[1].places[0].reason, Reason::Timeout);
}

TEST_F(LagController, TakesMembersOutAtOnceThatAreNotAssumedToForward) {
    config::Lag lag = two_members();
    lag.assume_active = false;
    lag.take_out_last = true;
    configure(lag);
    EXPECT_EQ(acts(), (Acts{"out p0", "out p1"}));
    EXPECT_FALSE(view().up);
    run(4s);
    EXPECT_EQ(acts().size(), 2U);
    EXPECT_TRUE(view().up);
}

// req: RFC7130-3-01 RFC7130-3-02
TEST_F(LagController, AddsAndRemovesSessionsAsLacpSays) {
    config::Lag lag = two_members();
    lag.lacp = config::Lacp::Api;
    configure(lag);
    run(1s);
    EXPECT_EQ(record(0), nullptr);
    ASSERT_TRUE(controller.report("lag1", "p0", LinkState::Standby).ok());
    run(4s);
    ASSERT_NE(record(0), nullptr);
    EXPECT_EQ(record(0)->status.session_state, SessionState::Up);
    EXPECT_FALSE(view().members[0].in_use);
    ASSERT_TRUE(controller.report("lag1", "p0", LinkState::Distributing).ok());
    EXPECT_EQ(record(0)->status.session_state, SessionState::Up) << "the session stays";
    EXPECT_TRUE(view().members[0].in_use);
    ASSERT_TRUE(controller.report("lag1", "p0", LinkState::Collecting).ok());
    EXPECT_EQ(record(0), nullptr);
    EXPECT_EQ(record(1), nullptr);
    EXPECT_EQ(acts(), Acts{}) << "it is LACP that took the member out";
}

TEST_F(LagController, RefusesReportsOfWhatItDoesNotHave) {
    configure(two_members());
    const auto kind = [&](const char* lag, const char* port) {
        return controller.report(lag, port, LinkState::Standby).error().kind;
    };
    EXPECT_EQ(kind("lag2", "p0"), ErrorKind::NotFound);
    EXPECT_EQ(kind("lag1", "p2"), ErrorKind::NotFound);
    EXPECT_EQ(kind("lag1", "p0"), ErrorKind::FailedPrecondition);
}

TEST_F(LagController, TriesAgainWhatTheLoadBalancerDidNotDo) {
    configure(two_members());
    run(4s);
    script.refuses = true;
    dataplane.cut({1}, true);
    run(300ms);
    EXPECT_EQ(acts().size(), 1U);
    EXPECT_EQ(view().members[1].places[0].error, "busy");
    EXPECT_EQ(view().failed_acts, 1U);
    run(1s);
    EXPECT_EQ(acts().size(), 1U) << "after a second";
    script.refuses = false;
    run(2s);
    EXPECT_EQ(acts(), Acts{"out p1"});
    EXPECT_EQ(view().members[1].places[0].error, "");
    EXPECT_EQ(view().taken_out, 1U);
}

TEST_F(LagController, BelievesWhatTheLoadBalancerDoesAndNotWhatItSays) {
    configure(two_members());
    run(4s);
    script.lies = true;
    dataplane.cut({1}, true);
    run(300ms);
    EXPECT_EQ(view().taken_out, 0U);
    EXPECT_EQ(view().failed_acts, 1U);
    EXPECT_EQ(view().members[1].places[0].applied, true);
}

TEST_F(LagController, GivesBackWhatItNoLongerWatches) {
    configure(two_members());
    run(4s);
    dataplane.cut({1}, true);
    run(300ms);
    acts();
    controller.set_lags({}, {});
    EXPECT_EQ(acts(), Acts{"in p1"});
    EXPECT_TRUE(controller.views().empty());
}

TEST_F(LagController, DoesNotActOnAFailureThatAHoldKeepsFromClients) {
    config::Session held = member("p1");
    held.notification.down_hold = notify::Milliseconds{2000};
    ASSERT_TRUE(manager.add({&held, 1}, Origin::Config, {}).ok());
    configure(two_members());
    run(4s);
    dataplane.cut({1}, true);
    run(1500ms);
    EXPECT_EQ(record(1)->status.session_state, SessionState::Down);
    EXPECT_EQ(acts(), Acts{});
    run(1s);
    EXPECT_EQ(acts(), Acts{"out p1"});
}

TEST(LogActuator, AnswersAsOneThatObeys) {
    LogActuator actuator;
    const Actuator::Target target{.lag = "lag1", .port = "p0"};
    bool in = false;
    const auto ask = [&] {
        actuator.query(target, [&](const Result<bool>& found) { in = found.value(); });
        return in;
    };
    EXPECT_TRUE(ask());
    actuator.take_out(target, [](const Result<Ok>& r) { EXPECT_TRUE(r.ok()); });
    EXPECT_FALSE(ask());
    actuator.put_back(target, [](const Result<Ok>& r) { EXPECT_TRUE(r.ok()); });
    EXPECT_TRUE(ask());
}

}  // namespace
}  // namespace tocsin::control::lag
