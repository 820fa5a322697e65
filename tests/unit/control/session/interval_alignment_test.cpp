// RFC 7419: what is advertised so that both ends agree on a common interval.

#include "control/session/interval_alignment.hpp"

#include "fixture.hpp"

#include <set>

namespace tocsin::control::session {
namespace {

bool is_common(WireInterval interval) {
    return std::ranges::find(kCommonIntervals, interval) != kCommonIntervals.end();
}

// req: RFC7419-3-10
TEST(AlignUp, GoesUpToTheNextCommonInterval) {
    EXPECT_EQ(align_up(WireInterval{1}), 3300us);
    EXPECT_EQ(align_up(WireInterval{3'300}), 3300us);
    EXPECT_EQ(align_up(WireInterval{3'301}), 10ms);
    EXPECT_EQ(align_up(WireInterval{33'000}), 50ms);
    EXPECT_EQ(align_up(WireInterval{300'000}), 1s);
    EXPECT_EQ(align_up(WireInterval{10'000'000}), 10s);
    EXPECT_EQ(align_up(WireInterval{10'000'001}), WireInterval{10'000'001}) << "beyond the longest";
    EXPECT_EQ(align_up(WireInterval{0}), 0s) << "silence is no interval";
    for (std::uint32_t us = 1; us < 11'000'000; us += 997) {
        ASSERT_GE(align_up(WireInterval{us}).count(), us);
    }
}

// req: RFC7419-B-03
TEST(Align, TwoSystemsThatAlignSettleOnACommonInterval) {
    const std::vector<WireInterval> wishes{3300us, 7ms,   10ms, 33ms, 50ms,
                                           200ms,  300ms, 1s,   2s,   10s};
    for (const WireInterval a : wishes) {
        for (const WireInterval b : wishes) {
            WireInterval of_a = align_up(a);
            WireInterval of_b = b;  // as it was configured before it knew of anybody
            for (int round = 0; round < 4; ++round) {
                of_a = align(a, of_b);
                of_b = align(b, of_a);
            }
            const WireInterval agreed = std::max(of_a, of_b);
            EXPECT_TRUE(is_common(agreed)) << a.count() << ' ' << b.count();
            EXPECT_EQ(agreed, align_up(std::max(a, b))) << "no slower than it must be";
            EXPECT_EQ(align(a, of_b), of_a) << "and there it stays";
        }
    }
}

class IntervalAlignment : public ManagerFixture {
protected:
    /// An aligning session of 50 ms with a peer of `theirs`, Up.
    SessionId up_with(WireInterval theirs) {
        config::Session s = spec("10.0.0.2");
        s.interval_alignment = true;
        peer_parameters.desired_min_tx_interval = theirs;
        peer_parameters.required_min_rx_interval = theirs;
        dataplane.add_peer({0}, s.local, s.remote, peer_parameters);
        const SessionId id = add(s);
        run(6s);
        EXPECT_EQ(state(id), bfd::SessionState::Up);
        return id;
    }
    void peer_changes_to(WireInterval interval) {
        peer_parameters.desired_min_tx_interval = interval;
        peer_parameters.required_min_rx_interval = interval;
        dataplane.change_peer(0, peer_parameters);
    }
    bfd::SessionSnapshot status(SessionId id) { return manager.view(id)->status; }
    bfd::SessionParameters peer_parameters;
};

// req: RFC7419-B-03 RFC7419-B-02
TEST_F(IntervalAlignment, FollowsAPeerWithIntervalsThatAreNotCommonWithoutAFlap) {
    const SessionId id = up_with(50ms);
    EXPECT_EQ(status(id).tx_interval, 50ms);
    peer_changes_to(300ms);
    run(20s);
    EXPECT_EQ(status(id).desired_min_tx_interval, 1s);
    EXPECT_EQ(status(id).required_min_rx_interval, 1s);
    EXPECT_EQ(status(id).tx_interval, 1s);
    EXPECT_EQ(dataplane.peer_snapshot(0).tx_interval, 1s) << "we told it by a Poll Sequence";
    EXPECT_FALSE(status(id).poll_in_progress);
    EXPECT_EQ(status(id).down_count, 0U);
    EXPECT_EQ(dataplane.peer_snapshot(0).down_count, 0U);

    peer_changes_to(20ms);
    run(20s);
    EXPECT_EQ(status(id).tx_interval, 50ms) << "back when the peer is";
    EXPECT_EQ(dataplane.peer_snapshot(0).tx_interval, 50ms);
    EXPECT_EQ(status(id).down_count, 0U);
}

TEST_F(IntervalAlignment, LeavesCommonIntervalsOfThePeerAlone) {
    const SessionId id = up_with(100ms);
    EXPECT_EQ(status(id).desired_min_tx_interval, 50ms);
    EXPECT_EQ(status(id).tx_interval, 100ms);
}

// req: RFC7419-3-12
TEST_F(IntervalAlignment, IsOffByDefault) {
    const SessionId id = up_with(300ms);
    config::Session plain = manager.view(id)->spec;
    plain.interval_alignment = false;
    ASSERT_TRUE(manager.update(id, plain, Origin::Api).ok());
    run(5s);
    EXPECT_EQ(status(id).desired_min_tx_interval, 50ms);
    EXPECT_EQ(status(id).tx_interval, 300ms) << "every interval is supported";
    EXPECT_EQ(status(id).down_count, 0U);
    EXPECT_FALSE(config::Session{}.interval_alignment);
}

TEST_F(IntervalAlignment, OwnIntervalsAreRaised) {
    config::Session s = spec("10.0.0.2");
    s.interval_alignment = true;
    s.parameters.desired_min_tx_interval = 33ms;
    s.parameters.required_min_rx_interval = 5ms;
    dataplane.add_peer({0}, s.local, s.remote, s.parameters);
    const SessionId id = add(s);
    run(5s);
    EXPECT_EQ(status(id).desired_min_tx_interval, 50ms);
    EXPECT_EQ(status(id).required_min_rx_interval, 50ms) << "since the peer offers 33 ms";
    EXPECT_EQ(manager.view(id)->spec.parameters.desired_min_tx_interval, 33ms) << "as configured";
}

}  // namespace
}  // namespace tocsin::control::session
