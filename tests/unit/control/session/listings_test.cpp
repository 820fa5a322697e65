#include "control/session/listings.hpp"

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

class ListingsTest : public ManagerFixture {};

TEST_F(ListingsTest, ListsPagesInTheOrderOfIdsWithFreshCounters) {
    std::vector<SessionId> ids;
    for (int i = 2; i < 12; ++i) ids.push_back(add(spec("10.0.0." + std::to_string(i))));
    run(2s);
    std::vector<SessionId> seen;
    SessionId after;
    do {
        std::optional<Page> page;
        manager.list({.after = after, .limit = 4}, [&](Page p) { page = std::move(p); });
        run(5ms);
        ASSERT_TRUE(page);
        EXPECT_EQ(page->total, 10U);
        for (const auto& v : page->sessions) {
            seen.push_back(v.id);
            EXPECT_GT(v.status.tx_packets, 0U);
        }
        after = page->next_after;
    } while (after.value != 0);
    EXPECT_EQ(seen, ids);
}

TEST_F(ListingsTest, FiltersByStatePortPrefixOriginAndName) {
    const SessionId a = up("10.0.0.2");
    add(spec("10.0.0.3", "p1", "edge-1"));
    add(spec("2001:db8::2"), Origin::Config);
    const auto count = [this](const Filter& f) {
        std::uint64_t total = 99;
        manager.list({.filter = f, .limit = 100}, [&](Page p) { total = p.sessions.size(); });
        run(5ms);
        return total;
    };
    EXPECT_EQ(count({.states = 1U << 3U}), 1U);
    EXPECT_EQ(count({.port = PortId{1}}), 1U);
    EXPECT_EQ(count({.remote = IpPrefix{ip("10.0.0.0"), 24}}), 2U);
    EXPECT_EQ(count({.origin = Origin::Config}), 1U);
    EXPECT_EQ(count({.name_contains = "edge"}), 1U);
    EXPECT_EQ(count({.states = 1U << 3U, .port = PortId{1}}), 0U);
    EXPECT_EQ(state(a), bfd::SessionState::Up);
}

TEST_F(ListingsTest, FindsASessionByIdNameDiscriminatorAndPeer) {
    const SessionId id = add(spec("10.0.0.2", "p0", "rr1"));
    const Discriminator discr = manager.view(id)->status.session.local_discr;
    EXPECT_EQ(manager.resolve(id).value(), id);
    EXPECT_EQ(manager.resolve(std::string{"rr1"}).value(), id);
    EXPECT_EQ(manager.resolve(discr).value(), id);
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.2")}).value(), id);
    EXPECT_EQ(manager.resolve(SessionId{77}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(manager.resolve(std::string{"rr"}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(manager.resolve(Discriminator{discr.value ^ 1U}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.9")}).error().kind,
              ErrorKind::NotFound);
    add(spec("10.0.0.2", "p1"));
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.2")}).error().kind,
              ErrorKind::InvalidArgument);
    EXPECT_EQ(manager.resolve(PeerSelector{.remote = ip("10.0.0.2"), .port = "p0"}).value(), id);
}

}  // namespace
}  // namespace tocsin::control::session
