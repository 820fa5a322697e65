// Sessions with authentication: keys reach the workers before the sessions do, and change while
// sessions are Up.

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

using bfd::AuthType;
using bfd::SessionState;

auth::Key key(std::uint8_t id, const std::string& secret, auth::Lifetime send = {}) {
    return {.id = id,
            .secret = std::make_shared<const auth::Secret>(secret.begin(), secret.end()),
            .secret_file = "/etc/key",
            .accept = {},
            .send = send};
}

const auth::Authentication kSha1{.type = AuthType::MeticulousKeyedSha1, .key_chain = "core"};
constexpr const char* kRemote = "10.0.0.2";
constexpr std::uint16_t kPeers = 1;  // number of the peer's keys

class KeyChains : public ManagerFixture {
protected:
    void set(std::vector<auth::Key> keys) {
        manager.set_key_chains({{.name = "core", .keys = std::move(keys)}});
    }
    void peer_uses(const std::vector<auth::Key>& keys) {
        dataplane.set_peer_keys(
            kPeers, *auth::keys_at({.name = "core", .keys = keys}, AuthType::MeticulousKeyedSha1,
                                   bfd::DigestMethod::Rfc5880, manager.wall_now()));
    }
    static config::Session authenticated(const auth::Authentication& how = kSha1) {
        config::Session s = spec(kRemote);
        s.auth = how;
        return s;
    }
    void add_peer() {
        const config::Session s = spec(kRemote);
        bfd::SessionParameters p = s.parameters;
        p.key_chain = kPeers;
        dataplane.add_peer({0}, s.local, s.remote, p);
    }
    /// An authenticated session that is Up.
    SessionId up_with(const std::vector<auth::Key>& keys, Origin origin = Origin::Api) {
        set(keys);
        peer_uses(keys);
        add_peer();
        const SessionId id = add(authenticated(), origin);
        run(3s);
        EXPECT_EQ(state(id), SessionState::Up);
        return id;
    }
    bfd::SessionSnapshot fresh(SessionId id) {
        bfd::SessionSnapshot out;
        manager.fetch({id}, [&](const Page& page) { out = page.sessions.at(0).status; });
        run(100ms);
        return out;
    }
    /// Looks at the keys each second, as the daemon does.
    void seconds(int n) {
        for (int i = 0; i < n; ++i) {
            run(1s);
            static_cast<void>(manager.look_at_keys());
        }
    }
};

TEST_F(KeyChains, AuthenticateASession) {
    const SessionId id = up_with({key(7, "secret")});
    const bfd::SessionSnapshot s = fresh(id);
    EXPECT_EQ(s.auth_type, AuthType::MeticulousKeyedSha1);
    EXPECT_TRUE(s.auth_can_sign);
    EXPECT_EQ(s.auth_key_id, 7);
    EXPECT_EQ(s.auth_failures, 0U);
    EXPECT_EQ(manager.view(id)->spec.auth, kSha1);
    EXPECT_EQ(manager.view(id)->spec.parameters.key_chain, 0) << "a number of our own";
    EXPECT_EQ(manager.chains().sessions("core"), 1U);
    EXPECT_TRUE(manager.remove({{id}}, Origin::Api, "sessions").ok());
    EXPECT_EQ(manager.chains().sessions("core"), 0U);
}

TEST_F(KeyChains, ThatAreNotThereAreRefused) {
    set({key(1, "seventeen octets!")});
    const auto refused = [&](const auth::Authentication& how) {
        const config::Session s = authenticated(how);
        const auto got = manager.add({&s, 1}, Origin::Api, "sessions");
        EXPECT_FALSE(got.ok());
        EXPECT_EQ(manager.registry().size(), 0U);
        return got.ok() ? std::string{} : got.error().text();
    };
    EXPECT_NE(refused({.type = AuthType::KeyedSha1, .key_chain = "edge"})
                  .find("sessions[0].auth: there is no key chain \"edge\""),
              std::string::npos);
    EXPECT_NE(refused({.type = AuthType::KeyedMd5, .key_chain = "core"}).find("at most 16"),
              std::string::npos);
    const config::Session s = authenticated({.type = AuthType::KeyedMd5, .key_chain = "core"});
    const AddedEach each = manager.add_each({&s, 1}, Origin::Api);
    ASSERT_EQ(each.refused.size(), 1U);
    EXPECT_EQ(each.refused[0].error.where, "auth");
}

TEST_F(KeyChains, NeedRoomInTheDataplane) {
    Manager without{two_ports(), dataplane, next_hops, Manager::Settings{.max_sessions = 8}};
    without.set_key_chains({{.name = "core", .keys = {key(1, "secret")}}});
    const config::Session s = authenticated();
    const auto got = without.add({&s, 1}, Origin::Api, "sessions");
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().kind, ErrorKind::FailedPrecondition);
}

TEST_F(KeyChains, RollOverByTimeWithoutADown) {
    const auth::WallTime change = manager.wall_now() + 10s;
    const std::vector<auth::Key> keys{key(1, "first"), key(2, "second", {.from = change})};
    const SessionId id = up_with(keys);
    EXPECT_EQ(fresh(id).auth_key_id, 1);
    seconds(10);
    EXPECT_EQ(fresh(id).auth_key_id, 2);
    const bfd::SessionSnapshot s = fresh(id);
    EXPECT_EQ(s.session_state, SessionState::Up);
    EXPECT_EQ(s.down_count, 0U);
    EXPECT_EQ(s.auth_failures, 0U);
    EXPECT_EQ(dataplane.peer_state(0), SessionState::Up) << "it accepts both";
}

