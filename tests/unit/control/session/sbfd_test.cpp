// S-BFD: what workers are told of initiators and reflectors.

#include "control/session/manager.hpp"
#include "control/session/selector.hpp"
#include "dataplane/base/bytes.hpp"
#include "fixture.hpp"
#include "scripted_dataplane.hpp"

#include <array>
#include <set>
#include <string>
#include <vector>

namespace tocsin::control::session {
namespace {

config::Session sbfd(std::string_view remote, std::uint32_t discriminator) {
    config::Session s = spec(remote);
    s.type = SessionType::Sbfd;
    s.remote_discriminator = {discriminator};
    s.parameters.min_ttl = 1;
    return s;
}

class SbfdManager : public testing::Test {
protected:
    SbfdManager()
        : manager{two_ports(), dataplane, next_hops,
                  Manager::Settings{.max_sessions = 40'000, .seed = 5, .authentication = true}} {}

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
    SessionId add(const config::Session& s) {
        const auto ids = manager.add({&s, 1}, Origin::Api, "sessions");
        EXPECT_TRUE(ids.ok()) << ids.error().text();
        return ids.ok() ? ids.value().front() : SessionId{};
    }

    test::ScriptedDataplane dataplane{1024};
    FakeNextHops next_hops;
    Manager manager;
};

// req: RFC7880-4.2-01 RFC7880-4.2-02 RFC7880-6.1-01 RFC7880-7.3-02 RFC7881-2-03 RFC7881-2-05
// RFC7881-5.1-03
TEST_F(SbfdManager, InitiatorsHaveSourcePortsOfTheirOwnAndDiscriminatorsOfThePool) {
    for (std::uint32_t i = 1; i <= 400; ++i) {
        add(sbfd("192.0.2.7", i));
        if (i % 4 == 0) add(spec("192.0.2." + std::to_string(20 + i / 4)));
    }
    std::set<std::uint16_t> ports;
    std::set<std::uint32_t> discriminators;
    std::size_t all = 0;
    for (int round = 0; round < 100; ++round) {
        for (const auto& c : commands<message::AddSession>()) {
            ++all;
            discriminators.insert(c.session.local_discr.value);
            if (c.key.type != SessionType::Sbfd) continue;
            EXPECT_TRUE(ports.insert(c.key.link).second) << c.key.link;
            EXPECT_NE(c.key.link, 7784);
            EXPECT_EQ(c.key.port, port_in_key(SessionType::Sbfd, {}));
            EXPECT_EQ(load_be16(&c.headers.octets[c.headers.udp_offset]), c.key.link);
            EXPECT_EQ(load_be16(&c.headers.octets[c.headers.udp_offset + 2]), 7784);
        }
    }
    EXPECT_EQ(ports.size(), 400U);
    EXPECT_EQ(discriminators.size(), all);
}

TEST_F(SbfdManager, AnEntityIsAskedOnceAndFoundByItsPeer) {
    const SessionId id = add(sbfd("192.0.2.7", 7));
    const config::Session twin = sbfd("192.0.2.7", 7);
    const auto refused = manager.add({&twin, 1}, Origin::Api, "sessions");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::AlreadyExists);
    EXPECT_NE(refused.error().text().find("0.0.0.7"), std::string::npos);
    add(sbfd("192.0.2.7", 8));
    EXPECT_FALSE(manager.resolve(PeerSelector{.remote = ip("192.0.2.7")}).ok()) << "two of them";
    ASSERT_TRUE(manager.remove(std::array{id}, Origin::Api, "sessions").ok());
    EXPECT_TRUE(manager.resolve(PeerSelector{.remote = ip("192.0.2.7")}).ok());
    const auto view =
        manager.view(manager.resolve(PeerSelector{.remote = ip("192.0.2.7")}).value());
    EXPECT_EQ(view->spec.remote_discriminator, Discriminator{8});
}

// req: RFC7880-8-02
TEST_F(SbfdManager, InitiatorsWithoutAResponseAreCounted) {
    const SessionId id = add(sbfd("192.0.2.7", 7));
    add(spec("192.0.2.9"));
    EXPECT_EQ(manager.totals().initiators_unanswered.get(), 1U);
    ASSERT_TRUE(manager.remove(std::array{id}, Origin::Api, "sessions").ok());
    EXPECT_EQ(manager.totals().initiators_unanswered.get(), 0U);
}

// req: RFC7880-3-01 RFC7880-7.2.2-02 RFC7880-7.2.3-04
TEST_F(SbfdManager, ReflectorsComeToTheWorkersAsOneTable) {
    config::Sbfd wanted;
    wanted.rate = 9;
    wanted.rate_per_source = 3;
    wanted.reflectors.resize(2);
    wanted.reflectors[0].name = "a";
    wanted.reflectors[0].discriminator = {7};
    wanted.reflectors[1].name = "b";
    wanted.reflectors[1].discriminator = {8};
    wanted.reflectors[1].admin_down = true;
    manager.reflectors().set(wanted);
    auto told = commands<message::SetReflectors>();
    ASSERT_EQ(told.size(), 1U);
    ASSERT_NE(told[0].table, nullptr);
    EXPECT_EQ(told[0].rate, 9U);
    EXPECT_EQ(told[0].rate_per_source, 3U);
    EXPECT_TRUE(told[0].table->find({7})->in_service);
    EXPECT_FALSE(told[0].table->find({8})->in_service);
    EXPECT_NE(told[0].table->find({7})->counter, told[0].table->find({8})->counter);

    ASSERT_TRUE(manager.reflectors().set_admin(std::array{Discriminator{7}}, true).ok());
    EXPECT_FALSE(
        manager.reflectors().set_admin(std::array{Discriminator{7}, Discriminator{9}}, false).ok());
    told = commands<message::SetReflectors>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_FALSE(told[0].table->find({7})->in_service);
    EXPECT_TRUE(manager.reflectors().views().at(0).reflector.admin_down);

    // A reload that says nothing about it leaves what an operator decided.
    wanted.reflectors[0].required_min_rx_interval = WireInterval{50'000};
    wanted.reflectors.pop_back();
    manager.reflectors().set(wanted);
    told = commands<message::SetReflectors>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].table->size(), 1U);
    EXPECT_FALSE(told[0].table->find({7})->in_service);
    EXPECT_EQ(told[0].table->find({7})->required_min_rx_interval, WireInterval{50'000});
    manager.reflectors().set({});
    told = commands<message::SetReflectors>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].table, nullptr);
    EXPECT_TRUE(manager.idle());
}

}  // namespace
}  // namespace tocsin::control::session
