// Which session a multihop packet belongs to, RFC 5883 4.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

class MultiHopDemultiplex : public OneSession {
protected:
    MultiHopDemultiplex() : OneSession(multi_hop_key()) {}

    static SessionParameters any_ttl() {
        SessionParameters p = fast_parameters();
        p.min_ttl = 1;
        return p;
    }
    static Peer newcomer(EngineBox& box, const SessionKey& key) {
        Peer p{box, {}, key};
        p.says.your_discriminator = {};
        return p;
    }
};

// req: RFC5883-3-03 RFC5883-3-04
TEST_F(MultiHopDemultiplex, OurDiscriminatorSelectsTheSessionWhateverPortAndTtl) {
    add_and_bring_up(any_ttl());
    for (const std::uint8_t ttl : {64, 250, 1}) {
        box.run_for(200ms);
        peer.port = {ttl};
        peer.ttl = ttl;
        EXPECT_EQ(peer.send(), DropReason::None);
        EXPECT_EQ(snapshot().last_rx, box.now());
    }
    EXPECT_EQ(state(), SessionState::Up);
}

// req: RFC5883-3-05
TEST_F(MultiHopDemultiplex, TheFirstPacketMayComeInByAnyPort) {
    for (const std::uint16_t port : {0, 1, 2}) {
        const bfd::SessionHandle handle = box.handle(port);
        const SessionKey pair = multi_hop_key(static_cast<std::uint8_t>(20 + port));
        ASSERT_EQ(box.add(handle, pair, any_ttl()), Status::Ok);
        Peer p = newcomer(box, pair);
        p.port = {port};
        EXPECT_EQ(p.send(), DropReason::None);
        EXPECT_EQ(box.snapshot(handle).session_state, SessionState::Init);
    }
}

// req: RFC5883-3-05
TEST_F(MultiHopDemultiplex, APointToPointPortDoesNotMakeTheAddressesCountLess) {
    add(any_ttl());
    Peer p = newcomer(box, key);
    p.point_to_point = true;
    SessionKey other = key;
    other.remote[3] = 77;
    Peer stranger = newcomer(box, other);
    stranger.point_to_point = true;
    EXPECT_EQ(stranger.send(), DropReason::NoSession);
    EXPECT_EQ(p.send(), DropReason::None);
    EXPECT_EQ(state(), SessionState::Init);
}

// req: RFC5883-4.1-03 RFC5883-4.1-04
TEST_F(MultiHopDemultiplex, TheFirstPacketGoesByThePairOfAddresses) {
    std::vector<SessionKey> pairs;
    for (const std::uint8_t here : {1, 2}) {
        for (const std::uint8_t there : {7, 8}) {
            pairs.push_back(multi_hop_key(there));
            pairs.back().local[3] = here;
        }
    }
    for (std::uint32_t i = 0; i < pairs.size(); ++i) {
        ASSERT_EQ(box.add(box.handle(i), pairs[i], any_ttl()), Status::Ok);
    }
    for (std::uint32_t i = 0; i < pairs.size(); ++i) {
        EXPECT_EQ(newcomer(box, pairs[i]).send(), DropReason::None);
        for (std::uint32_t j = 0; j < pairs.size(); ++j) {
            EXPECT_EQ(box.snapshot(box.handle(j)).session_state,
                      j <= i ? SessionState::Init : SessionState::Down)
                << "packet " << i << ", session " << j;
        }
    }
    SessionKey third = pairs[0];
    third.local[3] = 3;
    EXPECT_EQ(newcomer(box, third).send(), DropReason::NoSession);
}

// req: RFC5883-4.1-06
TEST_F(MultiHopDemultiplex, RoutingInstancesAreKeptApart) {
    SessionKey elsewhere = key;
    elsewhere.domain = 1;
    ASSERT_EQ(box.add(box.handle(0), key, any_ttl()), Status::Ok);
    ASSERT_EQ(box.add(box.handle(1), elsewhere, any_ttl()), Status::Ok);
    EXPECT_EQ(newcomer(box, elsewhere).send(), DropReason::None);
    EXPECT_EQ(box.snapshot(box.handle(0)).session_state, SessionState::Down);
    EXPECT_EQ(box.snapshot(box.handle(1)).session_state, SessionState::Init);
}

// req: RFC5883-4.1-05 RFC5883-5-06
TEST_F(MultiHopDemultiplex, SingleHopAndMultihopToOnePeerTakeNothingOfEachOther) {
    const SessionKey single = v4_key();
    ASSERT_EQ(box.add(box.handle(0), key, any_ttl()), Status::Ok);
    ASSERT_EQ(box.add(box.handle(1), single, fast_parameters()), Status::Ok);
    Peer far{box, box.handle(0), key};
    Peer near{box, box.handle(1), single};
    far.bring_up();
    near.bring_up();
    const auto both_are_up = [&] {
        return box.snapshot(box.handle(0)).session_state == SessionState::Up &&
               box.snapshot(box.handle(1)).session_state == SessionState::Up;
    };
    ASSERT_TRUE(both_are_up());
    // The right discriminator on the wrong UDP port.
    far.type = SessionType::SingleHop;
    near.type = SessionType::MultiHop;
    EXPECT_EQ(far.send(SessionState::Down), DropReason::SessionType);
    EXPECT_EQ(near.send(SessionState::Down), DropReason::SessionType);
    EXPECT_TRUE(both_are_up());
    // Without a discriminator each takes its own.
    Peer restarted = newcomer(box, single);
    EXPECT_EQ(restarted.send(SessionState::Down), DropReason::None);
    EXPECT_EQ(box.snapshot(box.handle(0)).session_state, SessionState::Up);
    EXPECT_EQ(box.snapshot(box.handle(1)).session_state, SessionState::Down);
}

// req: RFC5883-3-02
TEST_F(MultiHopDemultiplex, NeverOffersEcho) {
    SessionParameters p = any_ttl();
    p.required_min_echo_rx_interval = std::chrono::milliseconds{50};  // of no concern here
    add_and_bring_up(p);
    box.run_for(1s);
    ASSERT_FALSE(box.sink.sent.empty());
    for (const auto& sent : box.sink.sent) {
        EXPECT_EQ(sent.packet.required_min_echo_rx_interval.count(), 0U);
    }
}

}  // namespace
}  // namespace tocsin::test
