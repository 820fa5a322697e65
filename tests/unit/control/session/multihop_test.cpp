// Multihop sessions in the registry, behind their gateways and at the workers.

#include "control/session/manager.hpp"
#include "fixture.hpp"
#include "overlay/multi_hop.hpp"
#include "scripted_dataplane.hpp"

#include <algorithm>
#include <set>

namespace tocsin::control::session {
namespace {

constexpr const char* kGateway = "10.0.0.254";

/// 10.0.0.0/24 is connected, the rest of IPv4 lies behind a gateway, IPv6 is out of reach.
class Gateway final : public NextHops {
public:
    std::optional<IpAddress> next_hop(PortId, const IpAddress& remote) const override {
        if (!remote.is_v4()) return std::nullopt;
        return remote.octets[0] == 10 ? remote : ip(kGateway);
    }
    std::optional<IpAddress> local_for(PortId, const IpAddress&) const override {
        return ip("10.0.0.1");
    }
    void track(PortId, const IpAddress& hop) override { ++tracked[hop]; }
    void untrack(PortId, const IpAddress& hop) override { --tracked[hop]; }
    std::optional<MacAddress> mac(PortId, const IpAddress&) const override { return known; }
    void confirm(PortId, const IpAddress&, Nanoseconds) override {}
    void doubt(PortId, const IpAddress&) override {}

    std::map<IpAddress, int> tracked;
    std::optional<MacAddress> known = MacAddress{2, 0, 0, 0, 0, 7};
};

config::Session multihop(std::string_view remote, std::string_view local = "10.0.0.1") {
    config::Session s = spec(remote);
    s.type = SessionType::MultiHop;
    s.local = ip(local);
    s.parameters.min_ttl = 250;
    return s;
}

class MultihopManager : public testing::Test {
protected:
    MultihopManager()
        : manager{two_ports(), dataplane, next_hops,
                  Manager::Settings{.max_sessions = 16, .seed = 5}} {}

    SessionId add(const config::Session& s) {
        const auto ids = manager.add({&s, 1}, Origin::Api, "sessions");
        EXPECT_TRUE(ids.ok()) << ids.error().text();
        static_cast<void>(manager.poll());
        return ids.ok() ? ids.value().front() : SessionId{};
    }
    std::optional<Error> refusal(const config::Session& s) {
        const auto ids = manager.add({&s, 1}, Origin::Api, "sessions");
        return ids.ok() ? std::nullopt : std::optional{ids.error()};
    }
    /// The commands of this type that the worker has not taken yet, all taken.
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

