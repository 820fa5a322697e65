// What neighbours and links mean to sessions, and what sessions tell of their neighbours.

#include "fixture.hpp"

namespace tocsin::control::session {
namespace {

class PathTest : public ManagerFixture {};

TEST_F(PathTest, SendsNothingUntilTheNextHopIsResolved) {
    next_hops.resolve_all = false;
    const config::Session s = spec("10.0.0.2");
    dataplane.add_peer({0}, s.local, s.remote);
    const SessionId id = add(s);
    run(3s);
    EXPECT_EQ(dataplane.worker({0}).stats().tx_control.get(), 0U);
    EXPECT_FALSE(manager.view(id)->next_hop_resolved);

    next_hops.macs[s.remote] = {2, 0, 0, 0, 0, 7};
    manager.on_neighbor({0}, s.remote);
    run(5s);
    EXPECT_EQ(state(id), bfd::SessionState::Up);
    EXPECT_TRUE(manager.view(id)->next_hop_resolved);
}

// req: RFC5881-4-03
TEST_F(PathTest, KeepsTheSourcePortWhenTheNextHopMoves) {
    const SessionId id = up("10.0.0.2");
    const Slot slot = manager.view(id)->status.session.slot;
    const overlay::HeaderTemplate before = dataplane.headers({0}, slot);
    next_hops.macs[ip("10.0.0.2")] = {2, 9, 9, 9, 9, 9};
    manager.on_neighbor({0}, ip("10.0.0.2"));
    run(5ms);
    const overlay::HeaderTemplate after = dataplane.headers({0}, slot);
    EXPECT_NE(before, after);
    const auto source_port = [](const overlay::HeaderTemplate& h) {
        return load_be16(&h.octets[h.udp_offset]);
    };
    EXPECT_EQ(source_port(before), source_port(after));
    EXPECT_GE(source_port(after), 49152);
}

TEST_F(PathTest, TakesOnlySessionsThatFollowTheLinkDownWithIt) {
    const SessionId follows = up("10.0.0.2");
    config::Session stays = spec("10.0.0.3");
    stays.follow_link = false;
    dataplane.add_peer({0}, stays.local, stays.remote, stays.parameters);
    const SessionId other = add(stays);
    run(3s);
    dataplane.connect(false);
    manager.on_link({0}, false);
    run(3ms);
    const auto v = manager.view(follows).value();
    EXPECT_EQ(v.status.local_diag, bfd::Diag::PathDown);
    EXPECT_GE(v.status.down_count, 1U);
    EXPECT_EQ(manager.view(other)->status.down_count, 0U);
}

TEST_F(PathTest, ConfirmsTheNeighboursOfUpSessionsOnly) {
    up("10.0.0.2");
    add(spec("10.0.0.3"));
    run(10ms);
    manager.confirm_neighbors();
    EXPECT_EQ(next_hops.confirmed, std::vector{ip("10.0.0.2")});
    const auto status =
        manager.view(manager.resolve(PeerSelector{.remote = ip("10.0.0.2")}).value())->status;
    EXPECT_GE(next_hops.confirmed_before, status.detect_mult * Nanoseconds{status.tx_interval})
        << "younger packets prove nothing: the peer would not have said Down yet";
    EXPECT_TRUE(next_hops.doubted.empty());
}

// What is silent in Demand mode of ours proves nothing, whoever has the neighbour's MAC address
// now.
TEST_F(PathTest, ConfirmsNoNeighbourThatSendsNothingUnasked) {
    config::Session silent = spec("10.0.0.2");
    dataplane.add_peer({0}, silent.local, silent.remote, silent.parameters);
    silent.parameters.demand_mode = true;
    const SessionId id = add(silent);
    run(5s);
    ASSERT_EQ(manager.view(id)->status.session_state, bfd::SessionState::Up);
    ASSERT_TRUE(manager.view(id)->status.demand_mode);
    manager.confirm_neighbors();
    EXPECT_TRUE(next_hops.confirmed.empty());
}

TEST_F(PathTest, DoubtsTheNeighbourOfASessionThatFailed) {
    up("10.0.0.2");
    dataplane.connect(false);
    run(5s);
    EXPECT_EQ(next_hops.doubted, std::vector{ip("10.0.0.2")});
}

}  // namespace
}  // namespace tocsin::control::session
