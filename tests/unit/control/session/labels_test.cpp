// Sessions of LSPs and pseudowires: what the worker is told.

#include "control/config/session_identity.hpp"
#include "control/session/manager.hpp"
#include "dataplane/base/bytes.hpp"
#include "fixture.hpp"
#include "overlay/mpls.hpp"
#include "overlay/multi_hop.hpp"
#include "overlay/vccv.hpp"
#include "scripted_dataplane.hpp"

namespace tocsin::control::session {
namespace {

config::Session labelled(SessionType type, const config::Labels& labels, bool over_ip = true) {
    config::Session s = spec("192.0.2.9");
    s.type = type;
    config::Tunnel t;
    t.ethernet = false;
    if (over_ip) {
        t.inner_src = ip("10.0.0.1");
        t.inner_dst = ip("127.1.2.3");
    }
    t.labels = labels;
    s.tunnel = t;
    return s;
}

overlay::LabelStack stack_of(std::initializer_list<std::uint32_t> values) {
    overlay::LabelStack out;
    for (const std::uint32_t v : values) out.push({.value = v});
    return out;
}

config::Labels lsp(std::uint16_t instance = 0) {
    config::Labels out;
    out.stack = stack_of({16004});
    out.fec = lsp_ping::parse_fec("ldp 192.0.2.9/32").value();
    out.instance = instance;
    return out;
}

config::Labels pseudowire(std::uint32_t label_in) {
    config::Labels out;
    out.stack = stack_of({16004, 300});
    out.label_in = label_in;
    return out;
}

const overlay::Link kNextHop{
    .source_mac = {2, 0, 0, 0, 0, 1}, .destination_mac = {2, 0, 0, 0, 0, 2}, .tags = {}};

class LabelManager : public testing::Test {
protected:
    explicit LabelManager(std::vector<SessionPort> ports = two_ports())
        : manager{std::move(ports), dataplane, next_hops,
                  Manager::Settings{.max_sessions = 16, .seed = 5, .overlays = true}} {}

    SessionId add(const config::Session& s, Origin origin = Origin::Api) {
        const auto ids = manager.add({&s, 1}, origin, "sessions");
        EXPECT_TRUE(ids.ok()) << ids.error().text();
        return ids.ok() ? ids.value().front() : SessionId{};
    }
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
    message::AddSession added(const config::Session& s) {
        add(s);
        const auto all = commands<message::AddSession>();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? message::AddSession{} : all.front();
    }