TEST_F(KeyChains, WithoutAKeyToSignWithAreSilent) {
    const auth::WallTime end = manager.wall_now() + 10s;
    const SessionId id = up_with({key(1, "only", {.until = end})});
    seconds(12);
    EXPECT_NE(state(id), SessionState::Up) << "the peer hears nothing and says so";
    const bfd::SessionSnapshot s = fresh(id);
    EXPECT_FALSE(s.auth_can_sign);
    EXPECT_EQ(s.auth_type, AuthType::MeticulousKeyedSha1);
}

TEST_F(KeyChains, ChangeWhileTheSessionStaysUp) {
    const SessionId id = up_with({key(1, "first")});
    const std::vector<auth::Key> both{key(1, "first"), key(2, "second")};
    peer_uses(both);
    config::Diff diff;
    diff.key_chains = {{.name = "core", .keys = {key(2, "second")}}};
    EXPECT_TRUE(manager.apply(diff).ok());
    peer_uses({key(2, "second")});
    run(3s);
    const bfd::SessionSnapshot s = fresh(id);
    EXPECT_EQ(s.session_state, SessionState::Up);
    EXPECT_EQ(s.down_count, 0U);
    EXPECT_EQ(s.auth_key_id, 2);
}

TEST_F(KeyChains, OfTheApisSessionsStay) {
    const SessionId id = up_with({key(1, "first")});
    config::Diff diff;
    diff.key_chains = std::vector<auth::KeyChain>{};
    const auto refused = manager.apply(diff);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::FailedPrecondition);
    run(3s);
    EXPECT_EQ(fresh(id).down_count, 0U);
    EXPECT_EQ(manager.chains().chains().size(), 1U);
}

TEST_F(KeyChains, AreTakenUpAndLeftByAReload) {
    const std::vector<auth::Key> keys{key(1, "first")};
    const config::Session plain = spec(kRemote);
    const SessionId id = up(kRemote, Origin::Config);
    config::Diff on;
    on.key_chains = {{.name = "core", .keys = keys}};
    on.changed.push_back({.from = plain, .to = authenticated(), .members = {"auth"}});
    ASSERT_TRUE(manager.apply(on).ok());
    run(3s);
    EXPECT_NE(state(id), SessionState::Up) << "the peer has none";
    EXPECT_GT(fresh(id).auth_failures, 0U);
    EXPECT_EQ(fresh(id).last_auth_failure, DropReason::AuthMissing);
    config::Diff off;
    off.key_chains = std::vector<auth::KeyChain>{};
    off.changed.push_back({.from = authenticated(), .to = plain, .members = {"auth"}});
    ASSERT_TRUE(manager.apply(off).ok());
    run(3s);
    EXPECT_EQ(state(id), SessionState::Up);
    EXPECT_EQ(fresh(id).auth_type, AuthType::None);
}

class ManyKeyChains : public ManagerFixture {
protected:
    static constexpr std::size_t kSessions = 2 * 5 * config::kMostKeyChains;
    ManyKeyChains() : ManagerFixture{{.slots = kSessions}, kSessions} {}

    static std::vector<auth::KeyChain> chains(const std::string& prefix) {
        std::vector<auth::KeyChain> out;
        for (std::size_t i = 0; i < config::kMostKeyChains; ++i) {
            out.push_back({.name = prefix + std::to_string(i), .keys = {key(1, "secret")}});
        }
        return out;
    }
    /// Every chain with every type of RFC 5880, and all of that twice.
    static std::vector<config::Session> sessions(const std::string& prefix) {
        std::vector<config::Session> out;
        for (std::size_t i = 0; i < kSessions; ++i) {
            const std::size_t pair = i % (kSessions / 2);
            out.push_back(
                spec("10.0." + std::to_string(1 + i / 200) + '.' + std::to_string(1 + i % 200)));
            out.back().auth = {.type = static_cast<AuthType>(1 + pair % 5),
                               .key_chain = prefix + std::to_string(pair / 5)};
        }
        return out;
    }
};

TEST_F(ManyKeyChains, MayAllBeRenamedAtOnce) {
    manager.set_key_chains(chains("old"));
    const auto before = sessions("old");
    ASSERT_TRUE(manager.add(before, Origin::Config, {}).ok());
    config::Diff diff;
    diff.key_chains = chains("new");
    const auto after = sessions("new");
    for (std::size_t i = 0; i < kSessions; ++i) {
        diff.changed.push_back({.from = before[i], .to = after[i], .members = {"auth"}});
    }
    EXPECT_TRUE(manager.apply(diff).ok());
    EXPECT_EQ(manager.chains().sessions("old0"), 0U);
    EXPECT_EQ(manager.chains().sessions("new0"), 10U);
}

TEST_F(KeyChains, AreChangedThroughTheApi) {
    const SessionId id = up_with({key(1, "first")});
    config::Session to = authenticated({});
    EXPECT_TRUE(manager.update(id, to, Origin::Api).ok());
    run(1s);
    EXPECT_NE(state(id), SessionState::Up);
    EXPECT_EQ(manager.view(id)->spec.auth.type, AuthType::None);
    to.auth = {.type = AuthType::KeyedSha1, .key_chain = "none such"};
    const auto refused = manager.update(id, to, Origin::Api);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(manager.view(id)->spec.auth.type, AuthType::None);
    to.auth = kSha1;
    EXPECT_TRUE(manager.update(id, to, Origin::Api).ok());
    run(3s);
    EXPECT_EQ(state(id), SessionState::Up);
}

}  // namespace
}  // namespace tocsin::control::session