    test::ScriptedDataplane dataplane;
    Gateway next_hops;
    Manager manager;
};

// req: RFC5883-5-01 RFC5883-3-05
TEST_F(MultihopManager, GivesTheWorkerAKeyWithoutPortAndHeadersToTheGateway) {
    add(multihop("192.0.2.9"));
    const auto added = commands<message::AddSession>();
    ASSERT_EQ(added.size(), 1U);
    EXPECT_EQ(added[0].key.type, SessionType::MultiHop);
    EXPECT_EQ(added[0].key.port, PortId{0});
    EXPECT_EQ(added[0].key.local, ip("10.0.0.1").octets);
    EXPECT_EQ(added[0].key.remote, ip("192.0.2.9").octets);
    EXPECT_EQ(added[0].parameters.min_ttl, 250);
    const auto& o = added[0].headers.octets;
    EXPECT_TRUE(std::equal(o.begin(), o.begin() + 6, next_hops.known->begin()));
    EXPECT_EQ(o[36] << 8U | o[37], 4784);
    EXPECT_EQ(o[22], 255);  // TTL
    EXPECT_EQ(next_hops.tracked[ip(kGateway)], 1);
}

TEST_F(MultihopManager, LeavesByItsPortWhateverPortHasTheAddress) {
    config::Session s = multihop("192.0.2.9");
    s.port = "p1";
    add(s);
    const auto added = commands<message::AddSession>();
    ASSERT_EQ(added.size(), 1U);
    EXPECT_EQ(added[0].tx_port, PortId{1});
    EXPECT_EQ(added[0].key.port, PortId{0});
}

// req: RFC5883-4.1-01 RFC5883-4.1-02
TEST_F(MultihopManager, HasOneSessionForEachPairOfAddresses) {
    add(multihop("192.0.2.9"));
    config::Session other_port = multihop("192.0.2.9");
    other_port.port = "p1";
    const auto refused = refusal(other_port);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->kind, ErrorKind::AlreadyExists);
    EXPECT_NE(refused->message.find("RFC 5883"), std::string::npos) << refused->message;
    EXPECT_FALSE(refusal(multihop("192.0.2.9", "10.0.0.2")));
    EXPECT_FALSE(refusal(multihop("192.0.2.10")));
    EXPECT_FALSE(refusal(spec("10.0.0.9")));
    EXPECT_FALSE(refusal(multihop("10.0.0.9")));  // beside the single-hop session
    const std::vector twins{multihop("192.0.2.20"), multihop("192.0.2.20")};
    EXPECT_FALSE(manager.add(twins, Origin::Api, "sessions").ok());
    const std::vector pairs{multihop("192.0.2.20", "10.0.0.3"), multihop("192.0.2.20", "10.0.0.4")};
    EXPECT_TRUE(manager.add(pairs, Origin::Api, "sessions").ok());
}

TEST_F(MultihopManager, RefusesAPeerWithoutARoute) {
    const auto refused = refusal(multihop("2001:db8::9", "2001:db8::1"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->where, "sessions[0].remote");
}

TEST_F(MultihopManager, TellsAllSessionsBehindAGatewayOfItsMac) {
    next_hops.known.reset();
    add(multihop("192.0.2.9"));
    add(multihop("192.0.2.10"));
    add(spec(kGateway));  // the gateway is the peer of a session itself
    add(spec("10.0.0.2"));
    for (const auto& a : commands<message::AddSession>()) EXPECT_EQ(a.headers.length, 0);
    next_hops.known = MacAddress{2, 0, 0, 0, 0, 8};
    manager.on_neighbor({0}, ip(kGateway));
    const auto told = commands<message::SetHeaders>();
    ASSERT_EQ(told.size(), 3U);
    for (const auto& t : told) EXPECT_EQ(t.headers.octets[5], 8);
}

TEST_F(MultihopManager, ForgetsTheGatewayWithTheLastSessionBehindIt) {
    const SessionId first = add(multihop("192.0.2.9"));
    const SessionId second = add(multihop("192.0.2.10"));
    static_cast<void>(commands<message::AddSession>());
    ASSERT_TRUE(manager.remove({&first, 1}, Origin::Api, "sessions").ok());
    manager.on_neighbor({0}, ip(kGateway));
    EXPECT_EQ(commands<message::SetHeaders>().size(), 1U);
    ASSERT_TRUE(manager.remove({&second, 1}, Origin::Api, "sessions").ok());
    manager.on_neighbor({0}, ip(kGateway));
    EXPECT_TRUE(commands<message::SetHeaders>().empty());
    EXPECT_EQ(next_hops.tracked[ip(kGateway)], 0);
}

TEST_F(MultihopManager, FindsItByItsAddresses) {
    const SessionId a = add(multihop("192.0.2.9"));
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("192.0.2.9")}).value(), a);
    const SessionId b = add(multihop("192.0.2.9", "10.0.0.2"));
    EXPECT_FALSE(manager.resolve(PeerSelector{.remote = ip("192.0.2.9")}).ok());
    EXPECT_EQ(
        manager.resolve(PeerSelector{.remote = ip("192.0.2.9"), .local = ip("10.0.0.2")}).value(),
        b);
    EXPECT_FALSE(manager.resolve(PeerSelector{.remote = ip("192.0.2.9"), .port = "p1"}).ok());
}

// req: RFC5883-5-04
TEST_F(MultihopManager, SharesNoSourcePortWithSingleHop) {
    add(multihop("10.0.0.9"));
    add(spec("10.0.0.9"));
    add(multihop("192.0.2.9"));
    std::set<int> ports;
    for (const auto& a : commands<message::AddSession>()) {
        const int port = a.headers.octets[34] << 8U | a.headers.octets[35];
        EXPECT_GE(port, 49152);
        EXPECT_TRUE(ports.insert(port).second);
    }
    EXPECT_EQ(ports.size(), 3U);
}

TEST_F(MultihopManager, ChangesLowestTtlAndDscpOfASessionThatStays) {
    const SessionId id = add(multihop("192.0.2.9"));
    static_cast<void>(commands<message::AddSession>());
    config::Session to = multihop("192.0.2.9");
    to.parameters.min_ttl = 64;
    to.dscp = 10;
    ASSERT_TRUE(manager.update(id, to, Origin::Api).ok());
    static_cast<void>(manager.poll());
    std::vector<message::SetParameters> parameters;
    std::vector<message::SetHeaders> headers;
    while (!dataplane.commands.empty()) {
        const message::Command c = dataplane.take();
        if (const auto* p = std::get_if<message::SetParameters>(&c.body)) parameters.push_back(*p);
        if (const auto* h = std::get_if<message::SetHeaders>(&c.body)) headers.push_back(*h);
    }
    ASSERT_EQ(parameters.size(), 1U);
    EXPECT_EQ(parameters[0].parameters.min_ttl, 64);
    ASSERT_EQ(headers.size(), 1U);
    EXPECT_EQ(headers[0].headers.octets[15], 10U << 2U);
    EXPECT_EQ(manager.view(id)->spec.dscp, 10);
}

}  // namespace
}  // namespace tocsin::control::session