    test::ScriptedDataplane dataplane;
    FakeNextHops next_hops;
    Manager manager;
};

// req: RFC5884-7-01 RFC5884-7-04 RFC5884-7-05
TEST_F(LabelManager, GivesTheWorkerWhatAnIngressSends) {
    const auto a = added(labelled(SessionType::Mpls, lsp()));
    EXPECT_EQ(a.key.type, SessionType::Mpls);
    EXPECT_EQ(a.key.family, AddressFamily::V4);
    EXPECT_EQ(a.key.instance, 0U) << "the peer is not known";
    EXPECT_EQ(a.key.remote, ip("192.0.2.9").octets);
    const std::uint16_t port = load_be16(&a.headers.octets[14 + 4 + 20]);
    EXPECT_GE(port, 49152);
    EXPECT_EQ(a.headers, overlay::Mpls::headers({.link = kNextHop,
                                                 .labels = stack_of({16004}),
                                                 .source = ip("10.0.0.1"),
                                                 .destination = ip("127.1.2.3"),
                                                 .source_port = port}));
}

// req: RFC5884-6-08 RFC5884-7-13 RFC5884-7-14
TEST_F(LabelManager, GivesTheWorkerWhatARoutedEgressSends) {
    config::Labels l = lsp();
    l.remote_discr = {0x0a0b0c01};
    l.routed = true;
    const auto a = added(labelled(SessionType::Mpls, l));
    EXPECT_EQ(a.key.instance, 0x0a0b0c01U);
    EXPECT_EQ(a.headers,
              overlay::multi_hop_headers({.source_mac = kNextHop.source_mac,
                                          .destination_mac = kNextHop.destination_mac,
                                          .source = ip("10.0.0.1"),
                                          .destination = ip("192.0.2.9"),
                                          .source_port = load_be16(&a.headers.octets[34])}));
}

// req: RFC5885-3.1-05 RFC5885-3.1-04
TEST_F(LabelManager, GivesTheWorkerWhatAPseudowireSends) {
    const auto a = added(labelled(SessionType::Vccv, pseudowire(301), false));
    EXPECT_EQ(a.key.type, SessionType::Vccv);
    EXPECT_EQ(a.key.family, AddressFamily::None);
    EXPECT_EQ(a.key.instance, overlay::Vccv::identity(301, overlay::ControlChannel::Ach, true));
    EXPECT_EQ(a.key.local, bfd::kNoAddress);
    EXPECT_EQ(a.key.remote, bfd::kNoAddress);
    EXPECT_EQ(a.headers,
              overlay::Vccv::headers(
                  {.link = kNextHop, .tunnel = stack_of({16004}), .pseudowire = {.value = 300}}));
}

// req: RFC7726-2.1-09 RFC5885-3.1-07
TEST_F(LabelManager, KeepsSessionsApart) {
    add(labelled(SessionType::Mpls, lsp()));
    add(labelled(SessionType::Mpls, lsp(1)));
    config::Labels known = lsp();
    for (const std::uint32_t discr : {1U, 2U}) {
        known.remote_discr = {discr};
        add(labelled(SessionType::Mpls, known));
    }
    add(labelled(SessionType::Vccv, pseudowire(301), false));
    add(labelled(SessionType::Vccv, pseudowire(302), false));
    config::Labels over_ip = pseudowire(301);
    over_ip.cv_type = config::kCvIpUdp;
    for (const config::Session& s :
         {labelled(SessionType::Mpls, lsp(1)), labelled(SessionType::Mpls, known),
          labelled(SessionType::Vccv, over_ip)}) {
        const auto ids = manager.add({&s, 1}, Origin::Api, "sessions");
        ASSERT_FALSE(ids.ok());
        EXPECT_EQ(ids.error().kind, ErrorKind::AlreadyExists) << ids.error().text();
    }
    EXPECT_EQ(commands<message::AddSession>().size(), 6U);
}

TEST_F(LabelManager, KnowsWhoseIngressItIs) {
    const SessionId own = add(labelled(SessionType::Mpls, lsp()));
    config::Labels known = lsp();
    known.remote_discr = {7};
    add(labelled(SessionType::Mpls, known));
    add(labelled(SessionType::Vccv, pseudowire(301), false));
    ASSERT_EQ(manager.registry().ingresses().size(), 1U);
    EXPECT_EQ(manager.registry().ingresses().begin()->first, own.value);
    ASSERT_TRUE(manager.remove({&own, 1}, Origin::Api, "sessions").ok());
    EXPECT_TRUE(manager.registry().ingresses().empty());
}

TEST_F(LabelManager, NamesThePeerAnew) {
    config::Labels known = lsp();
    known.remote_discr = {7};
    const SessionId id = add(labelled(SessionType::Mpls, known), Origin::Unsolicited);
    EXPECT_EQ(commands<message::AddSession>().size(), 1U);
    manager.name_peer(id);
    EXPECT_EQ(commands<message::SetParameters>().size(), 1U);
    manager.name_peer({id.value + 1});
    EXPECT_TRUE(commands<message::SetParameters>().empty());
}

constexpr overlay::VlanTags kTwoTags{
    .size = 2, .tags = {{{.tpid = overlay::kEtherTypeQinq, .tci = 0xc0c8}, {.tci = 0xc064}}}};

class LabelsOnAVlan : public LabelManager {
protected:
    LabelsOnAVlan() : LabelManager(ports_on_a_vlan()) {}

    static std::vector<SessionPort> ports_on_a_vlan() {
        std::vector<SessionPort> out = two_ports();
        for (SessionPort& port : out) port.tags = kTwoTags;
        return out;
    }
};

TEST_F(LabelsOnAVlan, LeaveWithItsTags) {
    config::Labels routed = lsp();
    routed.remote_discr = {7};
    routed.routed = true;
    for (const config::Session& s :
         {labelled(SessionType::Mpls, lsp()), labelled(SessionType::Mpls, routed),
          labelled(SessionType::Vccv, pseudowire(301), false)}) {
        const auto a = added(s);
        EXPECT_EQ(load_be16(&a.headers.octets[12]), overlay::kEtherTypeQinq);
        EXPECT_EQ(load_be16(&a.headers.octets[14]), 0xc0c8);
        EXPECT_EQ(load_be16(&a.headers.octets[16]), overlay::kEtherTypeVlan);
        EXPECT_EQ(load_be16(&a.headers.octets[18]), 0xc064);
    }
}

}  // namespace
}  // namespace tocsin::control::session
