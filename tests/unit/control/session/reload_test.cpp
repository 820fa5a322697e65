#include "control/session/reload.hpp"

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

class ReloadTest : public ManagerFixture {
protected:
    static config::SessionChange change(const config::Session& from, const config::Session& to,
                                        bool recreate = false) {
        return {.from = from, .to = to, .members = {"x"}, .must_be_recreated = recreate};
    }
    static config::Diff diff(std::vector<config::Session> added,
                             std::vector<config::Session> removed = {},
                             std::vector<config::SessionChange> changed = {}) {
        config::Diff out;
        out.added = std::move(added);
        out.removed = std::move(removed);
        out.changed = std::move(changed);
        return out;
    }
    SessionId by_remote(std::string_view remote) {
        return manager.resolve(PeerSelector{.remote = ip(remote)}).value();
    }
};

TEST_F(ReloadTest, AddsRemovesAndLeavesTheRestAlone) {
    const SessionId stays = up("10.0.0.2", Origin::Config);
    add(spec("10.0.0.3"), Origin::Config);
    const auto applied = manager.apply(diff({spec("10.0.0.4")}, {spec("10.0.0.3")}));
    ASSERT_TRUE(applied.ok());
    EXPECT_EQ(applied.value().added, 1U);
    EXPECT_EQ(applied.value().removed, 1U);
    run(5s);
    EXPECT_EQ(state(stays), bfd::SessionState::Up);
    EXPECT_EQ(manager.view(stays)->status.down_count, 0U);
    EXPECT_FALSE(manager.resolve(PeerSelector{.remote = ip("10.0.0.3")}).ok());
    EXPECT_EQ(manager.view(by_remote("10.0.0.4"))->origin, Origin::Config);
}

TEST_F(ReloadTest, ChangesTimersOfAnUpSessionByPollSequence) {
    const SessionId id = up("10.0.0.2", Origin::Config);
    config::Session to = spec("10.0.0.2", "p0", "renamed");
    to.parameters.required_min_rx_interval = 100ms;
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(spec("10.0.0.2"), to)})).ok());
    run(3s);
    const auto v = manager.view(id).value();
    EXPECT_EQ(v.status.session_state, bfd::SessionState::Up);
    EXPECT_EQ(v.status.down_count, 0U);
    EXPECT_EQ(v.status.required_min_rx_interval, WireInterval{100'000});
    EXPECT_EQ(manager.resolve(std::string{"renamed"}).value(), id);
}

TEST_F(ReloadTest, ChangesNothingWhenASessionOfTheApiIsInTheWay) {
    add(spec("10.0.0.3"), Origin::Config);
    const SessionId api = add(spec("10.0.0.4", "p0", "mine"));
    const auto peer = manager.apply(diff({spec("10.0.0.9"), spec("10.0.0.4")}, {spec("10.0.0.3")}));
    ASSERT_FALSE(peer.ok());
    EXPECT_EQ(peer.error().kind, ErrorKind::AlreadyExists);
    const auto name = manager.apply(diff({spec("10.0.0.9", "p0", "mine")}, {spec("10.0.0.3")}));
    ASSERT_FALSE(name.ok());
    EXPECT_EQ(manager.registry().size(), 2U);
    EXPECT_TRUE(manager.view(by_remote("10.0.0.3")));
    EXPECT_EQ(manager.view(api)->origin, Origin::Api);
}

TEST_F(ReloadTest, ChangesNothingWhenASessionThatWaitsForARestartKeepsTheName) {
    const SessionId keeps = add(spec("10.0.0.2", "p0", "a"), Origin::Config);
    const SessionId other = add(spec("10.0.0.3", "p0", "b"), Origin::Config);
    // What diff() leaves out, since the port of the first one changed, is not in the difference.
    const auto added = manager.apply(diff({spec("10.0.0.9", "p0", "a")}));
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(added.error().kind, ErrorKind::AlreadyExists);
    const auto renamed = manager.apply(
        diff({}, {}, {change(spec("10.0.0.3", "p0", "b"), spec("10.0.0.3", "p0", "a"))}));
    ASSERT_FALSE(renamed.ok());
    EXPECT_EQ(manager.resolve(std::string{"a"}).value(), keeps);
    EXPECT_EQ(manager.resolve(std::string{"b"}).value(), other);
    // A name that the same reload gives up is free.
    ASSERT_TRUE(manager
                    .apply(diff({spec("10.0.0.9", "p0", "b")}, {},
                                {change(spec("10.0.0.3", "p0", "b"), spec("10.0.0.3", "p0", "c"))}))
                    .ok());
    EXPECT_EQ(manager.resolve(std::string{"b"}).value(), by_remote("10.0.0.9"));
}

TEST_F(ReloadTest, KeepsAnOperatorsAdminDownWhenASessionIsMadeAnew) {
    const SessionId id = up("10.0.0.2", Origin::Config);
    manager.set_admin({&id, 1}, true);
    config::Session moved = spec("10.0.0.2");
    moved.local = ip("10.0.0.1");
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(spec("10.0.0.2"), moved, true)})).ok());
    run(5s);
    EXPECT_EQ(state(by_remote("10.0.0.2")), bfd::SessionState::AdminDown);
    // The file decides again when it says something new about it.
    config::Session down = moved;
    down.admin_down = true;
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(moved, down)})).ok());
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(down, moved, true)})).ok());
    run(5s);
    EXPECT_EQ(state(by_remote("10.0.0.2")), bfd::SessionState::Up);
}

