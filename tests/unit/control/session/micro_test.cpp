// Sessions on member links of a LAG, RFC 7130: what the worker is told, what a reload does.

#include "control/config/lag.hpp"
#include "control/session/manager.hpp"
#include "control/session/selector.hpp"
#include "dataplane/base/bytes.hpp"
#include "fixture.hpp"
#include "overlay/micro_bfd.hpp"
#include "scripted_dataplane.hpp"

namespace tocsin::control::session {
namespace {

config::Session micro(std::string_view remote, std::string_view port = "p0") {
    config::Session s = spec(remote, port);
    s.type = SessionType::Micro;
    s.name = config::member_session_name("lag1", port, s.remote.family);
    return s;
}

class MicroManager : public testing::Test {
protected:
    SessionId add(const config::Session& s) {
        const auto ids = manager.add({&s, 1}, Origin::Config, {});
        EXPECT_TRUE(ids.ok()) << ids.error().text();
        return ids.ok() ? ids.value().front() : SessionId{};
    }
    /// What the worker was told of this kind, all taken.
    template <class C>
    std::vector<C> commands() {
        std::vector<C> out;
        static_cast<void>(manager.poll());
        while (!dataplane.commands.empty()) {
            const message::Command c = dataplane.take();
            if (const auto* body = std::get_if<C>(&c.body)) out.push_back(*body);
            dataplane.reply(c);
        }
        static_cast<void>(manager.poll());
        return out;
    }
    /// A reload after which `from` is `to`, beside what it adds and removes.
    Result<Applied> change(const config::Session& from, const config::Session& to,
                           std::vector<config::Session> added = {},
                           std::vector<config::Session> removed = {}) {
        config::Diff diff;
        diff.added = std::move(added);
        diff.removed = std::move(removed);
        diff.changed.push_back({.from = from, .to = to, .members = {}});
        return manager.apply(diff);
    }

    test::ScriptedDataplane dataplane;
    FakeNextHops next_hops;
    Manager manager{two_ports(), dataplane, next_hops,
                    Manager::Settings{.max_sessions = 16, .seed = 5}};
};

// req: RFC7130-2.2-11 RFC7130-2.3-01 RFC7130-2.3-13
TEST_F(MicroManager, GivesTheWorkerAKeyOfTheLinkAloneAndTheDedicatedMac) {
    config::Session s = micro("10.0.0.2");
    s.frames = {.learns_mac = true, .tagged = true, .priority = 6};
    add(s);
    const auto added = commands<message::AddSession>();
    ASSERT_EQ(added.size(), 1U);
    SessionKey key{.type = SessionType::Micro, .family = AddressFamily::V4, .port = {0}};
    EXPECT_EQ(added[0].key, key);
    const overlay::HeaderTemplate& h = added[0].headers;
    EXPECT_TRUE(h.learns_mac);
    overlay::MicroBfdHeaders wanted{.source_mac = {2, 0, 0, 0, 0, 1},
                                    .destination_mac = overlay::kMicroBfdMac,
                                    .source = ip("10.0.0.1"),
                                    .destination = ip("10.0.0.2"),
                                    .source_port = load_be16(&h.octets[38])};
    wanted.tags = {.size = 1, .tags = {{{.tci = overlay::tci(6, 0)}, {}}}};
    overlay::HeaderTemplate expected = overlay::micro_bfd_headers(wanted);
    expected.learns_mac = true;
    EXPECT_EQ(h, expected);
    EXPECT_TRUE(next_hops.tracked.empty()) << "nobody is asked for the peer's MAC";
}

// req: RFC7130-2.1-02 RFC7130-2.1-04
TEST_F(MicroManager, HasOneSessionOfAFamilyOnALinkWhateverThePeer) {
    add(micro("10.0.0.2"));
    add(micro("2001:db8::2"));
    add(micro("10.0.0.2", "p1"));
    config::Session twin = micro("10.0.0.9");
    twin.name.clear();
    const auto refused = manager.add({&twin, 1}, Origin::Config, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::AlreadyExists);
    add(spec("10.0.0.2", "p0"));  // single hop, beside it
    EXPECT_EQ(manager.registry().size(), 4U);
}

TEST_F(MicroManager, TellsTheWorkerTheAddressesOfALinkAndWhenTheyAreGone) {
    const SessionId four = add(micro("10.0.0.2"));
    add(micro("2001:db8::2"));
    auto told = commands<message::SetMember>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].port, PortId{0});
    EXPECT_EQ(told[0].addresses.v4, ip("10.0.0.1"));
    EXPECT_EQ(told[0].addresses.v6, ip("2001:db8::1"));
    EXPECT_TRUE(manager.remove({&four, 1}, Origin::Config, {}).ok());
    told = commands<message::SetMember>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].addresses.v4, IpAddress{});
    EXPECT_EQ(told[0].addresses.v6, ip("2001:db8::1"));
}

// req: RFC7130-2.3-11
TEST_F(MicroManager, ChangesAddressesAndFramesOfASessionThatStays) {
    const config::Session from = micro("10.0.0.2");
    const SessionId id = add(from);
    commands<message::AddSession>();
    config::Session to = from;
    to.local = ip("10.0.0.7");
    to.remote = ip("10.0.0.8");
    to.frames.learns_mac = true;
    ASSERT_TRUE(change(from, to).ok());
    static_cast<void>(manager.poll());
    std::vector<message::SetMember> members;
    std::vector<message::SetHeaders> headers;
    while (!dataplane.commands.empty()) {
        const message::Command c = dataplane.take();
        if (const auto* m = std::get_if<message::SetMember>(&c.body)) members.push_back(*m);
        if (const auto* h = std::get_if<message::SetHeaders>(&c.body)) headers.push_back(*h);
        EXPECT_FALSE(std::holds_alternative<message::DeleteSession>(c.body));
    }
    ASSERT_EQ(members.size(), 1U);
    EXPECT_EQ(members[0].addresses.v4, ip("10.0.0.7"));
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_TRUE(headers[0].headers.learns_mac);
    EXPECT_EQ(manager.view(id)->spec.remote, ip("10.0.0.8"));
}

// req: RFC7130-3-01
TEST_F(MicroManager, DoesNotAddWhatItsLinkHasToAskForFirst) {
    config::Session s = micro("10.0.0.2");
    s.on_request = true;
    add(s);
    EXPECT_EQ(manager.registry().size(), 0U);
    config::Session other = micro("10.0.0.2", "p1");
    other.on_request = true;
    config::Session slower = s;
    slower.parameters.detect_mult = 9;
    ASSERT_TRUE(change(s, slower, {other}).ok());
    EXPECT_EQ(manager.registry().size(), 0U);
    config::Session always = slower;
    always.on_request = false;
    ASSERT_TRUE(change(slower, always, {}, {other}).ok());
    ASSERT_EQ(manager.registry().size(), 1U);
    EXPECT_EQ(manager.registry().find_micro({0}, AddressFamily::V4)->parameters.detect_mult, 9);
}

TEST_F(MicroManager, FindsASessionByPeerAndPort) {
    const SessionId first = add(micro("10.0.0.2"));
    const SessionId second = add(micro("10.0.0.2", "p1"));
    const auto of = [&](const char* port) {
        return manager.resolve(PeerSelector{.remote = ip("10.0.0.2"), .port = port});
    };
    EXPECT_EQ(of("p0").value(), first);
    EXPECT_EQ(of("p1").value(), second);
    EXPECT_EQ(of("").error().kind, ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace tocsin::control::session
