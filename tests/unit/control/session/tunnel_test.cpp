// Sessions in tunnels: what the worker is told, what is refused, how they are found.

#include "control/config/session_identity.hpp"
#include "control/session/manager.hpp"
#include "control/session/selector.hpp"
#include "dataplane/base/bytes.hpp"
#include "fixture.hpp"
#include "overlay/geneve.hpp"
#include "overlay/vxlan.hpp"
#include "scripted_dataplane.hpp"

namespace tocsin::control::session {
namespace {

config::Tunnel vtep(std::uint32_t vni) {
    config::Tunnel t;
    t.vni = vni;
    t.inner_src = ip("10.0.0.1");
    t.inner_dst = ip("127.0.0.1");
    t.inner_dst_mac = overlay::kVxlanBfdMac;
    return t;
}

config::Session vxlan(std::string_view remote, std::uint32_t vni = 1) {
    config::Session s = spec(remote);
    s.type = SessionType::Vxlan;
    s.tunnel = vtep(vni);
    return s;
}

config::Session geneve(std::string_view remote, std::uint32_t vni, std::uint8_t vap) {
    config::Session s = spec(remote);
    s.type = SessionType::Geneve;
    config::Tunnel t = vtep(vni);
    t.inner_src = {.family = AddressFamily::V4};
    t.inner_src_mac = {2, 0, 0, 0, 0x0a, vap};
    t.inner_dst_mac = {2, 0, 0, 0, 0x0b, vap};
    s.tunnel = t;
    return s;
}

class TunnelManager : public testing::Test {
protected:
    explicit TunnelManager(bool overlays = true)
        : manager{two_ports(), dataplane, next_hops,
                  Manager::Settings{.max_sessions = 16, .seed = 5, .overlays = overlays}} {}