TEST_F(ReloadTest, ChangesNothingAboveMaxSessions) {
    add(spec("10.0.0.3"), Origin::Config);
    config::Diff more = diff({}, {spec("10.0.0.3")});
    for (int i = 1; i <= 65; ++i) more.added.push_back(spec("10.0.1." + std::to_string(i)));
    const auto applied = manager.apply(more);
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().kind, ErrorKind::ResourceExhausted);
    EXPECT_EQ(manager.registry().size(), 1U);
}

TEST_F(ReloadTest, LetsTwoSessionsSwapTheirNames) {
    const config::Session a = spec("10.0.0.2", "p0", "a");
    const config::Session b = spec("10.0.0.3", "p0", "b");
    const SessionId first = add(a, Origin::Config);
    const SessionId second = add(b, Origin::Config);
    ASSERT_TRUE(manager
                    .apply(diff({}, {},
                                {change(a, spec("10.0.0.2", "p0", "b")),
                                 change(b, spec("10.0.0.3", "p0", "a"))}))
                    .ok());
    EXPECT_EQ(manager.resolve(std::string{"b"}).value(), first);
    EXPECT_EQ(manager.resolve(std::string{"a"}).value(), second);
}

TEST_F(ReloadTest, RecreatesASessionWhoseLocalAddressChanges) {
    const SessionId old = up("10.0.0.2", Origin::Config);
    config::Session to = spec("10.0.0.2");
    to.local = ip("10.0.0.7");
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(spec("10.0.0.2"), to, true)})).ok());
    EXPECT_FALSE(manager.view(old));
    EXPECT_EQ(manager.view(by_remote("10.0.0.2"))->spec.local, ip("10.0.0.7"));
    run(10ms);
    EXPECT_EQ(dataplane.engine_sessions(), 1U);
}

TEST_F(ReloadTest, KeepsWhatAnOperatorDecidedUnlessTheFileChangesIt) {
    const SessionId id = add(spec("10.0.0.2"), Origin::Config);
    manager.set_admin({&id, 1}, true);
    config::Session to = spec("10.0.0.2");
    to.parameters.detect_mult = 5;
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(spec("10.0.0.2"), to)})).ok());
    EXPECT_TRUE(manager.view(id)->spec.admin_down);
    config::Session down = to;
    down.admin_down = true;
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(down, to)})).ok());
    EXPECT_FALSE(manager.view(id)->spec.admin_down);
}

TEST_F(ReloadTest, TellsWatchersByNameOfASessionThatIsMadeAnew) {
    const config::Session from = spec("10.0.0.2", "p0", "edge-1");
    const SessionId old = add(from, Origin::Config);
    const auto watch = std::make_shared<RecordingWatch>();
    Filter filter;
    filter.name_contains = "edge";
    ASSERT_TRUE(manager.hub().open(filter, true, watch).ok());
    config::Session to = from;
    to.local = ip("10.0.0.7");
    ASSERT_TRUE(manager.apply(diff({}, {}, {change(from, to, true)})).ok());
    run(1ms);
    ASSERT_EQ(watch->items.size(), 2U);
    EXPECT_EQ(watch->items[0].kind, WatchKind::Deleted);
    EXPECT_EQ(watch->items[0].session.id, old);
    EXPECT_EQ(watch->items[0].session.spec.name, "edge-1");
    EXPECT_EQ(watch->items[1].kind, WatchKind::Added);
}

TEST_F(ReloadTest, LetsNamesMoveOnFromOneSessionToTheNext) {
    const config::Session a = spec("10.0.0.2", "p0", "a");
    const config::Session b = spec("10.0.0.3", "p0", "b");
    const config::Session c = spec("10.0.0.4", "p0", "c");
    for (const config::Session& s : {a, b, c}) add(s, Origin::Config);
    const auto named = [](config::Session s, const char* name) {
        s.name = name;
        return s;
    };
    config::Session moved = named(a, "b");
    moved.local = ip("10.0.0.7");
    ASSERT_TRUE(manager
                    .apply(diff({named(spec("10.0.0.9"), "a")}, {c},
                                {change(a, moved, true), change(b, named(b, "c"))}))
                    .ok());
    EXPECT_EQ(manager.resolve(std::string{"a"}).value(), by_remote("10.0.0.9"));
    EXPECT_EQ(manager.resolve(std::string{"b"}).value(), by_remote("10.0.0.2"));
    EXPECT_EQ(manager.resolve(std::string{"c"}).value(), by_remote("10.0.0.3"));
}

}  // namespace
}  // namespace tocsin::control::session
