// Events are level-triggered: at most one is pending a session, the latest state always arrives.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

using bfd::EventCause;

constexpr bool has(const SessionEvent& e, EventCause c) {
    return (e.causes & static_cast<std::uint8_t>(c)) != 0;
}

class Events : public OneSession {};

// req: RFC5880-2-03
TEST_F(Events, UpAndDownAreTold) {
    add();
    peer.send(SessionState::Init);
    const Instant up_at = box.now();
    std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].now.session, session);
    EXPECT_TRUE(has(events[0], EventCause::State));
    EXPECT_EQ(events[0].reported_state, SessionState::Down);
    EXPECT_EQ(events[0].now.session_state, SessionState::Up);
    EXPECT_EQ(events[0].first_at, up_at);
    EXPECT_EQ(events[0].last_at, up_at);

    box.run_for(1s);
    events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].reported_state, SessionState::Up);
    EXPECT_EQ(events[0].now.session_state, SessionState::Down);
    EXPECT_EQ(events[0].now.local_diag, Diag::ControlDetectionTimeExpired);
    EXPECT_EQ(events[0].transitions, 1U);
    EXPECT_EQ(events[0].downs, 1U);
    EXPECT_EQ(events[0].down_diag, Diag::ControlDetectionTimeExpired);
    EXPECT_GE(events[0].first_at - up_at, 300ms);
    EXPECT_LT(events[0].first_at - up_at, 300ms + bfd::kTickLength);
}

TEST_F(Events, AFlapMergesAndTheLatestStateArrives) {
    add();
    const Instant first = box.now();
    for (int i = 0; i < 7; ++i) {
        peer.bring_up();
        box.run_for(10ms);
        peer.send(SessionState::AdminDown);
        box.run_for(10ms);
    }
    peer.bring_up();
    const Instant last = box.now();
    const std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].now.session_state, SessionState::Up);
    EXPECT_EQ(events[0].reported_state, SessionState::Down);
    EXPECT_EQ(events[0].transitions, 15U);
    EXPECT_EQ(events[0].downs, 7U);
    EXPECT_EQ(events[0].first_at, first);
    EXPECT_EQ(events[0].last_at, last);
    EXPECT_EQ(events[0].now.up_count, 8U);
    EXPECT_EQ(events[0].now.down_count, 7U);
    EXPECT_TRUE(box.events().empty());
}

TEST_F(Events, AFlapBackToTheReportedStateIsStillTold) {
    add_and_bring_up();
    peer.send(SessionState::Down);
    peer.bring_up();
    const std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].reported_state, SessionState::Up);
    EXPECT_EQ(events[0].now.session_state, SessionState::Up);
    EXPECT_EQ(events[0].transitions, 2U);
    EXPECT_EQ(events[0].now.local_diag, Diag::None) << "which no longer says what happened";
    EXPECT_EQ(events[0].downs, 1U);
    EXPECT_EQ(events[0].down_diag, Diag::NeighborSignaledSessionDown);
}

TEST_F(Events, WhatWasToldIsNotToldAgain) {
    add_and_bring_up();
    peer.send(SessionState::Down);
    ASSERT_EQ(box.events().size(), 1U);
    peer.bring_up();
    const std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].downs, 0U);
    EXPECT_EQ(events[0].down_diag, Diag::None);
}

TEST_F(Events, FlapsWithoutEndAreCountedAsManyOrMore) {
    add_and_bring_up();
    for (int i = 0; i < 300; ++i) {
        peer.send(SessionState::Down);
        peer.bring_up();
    }
    const std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].transitions, 600U);
    EXPECT_EQ(events[0].downs, 255U);
    EXPECT_EQ(events[0].now.down_count, 300U);
}

TEST_F(Events, ComeInTheOrderInWhichTheyWereRaised) {
    std::vector<Peer> peers;
    for (std::uint8_t i = 0; i < 8; ++i) {
        const SessionKey k = v4_key(static_cast<std::uint8_t>(i + 2));
        ASSERT_EQ(box.add(box.handle(i), k, fast_parameters()), Status::Ok);
        peers.emplace_back(box, box.handle(i), k);
    }
    for (int round = 0; round < 3; ++round) {
        for (const std::size_t i : {5U, 2U, 7U, 0U, 5U, 1U, 2U}) {
            peers[i].send(round % 2 == 0 ? SessionState::Down : SessionState::AdminDown);
        }
        const std::vector<SessionEvent> events = box.events();
        std::vector<std::uint32_t> order;
        for (const SessionEvent& e : events) order.push_back(e.now.session.slot.value);
        EXPECT_EQ(order, (std::vector<std::uint32_t>{5, 2, 7, 0, 1}));
    }
}