    SessionId add(const config::Session& s, Origin origin = Origin::Api) {
        const auto ids = manager.add({&s, 1}, origin, "sessions");
        EXPECT_TRUE(ids.ok()) << ids.error().text();
        return ids.ok() ? ids.value().front() : SessionId{};
    }
    Error refusal(const config::Session& s) {
        const auto ids = manager.add({&s, 1}, Origin::Api, "sessions");
        EXPECT_FALSE(ids.ok());
        return ids.ok() ? Error{} : ids.error();
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
    FakeNextHops next_hops;
    Manager manager;
};

class WithoutRoom : public TunnelManager {
protected:
    WithoutRoom() : TunnelManager{false} {}
};

// req: RFC8971-4-01 RFC8971-5-01 RFC8971-5-05 RFC8971-5-12 RFC8971-5-19
TEST_F(TunnelManager, GivesTheWorkerKeyAndHeadersOfAVtep) {
    add(vxlan("192.0.2.9", 4096));
    const auto added = commands<message::AddSession>();
    ASSERT_EQ(added.size(), 1U);
    const SessionKey& key = added[0].key;
    EXPECT_EQ(key.type, SessionType::Vxlan);
    EXPECT_EQ(key.port, port_in_key(SessionType::Vxlan, {}));
    EXPECT_EQ(key.instance, 4096U);
    EXPECT_EQ(key.link, 0);
    EXPECT_EQ(key.local, ip("10.0.0.1").octets);
    EXPECT_EQ(key.remote, ip("192.0.2.9").octets);
    const overlay::HeaderTemplate& h = added[0].headers;
    EXPECT_EQ(h, overlay::Vxlan::headers({.link = {.source_mac = {2, 0, 0, 0, 0, 1},
                                                   .destination_mac = {2, 0, 0, 0, 0, 2}},
                                          .outer = {.source = ip("10.0.0.1"),
                                                    .destination = ip("192.0.2.9"),
                                                    .source_port = load_be16(&h.octets[34])},
                                          .inner = {.source_mac = {2, 0, 0, 0, 0, 1},
                                                    .destination_mac = overlay::kVxlanBfdMac,
                                                    .source = ip("10.0.0.1"),
                                                    .destination = ip("127.0.0.1"),
                                                    .source_port = load_be16(&h.octets[84])},
                                          .vni = 4096,
                                          .dscp = 48}));
    EXPECT_GE(load_be16(&h.octets[34]), 49152);
    EXPECT_GE(load_be16(&h.octets[84]), 49152);
}

// req: RFC9521-4-04 RFC9521-4-05 RFC9521-4-07 RFC9521-4-09 RFC9521-4-17
TEST_F(TunnelManager, GivesTheWorkerKeyAndHeadersOfAVap) {
    add(geneve("192.0.2.9", 5001, 1));
    const auto added = commands<message::AddSession>();
    ASSERT_EQ(added.size(), 1U);
    const SessionKey& key = added[0].key;
    const auto id =
        overlay::Geneve::identity(5001, {2, 0, 0, 0, 0x0a, 1}, {2, 0, 0, 0, 0x0b, 1}, {});
    EXPECT_EQ(key.type, SessionType::Geneve);
    EXPECT_EQ(key.instance, id.instance);
    EXPECT_EQ(key.link, id.link);
    EXPECT_EQ(key.local, ip("127.0.0.1").octets);  // what a peer without address sends to
    EXPECT_EQ(key.remote, bfd::kNoAddress);
    const auto& o = added[0].headers.octets;
    EXPECT_EQ(load_be32(&o[46]), 5001U << 8U);
    EXPECT_EQ(load_be32(&o[76]), 0U);           // from 0.0.0.0
    EXPECT_EQ(load_be32(&o[80]), 0x7f000001U);  // to 127.0.0.1
}

// req: RFC8971-3-02 RFC9521-4.1-06 RFC9521-4.1-07
TEST_F(TunnelManager, KeepsSessionsOfOnePairApart) {
    add(vxlan("192.0.2.9", 1));
    add(vxlan("192.0.2.9", 2));
    add(geneve("192.0.2.9", 1, 1));
    add(geneve("192.0.2.9", 1, 2));
    add(spec("192.0.2.9"));
    const Error same = refusal(vxlan("192.0.2.9", 2));
    EXPECT_EQ(same.kind, ErrorKind::AlreadyExists);
    EXPECT_NE(same.message.find("VNI 2 from 10.0.0.1"), std::string::npos) << same.message;
    EXPECT_EQ(refusal(geneve("192.0.2.9", 1, 2)).kind, ErrorKind::AlreadyExists);
    const std::vector<config::Session> twins{vxlan("192.0.2.8"), vxlan("192.0.2.8")};
    EXPECT_FALSE(manager.add(twins, Origin::Api, "sessions").ok());
}

// req: RFC8971-3-01 RFC8971-9-04 RFC9521-6-02
TEST_F(TunnelManager, LimitsTheSessionsOfAPair) {
    manager.set_tunnels({.vxlan_per_pair = 2, .geneve_per_pair = 1});
    const SessionId one = add(vxlan("192.0.2.9", 1));
    const std::vector<config::Session> two{vxlan("192.0.2.9", 2), vxlan("192.0.2.9", 3)};
    EXPECT_EQ(manager.add(two, Origin::Api, "sessions").error().kind, ErrorKind::ResourceExhausted);
    add(vxlan("192.0.2.9", 2));
    add(vxlan("192.0.2.8", 2));
    add(geneve("192.0.2.9", 1, 1));
    const Error error = refusal(vxlan("192.0.2.9", 3));
    EXPECT_EQ(error.kind, ErrorKind::ResourceExhausted);
    EXPECT_NE(error.message.find("no more than 2"), std::string::npos) << error.message;
    EXPECT_EQ(refusal(geneve("192.0.2.9", 2, 2)).kind, ErrorKind::ResourceExhausted);
    EXPECT_TRUE(manager.remove({&one, 1}, Origin::Api, "sessions").ok());
    add(vxlan("192.0.2.9", 3));
}

TEST_F(TunnelManager, IsAddedAgainWhereItWas) {
    const SessionId one = add(vxlan("192.0.2.9"));
    static_cast<void>(commands<message::AddSession>());
    EXPECT_TRUE(manager.remove({&one, 1}, Origin::Api, "sessions").ok());
    add(vxlan("192.0.2.9"));
    static_cast<void>(manager.poll());
    EXPECT_TRUE(std::get<message::DeleteSession>(dataplane.take().body).immediate);
}

TEST_F(TunnelManager, IsFoundByItsPeer) {
    const SessionId one = add(vxlan("192.0.2.9"));
    EXPECT_EQ(
        manager.resolve(PeerSelector{.remote = ip("192.0.2.9"), .local = {}, .port = {}}).value(),
        one);
    EXPECT_EQ(manager.view(one)->spec.tunnel, vxlan("192.0.2.9").tunnel);
    add(vxlan("192.0.2.9", 2));
    EXPECT_FALSE(
        manager.resolve(PeerSelector{.remote = ip("192.0.2.9"), .local = {}, .port = {}}).ok());
}

TEST_F(TunnelManager, ChangesHeadersOfASessionThatGoesOn) {
    config::Session s = vxlan("192.0.2.9");
    s.name = "vtep";
    const SessionId id = add(s, Origin::Config);
    static_cast<void>(commands<message::AddSession>());
    config::Session to = s;
    config::Tunnel t = *s.tunnel;
    t.ttl = 3;
    to.tunnel = t;
    config::Diff diff;
    diff.changed.push_back(
        {.from = s, .to = to, .members = {"tunnel"}, .must_be_recreated = false});
    ASSERT_TRUE(manager.apply(diff).ok());
    const auto sent = commands<message::SetHeaders>();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].headers.octets[22], 3);
    EXPECT_EQ(manager.view(id)->spec.tunnel->ttl, 3);
}

TEST_F(TunnelManager, CountsTheTunnelInTheSizeOfPackets) {
    config::Session s = vxlan("192.0.2.9");
    s.padded_pdu_size = 1422;  // with 78 octets in front 1500
    add(s);
    s = vxlan("192.0.2.8");
    s.padded_pdu_size = 1423;
    EXPECT_EQ(refusal(s).where, "sessions[0].padded_pdu_size");
}

TEST_F(WithoutRoom, RefusesHeadersThatAreTooLong) {
    add(vxlan("192.0.2.9"));  // over IPv4 they are short
    const Error error = refusal(vxlan("2001:db8::9"));
    EXPECT_EQ(error.kind, ErrorKind::FailedPrecondition);
    EXPECT_NE(error.message.find("overlays = true"), std::string::npos) << error.message;
    const auto added = commands<message::AddSession>();
    ASSERT_EQ(added.size(), 1U);
    EXPECT_LE(added[0].headers.length + 24U, overlay::kShortPacket);
}

}  // namespace
}  // namespace tocsin::control::session
