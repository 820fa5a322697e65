// What the engine writes down about packets, in virtual time.

#include "one_session.hpp"

namespace tocsin::test {
namespace {

using bfd::PacketRecord;

class History : public testing::Test {
protected:
    void SetUp() override { ASSERT_EQ(box.add(session, v4_key(), fast_parameters()), Status::Ok); }
    void come_up() {
        peer.bring_up();
        peer.keep_sending(300ms, 90ms);
        peer.send_final();
        peer.keep_sending(1s, 90ms);
        ASSERT_EQ(box.snapshot(session).session_state, SessionState::Up);
    }
    /// The last record of this direction.
    [[nodiscard]] PacketRecord last(bool sent, bool frozen = false) const {
        PacketRecord out{};
        for (const PacketRecord& r : box.history(session, frozen)) {
            if ((r.sent != 0) == sent) out = r;
        }
        return out;
    }
    [[nodiscard]] std::uint64_t total(bool sent) const {
        std::uint64_t n = 0;
        for (const PacketRecord& r : box.history(session, false)) {
            if ((r.sent != 0) == sent && r.failed == 0 && r.reason() == DropReason::None) {
                n += r.count;
            }
        }
        return n;
    }

    EngineBox box{{.history = 32}};
    bfd::SessionHandle session{box.handle(0)};
    Peer peer{box, session, v4_key()};
};

TEST_F(History, CountsEveryPacketOnce) {
    come_up();
    peer.keep_sending(5s, 90ms);
    EXPECT_EQ(total(false), box.snapshot(session).rx_packets);
    EXPECT_EQ(total(true), box.snapshot(session).tx_packets);
    EXPECT_EQ(total(true), box.sink.sent.size());
}

TEST_F(History, LeavesTheSteadyStateOnItsShortWay) {
    come_up();
    const std::uint64_t before = box.engine().steady_packets();
    peer.keep_sending(9s, 90ms);
    EXPECT_EQ(box.engine().steady_packets() - before, 100U);
    const PacketRecord run = last(false);
    EXPECT_GE(run.count, 100U);
    EXPECT_EQ(run.last(), box.snapshot(session).last_rx);
    EXPECT_EQ(run.worst_us, 0U);
}

TEST_F(History, SeesAGapOfMissingPackets) {
    come_up();
    box.run_for(270ms);  // of a Detection Time of 300 ms
    peer.send();
    peer.keep_sending(2s, 90ms);
    const PacketRecord run = last(false);
    EXPECT_GE(run.worst_us, 270'000U);
    EXPECT_LT(run.worst_us, 300'000U);
    const std::uint64_t before = box.engine().steady_packets();
    peer.keep_sending(900ms, 90ms);
    EXPECT_EQ(box.engine().steady_packets() - before, 10U);
}

TEST_F(History, SeesThatWeWereLate) {
    come_up();
    const Instant until = box.now() + 50ms;
    box.run_until(until);
    box.stall_for(130ms);
    EXPECT_GE(last(true).worst_us, 30'000U);
    EXPECT_LE(last(true).worst_us, 130'000U);
}

TEST_F(History, ADownFreezesWhatLedToItAndSaysWhatIsCertain) {
    come_up();
    peer.keep_sending(900ms, 90ms);
    static_cast<void>(box.events());
    const Instant heard = box.snapshot(session).last_rx;
    const auto left_since = [&](Instant until) {
        return static_cast<std::uint32_t>(std::ranges::count_if(box.sink.sent, [&](const Sent& s) {
            return s.at > heard && s.at <= until && s.packet.state == SessionState::Up;
        }));
    };
    box.run_for(310ms);
    ASSERT_EQ(box.snapshot(session).session_state, SessionState::Down);
    const bfd::DownSummary down = box.history_summary(session).down;
    EXPECT_EQ(down.last_rx, heard);
    EXPECT_EQ(down.diag, Diag::ControlDetectionTimeExpired);
    EXPECT_EQ(down.to, SessionState::Down);
    EXPECT_TRUE(down.evidence.known);
    EXPECT_GE(down.evidence.sent, 2U);
    EXPECT_LE(down.evidence.sent, left_since(down.at));
    EXPECT_EQ(last(false, true).last(), heard);
    EXPECT_EQ(last(true, true).octets[1] >> 6U, 3) << "what said Down came after it";
    EXPECT_EQ(last(true).octets[1] >> 6U, 1);
    const auto events = box.events();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].evidence.sent, down.evidence.sent);
    EXPECT_TRUE(events[0].evidence.known);

    come_up();
    for (const SessionEvent& e : box.events()) EXPECT_FALSE(e.evidence.known);
    EXPECT_EQ(box.history_summary(session).down.at, down.at) << "kept until the next one";
}

TEST_F(History, APeerThatSaysDownIsTheLastRecord) {
    come_up();
    box.run_for(20ms);
    peer.says.diag = Diag::AdministrativelyDown;
    peer.send(SessionState::Down);
    const PacketRecord r = last(false, true);
    EXPECT_EQ(r.octets[1] >> 6U, 1);
    EXPECT_EQ(r.count, 1U);
    EXPECT_FALSE(box.history_summary(session).down.evidence.known);
}

TEST_F(History, TellsWhyPacketsWereDropped) {
    come_up();
    static_cast<void>(box.events());
    peer.port = PortId{7};
    for (int i = 0; i < 5; ++i) {
        box.run_for(90ms);
        EXPECT_EQ(peer.send(), DropReason::WrongPort);
    }
    ASSERT_EQ(box.snapshot(session).session_state, SessionState::Down);
    const auto e = box.events().at(0).evidence;
    EXPECT_EQ(e.dropped, 3U);
    EXPECT_EQ(e.dropped_as, DropReason::WrongPort);
    PacketRecord dropped{};
    for (const PacketRecord& r : box.history(session, true)) {
        if (r.reason() != DropReason::None) dropped = r;
    }
    EXPECT_EQ(dropped.reason(), DropReason::WrongPort);
    EXPECT_EQ(dropped.count, 3U);
    EXPECT_EQ(dropped.worst_us, 90'000U);
}

TEST_F(History, AFloodOfBadPacketsLeavesTheOthersInPlace) {
    come_up();
    const auto good = [&] {
        return std::ranges::count_if(box.history(session, false), [](const PacketRecord& r) {
            return r.reason() == DropReason::None;
        });
    };
    const auto before = good();
    for (int i = 0; i < 10'000; ++i) {
        bfd::ControlPacket packet = peer.says;
        packet.authentication_present = true;
        packet.length = 28;
        const auto octets = bfd::encode(packet);
        std::vector<std::uint8_t> longer{octets.begin(), octets.end()};
        longer.resize(28);
        EXPECT_EQ(peer.send_octets(longer), DropReason::AuthUnexpected);
        peer.port = PortId{7};
        peer.send();
        peer.port = PortId{0};
        box.time.now += 1us;
    }
    EXPECT_EQ(good(), before);
    EXPECT_EQ(box.history(session, false).size(), static_cast<std::size_t>(before) + 2);
}

TEST_F(History, TellsWhatCouldNotLeave) {
    come_up();
    static_cast<void>(box.events());
    box.sink.can_send = false;
    box.run_for(310ms);
    const auto e = box.events().at(0).evidence;
    EXPECT_EQ(e.sent, 0U);
    EXPECT_GE(e.not_sent, 3U);
    EXPECT_EQ(last(true, true).failed, 1U);
    box.sink.can_send = true;
    box.run_for(2s);
    EXPECT_EQ(last(true).failed, 0U);
    EXPECT_EQ(
        total(true), box.snapshot(session).tx_packets - [&] {
            std::uint64_t n = 0;
            for (const auto& r : box.history(session, true)) {
                n += r.sent != 0 && r.failed == 0 ? r.count : 0;
            }
            return n;
        }());
}

TEST_F(History, PollsAndFinalsHaveRecordsOfTheirOwn) {
    come_up();
    box.run_for(10ms);
    peer.send_poll();
    peer.keep_sending(500ms, 90ms);
    const auto with = [&](bool sent, std::uint8_t bit) {
        return std::ranges::count_if(box.history(session, false), [&](const PacketRecord& r) {
            return (r.sent != 0) == sent && (r.octets[1] & bit) != 0;
        });
    };
    EXPECT_GE(with(false, bfd::kPollBit), 1);
    EXPECT_GE(with(true, bfd::kFinalBit), 1);
    EXPECT_GE(with(true, bfd::kPollBit), 1) << "our own Poll Sequence when Up was reached";
    EXPECT_EQ(total(false), box.snapshot(session).rx_packets);
    EXPECT_EQ(total(true), box.snapshot(session).tx_packets);
}

TEST_F(History, ASessionInAdminDownShowsWhatThePeerSends) {
    come_up();
    ASSERT_EQ(box.set_admin(session, true), Status::Ok);
    for (int i = 0; i < 3; ++i) {
        box.run_for(90ms);
        EXPECT_EQ(peer.send(), DropReason::AdminDown);
    }
    const PacketRecord r = last(false);
    EXPECT_EQ(r.reason(), DropReason::AdminDown);
    EXPECT_EQ(r.count, 3U);
    EXPECT_EQ(box.history_summary(session).down.to, SessionState::AdminDown);
}

TEST_F(History, OfASlotBeginsAnewWithItsSession) {
    come_up();
    ASSERT_EQ(box.remove(session, true), Status::Ok);
    const bfd::SessionHandle next = box.handle(0, 2);
    ASSERT_EQ(box.add(next, v4_key(), fast_parameters()), Status::Ok);
    EXPECT_TRUE(box.history(next, false).empty());
    bfd::HistorySummary out;
    EXPECT_EQ(box.engine().history(session, out), Status::NoSuchSession);
}

TEST_F(OneSession, HasNoHistoryWithoutRoomForIt) {
    add_and_bring_up();
    bfd::HistorySummary out;
    ASSERT_EQ(box.engine().history(session, out), Status::Ok);
    EXPECT_EQ(out.size[0] + out.size[1], 0);
    bfd::EngineConfig with{.slots = 100, .worker = {}, .discriminators = {1, 100, 1}};
    const std::size_t without = bfd::Engine::memory_needed(with);
    with.history = 16;
    EXPECT_EQ(bfd::Engine::memory_needed(with) - without, 160'000U);
}

}  // namespace
}  // namespace tocsin::test