TEST_F(Events, AllSessionsDownTogetherLoseNothing) {
    EngineBox many{{.slots = 2000}};
    std::vector<Peer> peers;
    for (std::uint32_t i = 0; i < 2000; ++i) {
        SessionKey k = v4_key();
        k.remote[2] = static_cast<std::uint8_t>(i >> 8U);
        k.remote[3] = static_cast<std::uint8_t>(i);
        ASSERT_EQ(many.add(many.handle(i), k, fast_parameters()), Status::Ok);
        peers.emplace_back(many, many.handle(i), k);
    }
    for (Peer& p : peers) p.bring_up();
    EXPECT_EQ(many.engine().sessions_up(), 2000U);
    EXPECT_EQ(many.events().size(), 2000U);
    many.run_for(1s);
    EXPECT_EQ(many.engine().sessions_up(), 0U);
    const std::vector<SessionEvent> events = many.events();
    ASSERT_EQ(events.size(), 2000U);
    for (const SessionEvent& e : events) EXPECT_EQ(e.now.session_state, SessionState::Down);
}

TEST_F(Events, NewParametersAreToldOnce) {
    add_and_bring_up();
    peer.says.required_min_rx_interval = 250ms;
    peer.send();
    std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(has(events[0], EventCause::Parameters));
    EXPECT_FALSE(has(events[0], EventCause::State));
    EXPECT_EQ(events[0].transitions, 0U);
    EXPECT_EQ(events[0].now.tx_interval, 250ms);
    for (int i = 0; i < 10; ++i) peer.send();
    EXPECT_TRUE(box.events().empty());
    change([] {
        SessionParameters p = fast_parameters();
        p.required_min_rx_interval = 170ms;
        return p;
    }());
    events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(events[0].now.poll_in_progress);
    change([] {
        SessionParameters p = fast_parameters();
        p.required_min_rx_interval = 170ms;
        return p;
    }());
    EXPECT_TRUE(box.events().empty()) << "the same again";
}

// req: RFC5881-6-08
TEST_F(Events, AChangedSourceAddressIsToldOnce) {
    add_and_bring_up();
    box.run_for(100ms);
    peer.source[3] = 99;
    peer.send();
    std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(has(events[0], EventCause::Source));
    EXPECT_EQ(events[0].source.family, AddressFamily::V4);
    EXPECT_EQ(events[0].source.octets, peer.source);
    for (int i = 0; i < 20; ++i) {
        box.run_for(100ms);
        peer.send();
    }
    EXPECT_TRUE(box.events().empty());
    // Back home: told with no address.
    peer.source = key.remote;
    peer.send();
    events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(has(events[0], EventCause::Source));
    EXPECT_EQ(events[0].source.family, AddressFamily::None);
}

// req: RFC5881-6-08
TEST_F(Events, SourceChangesAreRateLimitedAndTheLastOneArrives) {
    add_and_bring_up();
    std::size_t told = 0;
    for (int i = 0; i < 1000; ++i) {
        peer.source[3] = static_cast<std::uint8_t>(10 + i % 100);
        peer.send();
        box.run_for(10ms);
        told += box.events().size();
    }
    EXPECT_GE(told, 9U);
    EXPECT_LE(told, 11U);
    peer.source[3] = 200;
    peer.send();
    std::vector<SessionEvent> last = box.events();
    for (int i = 0; i < 20 && last.empty(); ++i) {
        box.run_for(100ms);
        peer.send();
        last = box.events();
    }
    ASSERT_EQ(last.size(), 1U);
    EXPECT_EQ(last[0].source.octets, peer.source);
}

TEST_F(Events, ALostPeerIsTold) {
    add();
    peer.send(SessionState::AdminDown);
    static_cast<void>(box.events());
    box.run_for(1s);
    const std::vector<SessionEvent> events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(has(events[0], EventCause::Parameters));
    EXPECT_EQ(events[0].now.remote_discr.value, 0U);
}

}  // namespace
}  // namespace tocsin::test
